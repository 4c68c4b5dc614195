"""The ways from an encoder to a target."""

import json
import re

from test_run import contents
from test_sharing import plan, run, trained_now

STUDY = """\
schema = 1
name = "schedules"
[encoder]
path = "encoder"
[data]
root = "data"
[recipes.default]
batch_size = 4
max_tokens = 32
peak_lr = 1e-3
steps = 4
[[intermediate]]
name = "chain"
chain = [["udpos"], ["mnli"]]
[[intermediate]]
name = "multi"
train = ["mnli", "udpos"]
sampling = { by = "size", cap = 5 }
[[intermediate]]
name = "joint"
train = ["udpos"]
joint = true
loss_weights = { udpos = 0.5 }
[[intermediate]]
name = "with-mlm"
train = ["mnli", "mlm"]
sampling = { weights = { mnli = 1, mlm = 1 } }
data = { task = "mlm", train = "text.{language}", languages = ["de", "en"] }
[[target]]
task = "xnli"
[[target]]
task = "udpos"
[[target]]
task = "tatoeba"
"""


def with_schedules(world):
    world.write("schedules.toml", STUDY)
    for language in ("de", "en"):
        world.write(f"data/text.{language}", "the dog sees a cat and a red car\nshe reads the letter here\n")
    return world


def curve(world, stage: str) -> list[dict]:
    return [json.loads(line) for line in (world.root / f"runs/schedules/training/{stage}.jsonl").read_text().splitlines()]


def test_every_kind_of_schedule_runs_as_planned(world):
    with_schedules(world)
    planned = plan(world, "schedules.toml")
    ids = {stage["id"]: stage for stage in planned["stages"]}
    # none 2; chain 2 + 2; multi 1 + 2; joint: xnli's stage, the rest is that of none and chain; with-mlm 1 + 2.
    assert planned["training_stages"] == 2 + 4 + 3 + 1 + 3
    assert ids["joint/xnli/seed-1"]["tasks"] == ["mnli", "udpos"]
    assert ids["chain/seed-1"]["parent"] == ids["chain/stage-1/seed-1"]["key"]
    run(world, "schedules.toml")
    assert trained_now(world, "runs/schedules") == planned["training_stages"]
    cells = {(r["arm"], r["target"], r["task"], r["split"]) for r in world.results("runs/schedules")}
    for arm in ("none", "chain", "multi", "joint", "with-mlm"):
        assert {(arm, "xnli", "xnli", "test"), (arm, "udpos", "udpos", "test"), (arm, "tatoeba", "tatoeba", "test")} <= cells
    assert {("multi", "", "mnli", "dev"), ("multi", "", "udpos", "dev")} <= cells
    assert (world.root / "runs/schedules/predictions/multi/intermediate/1/dev-udpos/en.jsonl").exists()
    assert {line["task"] for line in curve(world, "multi/seed-1")} <= {"mnli", "udpos"}
    assert all("task" not in line for line in curve(world, "joint/xnli/seed-1"))
    same = [{k: v for k, v in r.items() if k not in ("arm", "stage")} for r in world.results("runs/schedules")
            if r["target"] == "udpos" and r["arm"] in ("none", "joint")]  # fmt: skip
    assert same[: len(same) // 2] == same[len(same) // 2 :]
    scored = world.sojourn("score", "runs/schedules")
    assert scored.returncode == 0, scored.stderr


def test_a_grid_makes_arms_with_their_own_baselines(world):
    world.edit("study.toml", "peak_lr = 1e-3", "peak_lr = [1e-3, 2e-3]")
    planned = plan(world)
    assert planned["training_stages"] == 2 * 5
    result = run(world)
    assert "none,peak_lr=0.001" in result.stdout and "- none,peak_lr=0.002" in result.stdout
    assert {r["arm"] for r in world.results()} == {f"{arm},peak_lr={rate}" for arm in ("none", "mnli") for rate in ("0.001", "0.002")}


def test_evaluation_chooses_the_best_weights(world):
    world.edit("study.toml", 'task = "udpos"', 'task = "udpos"\nrecipe = { steps = 6, evaluate = { every = 2 } }')
    run(world)
    lines = [json.loads(x) for x in (world.root / "runs/small/training/none/udpos/seed-1.jsonl").read_text().splitlines()]
    scores = {line["step"]: line["evaluation"] for line in lines if "evaluation" in line}
    assert sorted(scores) == [2, 4, 6]
    best = max(scores.values())
    stages = json.loads((world.root / "runs/small/manifest.json").read_text())["stages"]
    (stage,) = [s for s in stages if s["id"] == "none/udpos/seed-1"]
    assert scores[stage["best_step"]] == best
    (dev,) = [r for r in world.results() if (r["arm"], r["task"], r["split"], r["profile"]) == ("none", "udpos", "dev", "xtreme-2020")]
    assert dev["value"] == best


def test_what_cannot_be_built_is_refused_with_key_and_reason(world):
    for old, new, expected in (
        ('train = ["mnli"]', 'train = ["mnli", "udpos"]\nheads = { udpos = "one", mnli = "one" }', r"heads|head 'one'"),
        ('train = ["mnli"]', 'train = ["mnli", "udpos"]\nsampling = { weights = { mnli = 0, udpos = 0 } }', "sum to 0"),
        ('train = ["mnli"]', 'train = ["mnli"]\nrecipe = { evaluate = { patience = 3 } }', "every"),
        ('train = ["mnli"]', 'chain = [["mnli"], ["mnly"]]', "mnly"),
        ('train = ["mnli"]', 'train = ["mnli"]\ndata = { train = "x-{language}.jsonl" }', "x-en.jsonl"),
    ):  # fmt: skip
        world.edit("study.toml", old, new)
        result = world.run()
        assert result.returncode == 2 and re.search(expected, result.stderr), (new, result.stderr)
        assert not (world.root / "runs/small").exists()
        world.edit("study.toml", new, old)


def test_extends_takes_another_study_and_changes_it(world):
    world.write("more.toml", 'extends = "study.toml"\nname = "more"\n[recipes.default]\nepochs = 1\n')
    run(world, "more.toml")
    world.write("plain.toml", (world.root / "study.toml").read_text().replace('"small"', '"more"').replace("epochs = 2", "epochs = 1"))
    run(world, "plain.toml", "--out", "plain")
    assert contents(world.root / "runs/more") == contents(world.root / "plain")
