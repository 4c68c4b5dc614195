"""sojourn check: what it says of plugins that are fine, and how it says it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from test_tasks import TRAINED, write_bitext
from world import BINARY, PAIRS, SANITIZED, TEMPLATE_DATA, TESTS

BUILD = Path(BINARY).parent.parent
BUNDLED = BUILD / "lib/sojourn/tasks"
DECENT = BUILD / "tests/plugins/unruly/unruly.so"  # as long as nothing asks it to be unruly
DOCS = (TESTS.parent / "docs/plugins-check.md").read_text().split("## The tests")[1]


@pytest.fixture
def data(tmp_path):
    shutil.copytree(TEMPLATE_DATA, tmp_path / "data/unruly")
    return tmp_path / "data"


def outcomes(checked):
    tests = json.loads(checked.stdout)["tests"]
    return {test["test"]: (test["outcome"], test["found"]) for test in tests}


def test_a_decent_plugin_passes_all_that_it_has_data_for(world, data):
    checked = world.sojourn("check", str(DECENT), "--data", str(data), "--json")
    assert checked.returncode == 0, checked.stdout
    report = json.loads(checked.stdout)
    assert report["id"] == "unruly" and report["tasks"] == ["unruly"] and report["sound"]
    found = outcomes(checked)
    assert {name for name, (outcome, _) in found.items() if outcome == "skipped"} <= {"data.labels", "close.memory"}
    assert found["train.overfit"] == ("passed", "")
    documented = re.findall(r"^\| `([\w.-]+)` \|", DOCS, re.MULTILINE)
    assert list(found) == documented  # every test, in the order of the page
    for test in report["tests"]:
        assert f"| `{test['test']}` | {test['rule']} | {test['fix']} |" in DOCS


def test_without_data_what_needs_it_is_skipped_for_all_to_see(world, tmp_path):
    (tmp_path / "alone").mkdir()  # where no data is beside it
    shutil.copy(DECENT, tmp_path / "alone/alone.so")
    checked = world.sojourn("check", "alone/alone.so")
    assert checked.returncode == 0, checked.stdout
    lines = checked.stdout.splitlines()
    words = [" ".join(line.split()) for line in lines]
    assert "skipped data.open unruly no sample data: give --data DIR" in words
    assert "skipped head.gradient unruly needs head.loss" in words
    assert "skipped load.sidecar there is no alone.json" in words
    starts = {line.index("unruly") for line in lines[2:] if " unruly " in line}
    assert len(starts) == 1  # the columns line up
    passed = sum(line.startswith("passed") for line in lines)
    skipped = sum(line.startswith("skipped") for line in lines)
    assert lines[-1] == f"{passed} passed, 0 failed, {skipped} skipped"


def test_the_folder_data_beside_the_plugin_is_found(world, tmp_path, data):
    shutil.copy(DECENT, tmp_path / "mine.so")
    checked = world.sojourn("check", "mine.so", "--test", "data.examples", "--json")
    assert outcomes(checked)["data.examples"] == ("passed", "")
    assert list(outcomes(checked)) == [
        "load.file", "load.exports", "load.libraries", "load.open", "load.entry", "load.description", "load.manifest",
        "load.init", "data.open", "data.examples",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone.so"], "gone.so: no such file, expected a plugin"),
        ([str(DECENT), "--data", "gone"], "gone: no such folder, expected that of the sample data"),
        ([str(DECENT), "--test", "head.gradeint"], "there is no such test (did you mean 'head.gradient'?)"),
        ([], "plugin is required"),
    ],
)
def test_what_is_wrong_with_the_command_line_is_no_finding(world, arguments, said):
    checked = world.sojourn("check", *arguments)
    assert checked.returncode == 2
    assert said in checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"just text", "is no shared library"),
        (b"", "is no shared library"),
        (b"\x7fELF and then nothing", "is cut off"),
        (DECENT.read_bytes()[:3000] if DECENT.exists() else b"", "is cut off"),
    ],
)
def test_a_file_that_is_no_plugin_is_a_finding_and_the_rest_is_skipped(world, content, said):
    world.write("x.so", content)
    checked = world.sojourn("check", "x.so", "--json")
    assert checked.returncode == 3
    found = outcomes(checked)
    assert found["load.file"] == ("failed", said)
    assert {outcome for name, (outcome, _) in found.items() if name != "load.file"} == {"skipped"}


def test_a_library_that_exports_more_is_told_what(world):
    library = next(path for path in Path("/usr/lib/x86_64-linux-gnu").glob("libicuuc.so.*"))
    checked = world.sojourn("check", str(library), "--json")
    assert outcomes(checked)["load.exports"] == ("failed", "it exports no sojourn_plugin_entry_v1")
    torch = next(Path(TESTS.parent, ".venv/lib").glob("*/site-packages/torch/lib/libtorch.so"))
    checked = world.sojourn("check", str(torch), "--json")
    assert outcomes(checked)["load.libraries"][0] == "failed"


def test_a_sidecar_of_another_version_is_found(world, tmp_path):
    shutil.copy(DECENT, tmp_path / "mine.so")
    text = (DECENT.parent / "unruly.json").read_text()
    (tmp_path / "mine.json").write_text(text.replace("6.6.6", "6.6.5"))
    checked = world.sojourn("check", "mine.so", "--test", "load.sidecar")
    assert checked.returncode == 3
    assert "mine.json: 'version' isn't what the library says" in checked.stdout
    assert "  rule   The JSON file beside the library says what the library says of itself." in checked.stdout
    assert "  fix    Make it again with every build" in checked.stdout


def bundled_data(world):
    """A few rows of every bundled task, beside those of the world."""
    for make in TRAINED.values():
        for split in ("train", "dev"):
            make(world, split)
    foreign = ["ein hund", "die katze", "rote autos", "ein hund", "wir singen"]
    english = ["a dog", "the cat", "red cars", "it rains", "we sing", "he sold it"]
    write_bitext(world, "de", foreign, english, ("dev", "test"))
    world.write("data/bucc2018/de-en.dev.gold", "de-1\ten-1\nde-2\ten-2\nde-4\ten-4\n")
    squad = (world.data / "squad/train-v1.1.json").read_text()
    world.write("data/tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json", squad)
    world.write("data/tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.en.dev.json", squad)
    world.write("data/xquad/xquad.en.json", squad)
    world.write("data/mlm/train-en.txt", "".join(f"{a}. {b}.\n" for a, b, _ in PAIRS))
    for split in ("train", "test"):
        world.write(f"data/lexicon/{split}-de.tsv", "hund\tdog\nkatze\tcat\nrot\tred\nauto\tcar\n")


# Under the sanitizers a check takes a minute, and tasks of a family share their code.
CHECKED = sorted(path.stem for path in BUNDLED.glob("*.so"))
if SANITIZED:
    CHECKED = ["bucc2018", "hellaswag", "lexalign", "mlm", "squad_v2", "tatoeba", "udpos", "xnli"]


@pytest.mark.parametrize("task", CHECKED)
def test_every_bundled_task_passes(world, task):
    bundled_data(world)
    checked = world.sojourn("check", str(BUNDLED / f"{task}.so"), "--data", "data", "--json")
    found = outcomes(checked)
    assert checked.returncode == 0, {name: text for name, (outcome, text) in found.items() if outcome == "failed"}
    assert found["data.open"][0] == found["data.features"][0] == "passed"


def test_an_environment_without_a_home_or_a_terminal_will_do(world, data):
    environment = {"PATH": os.environ["PATH"]}
    arguments = [BINARY, "check", str(DECENT), "--data", str(data), "--test", "head.forward", "--json"]
    checked = subprocess.run(arguments, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert checked.stderr == ""
