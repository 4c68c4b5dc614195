"""Stages that studies share: planned, trained once, kept, explained."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from test_run import contents
from world import BINARY

GRID = """\
schema = 1
name = "grid"
seeds = [1, 2]
[encoder]
path = "encoder"
[data]
root = "data"
[recipes.default]
batch_size = 4
max_tokens = 32
peak_lr = 1e-3
epochs = 1
[[intermediate]]
name = "a"
train = ["mnli"]
[[intermediate]]
name = "b"
train = ["udpos"]
[[intermediate]]
name = "both"
chain = [["mnli"], ["udpos"]]
[[target]]
task = "xnli"
[[target]]
name = "xnli-again"
task = "xnli"
languages = ["de"]
[[target]]
task = "udpos"
[[target]]
task = "tatoeba"
"""


def plan(world, study="study.toml", *arguments) -> dict:
    result = world.sojourn("plan", study, "--threads", "2", "--json", *arguments)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def trained_now(world, out) -> int:
    return len(re.findall(r"stage \S+ trained:", (world.root / out / "log.txt").read_text()))


def run(world, study="study.toml", *arguments, threads=2):
    result = world.sojourn("run", study, "--threads", str(threads), *arguments)
    assert result.returncode == 0, result.stderr
    return result


def test_each_stage_is_trained_once_and_a_second_run_trains_none(world):
    world.write("grid.toml", GRID)
    planned = plan(world, "grid.toml")
    # Two seeds: none trains xnli and udpos, a and b one stage more, "both" shares its first stage with a.
    # xnli-again trains what xnli does.
    assert planned["training_stages"] == 2 * (2 + 3 + 3 + 3)
    assert planned["naive_trainings"] == 2 * (3 + (1 + 6) + (1 + 6) + (2 + 9))
    assert planned["to_train"] == planned["training_stages"]
    run(world, "grid.toml")
    assert trained_now(world, "runs/grid") == planned["training_stages"]
    assert plan(world, "grid.toml")["to_train"] == 0
    first = contents(world.root / "runs/grid")
    run(world, "grid.toml")
    assert trained_now(world, "runs/grid") == 0
    assert contents(world.root / "runs/grid") == first


def test_store_and_folder_change_no_byte(world):
    run(world, "study.toml", "--out", "x/a", "--store", "one")
    run(world, "study.toml", "--out", "b", "--store", "two/deep")
    assert contents(world.root / "x/a") == contents(world.root / "b")
    linked = world.root / "b/encoders/mnli/seed-1/model.safetensors"
    assert os.stat(linked).st_nlink == 2


def test_only_what_changed_is_trained_again(world):
    run(world)
    stages = plan(world)["training_stages"]
    world.edit("study.toml", 'task = "udpos"', 'task = "udpos"\nrecipe = { peak_lr = 5e-4 }')
    assert plan(world)["to_train"] == 2  # of both arms, that target's
    why = world.sojourn("why", "study.toml", "none/udpos/seed-1", "--threads", "2").stdout
    assert re.search(r"recipe +peak_lr +0\.001 +-> +0\.0005", why), why
    run(world)
    assert trained_now(world, "runs/small") == 2
    os.utime(world.data / "mnli/multinli_1.0_train.jsonl")
    os.utime(world.data / "udpos/train-en.tsv")
    assert plan(world)["to_train"] == 0
    world.edit("data/udpos/train-en.tsv", "dog", "cat")
    assert plan(world)["to_train"] == 2
    why = world.sojourn("why", "study.toml", "mnli/udpos/seed-1", "--threads", "2").stdout
    assert re.search(r"data +udpos train en/sentences", why), why
    assert "recipe" not in why and "parent" not in why
    world.edit("data/mnli/multinli_1.0_train.jsonl", "dog", "cat")
    assert plan(world)["to_train"] == stages
    why = world.sojourn("why", "study.toml", "mnli/udpos/seed-1", "--threads", "2").stdout
    assert "parent" in why and "sojourn why STUDY mnli/seed-1" in why
    why = world.sojourn("why", "study.toml", "mnli/udpos/seed-1", "--threads", "1").stdout
    assert re.search(r"numerics +threads +2 +-> +1", why), why


def test_other_scores_train_nothing(world):
    run(world)
    before = [r for r in world.results()]
    shutil.copy(world.data / "xnli/test-en.tsv", world.data / "xnli/test-sw.tsv")
    assert plan(world)["to_train"] == 0
    run(world)
    assert trained_now(world, "runs/small") == 0
    assert [r for r in world.results() if r["language"] != "sw"] == before
    assert any(r["language"] == "sw" for r in world.results())


def test_a_new_language_after_the_weights_went(world):
    """Only then is a target trained again, to the same results."""
    run(world)
    before = [r for r in world.results() if r["language"] != "sw"]
    shutil.copy(world.data / "xnli/test-en.tsv", world.data / "xnli/test-sw.tsv")
    tried = world.sojourn("store", "gc", "--weights", "--dry-run")
    assert "would be removed" in tried.stdout and plan(world)["to_train"] == 0
    done = world.sojourn("store", "gc", "--weights")
    assert done.returncode == 0, done.stderr
    assert plan(world)["to_train"] == 2
    run(world)
    assert [r for r in world.results() if r["language"] != "sw"] == before
    assert any(r["language"] == "sw" for r in world.results())


def test_damage_in_the_store_is_named_and_computed_again(world):
    run(world)
    first = contents(world.root / "runs/small")
    for name, spoil in (("predictions-0.jsonl", "scores"), ("training.jsonl", "stages")):
        victim = sorted((world.root / "runs/.store" / spoil).rglob(name))[0]
        text = victim.read_bytes()
        victim.chmod(0o644)
        victim.write_bytes(text[:-2] + bytes([text[-2] ^ 1]) + text[-1:])
    result = run(world)
    assert "damaged" in result.stderr, result.stderr
    assert contents(world.root / "runs/small") == first


def test_half_a_file_of_a_killed_process_is_in_no_entry(world):
    run(world)
    first = contents(world.root / "runs/small")
    key = next(stage["key"] for stage in plan(world)["stages"] if stage["id"] == "mnli/seed-1")
    shutil.rmtree(world.root / "runs/.store/stages" / key)
    world.write(f"runs/.store/work/stages-{key}/encoder/model.safetensors.tmp.1", "half")
    run(world)
    assert trained_now(world, "runs/small") == 1
    assert contents(world.root / "runs/small") == first


def test_a_plan_without_data_or_encoder_is_provisional(world):
    shutil.rmtree(world.encoder)
    shutil.rmtree(world.data / "udpos")
    planned = plan(world)
    assert planned["provisional"] and planned["training_stages"] == 5
    assert any("udpos" in what for what in planned["missing"]) and any("encoder" in what for what in planned["missing"])
    result = world.run()
    assert result.returncode == 2 and not (world.root / "runs/small").exists()


def test_a_stage_at_a_time_gives_the_same_bytes(world):
    run(world, "study.toml", "--out", "whole", "--store", "one")
    planned = plan(world, "study.toml", "--store", "two")
    by_id = {stage["id"]: stage["key"] for stage in planned["stages"]}
    early = world.sojourn("stage", "study.toml", by_id["mnli/udpos/seed-1"], "--threads", "2", "--store", "two")
    assert early.returncode == 2 and by_id["mnli/seed-1"] in early.stderr
    other = world.sojourn("stage", "study.toml", by_id["mnli/seed-1"], "--threads", "1", "--planned-for", planned["machine"])
    assert other.returncode == 2 and "2 threads" in other.stderr and "1 thread," in other.stderr
    for stage in planned["stages"]:
        done = world.sojourn("stage", "study.toml", stage["key"], "--threads", "2", "--store", "two")
        assert done.returncode == 0, done.stderr
    run(world, "study.toml", "--out", "gathered", "--store", "two")
    assert trained_now(world, "gathered") == 0
    assert contents(world.root / "gathered") == contents(world.root / "whole")


def test_the_emitted_workflow_runs_in_snakemake(world):
    snakemake = Path(sys.executable).with_name("snakemake")
    if not snakemake.exists():
        pytest.skip("snakemake isn't installed")
    emitted = world.sojourn(
        "plan", "study.toml", "--threads", "1", "--store", "two", "--emit", "snakemake", "--out", "flow"
    )
    assert emitted.returncode == 0, emitted.stderr
    world.write("Snakefile", emitted.stdout)
    path = f"{Path(BINARY).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [snakemake, "--cores", "2", "--quiet"], cwd=world.root, env=world.environment() | {"PATH": path},
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert trained_now(world, "flow") == 0
    run(world, "study.toml", "--out", "alone", "--store", "three", threads=1)
    assert contents(world.root / "flow") == contents(world.root / "alone")


def test_two_processes_on_one_store_train_no_stage_twice(world):
    command = [BINARY, "run", "study.toml", "--threads", "1", "--store", "shared", "--out"]
    both = [
        subprocess.Popen(command + [out], cwd=world.root, env=world.environment(), stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
        for out in ("one", "two")
    ]  # fmt: skip
    for process in both:
        _, stderr = process.communicate(timeout=300)
        assert process.returncode == 0, stderr
    assert trained_now(world, "one") + trained_now(world, "two") == plan(world)["training_stages"]
    assert contents(world.root / "one") == contents(world.root / "two")
