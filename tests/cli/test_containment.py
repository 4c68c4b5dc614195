"""A plugin that crashes or hangs is named, and the study goes on from there; code comes from the search path alone."""

import hashlib
import os
from pathlib import Path

import pytest
from world import BINARY, World

PLUGIN = Path(BINARY).parent.parent / "tests/plugins/crasher/crasher.so"
ROWS = "".join(f"the dog {verb}\ta dog\t{label}\n" for verb, label in [("sings", "yes"), ("sleeps", "no")] * 6)
STUDY = """
[[target]]
task = "crasher"
"""


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    world.write("data/crasher/train.tsv", ROWS)
    world.write("data/crasher/test.tsv", ROWS)
    world.write("study.toml", (tmp_path / "study.toml").read_text() + STUDY)
    return world


def run(world, mode="", *arguments, out="runs/small"):
    os.environ["CRASHER"] = mode
    try:
        return world.run("--plugin-path", str(PLUGIN), "--set", "intermediate=[]", "--out", out, *arguments)
    finally:
        del os.environ["CRASHER"]


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("crash", "plugin crasher 3.2.1 crashed (SIGSEGV, a wrong address or a full stack) in head_loss"),
        ("hang", "plugin crasher 3.2.1 has given no sign of life for 2 s in head_loss"),
    ],
)
def test_a_crash_or_a_hang_is_named_and_the_study_goes_on_from_there(world, mode, said):
    ended = run(world, mode, "--callback-limit", "2")
    assert ended.returncode == 4, ended.stderr
    line = f"error: {said}, in stage none/crasher/seed-1; what was finished is kept, and the same command goes on from there"
    assert line in ended.stderr
    logs = list((world.root / "runs").glob("small*/log.txt"))
    assert any(line in log.read_text() for log in logs)

    resumed = run(world)
    assert resumed.returncode == 0, resumed.stderr
    trained = [path.name for path in (world.root / "runs/small").glob("predictions/none/*")]
    assert sorted(trained) == ["crasher", "tatoeba", "udpos", "xnli"]
    log = (world.root / "runs/small/log.txt").read_text()
    assert "stage none/crasher/seed-1 begins" in log
    assert "stage none/xnli/seed-1 begins" not in log  # it was finished before the crash

    whole = run(world, "", "--store", "other-store", out="runs/whole")
    assert whole.returncode == 0, whole.stderr
    for name in ("results.jsonl", "predictions/none/crasher/1/test/en.jsonl"):
        assert (world.root / "runs/small" / name).read_bytes() == (world.root / "runs/whole" / name).read_bytes()


def test_an_exception_in_a_callback_ends_its_stage_alone(world):
    ended = run(world, "throw")
    assert ended.returncode == 3
    assert "plugin crasher 3.2.1, head_loss: out of luck" in ended.stderr
    assert {row["target"] for row in world.results()} == {"xnli", "udpos", "tatoeba"}


def test_only_plugins_with_a_required_hash_are_loaded(world):
    good = hashlib.sha256(PLUGIN.read_bytes()).hexdigest()
    only = ["--set", 'target=[{task="crasher"}]']
    refused = run(world, "", *only, "--require-hash", "0" * 64)
    assert refused.returncode == 2
    assert f"crasher.so: its SHA-256 is {good}, which --require-hash lacks" in refused.stderr
    assert run(world, "", *only, "--require-hash", good).returncode == 0
    manifest = (world.root / "runs/small/manifest.json").read_text()
    assert good in manifest
    wrong = run(world, "", "--require-hash", "abc")
    assert wrong.returncode == 2
    assert "--require-hash abc: expected 64 digits" in wrong.stderr


def test_a_study_can_name_no_code(world):
    """Neither beside the data nor beside the study is a plugin looked for."""
    for folder in ("", "data", "data/crasher"):
        world.write(f"{folder}/crasher.so", PLUGIN.read_bytes())
    ended = world.run("--set", "intermediate=[]")
    assert ended.returncode == 2
    assert "no plugin offers it" in ended.stderr
