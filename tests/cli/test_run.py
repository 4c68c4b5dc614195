"""`sojourn run` from a study to its results."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from world import BINARY


def contents(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in ("manifest.json", "log.txt", "declared.json", "events.out.tfevents")
    }


def test_a_run_leaves_all_that_it_promises(world):
    result = world.run()
    assert result.returncode == 0, result.stderr
    out = world.root / "runs/small"
    rows = world.results()
    cells = {(r["arm"], r["target"], r["task"], r["language"], r["split"]) for r in rows}
    for arm in ("none", "mnli"):
        for language in ("en", "de"):
            assert (arm, "xnli", "xnli", language, "test") in cells
            assert (arm, "udpos", "udpos", language, "test") in cells
        assert (arm, "tatoeba", "tatoeba", "de", "test") in cells
        assert (arm, "xnli", "mnli", "en", "dev") in cells
        assert (arm, "udpos", "udpos", "en", "dev") in cells
    assert ("mnli", "", "mnli", "en", "dev") in cells
    for row in rows:
        assert list(row) == [
            "study", "arm", "target", "task", "seed", "language", "split", "layer", "metric", "profile", "value", "n",
            "stage",
        ]  # fmt: skip
        assert 0 <= row["value"] <= 100
        assert (row["layer"] == 2) == (row["task"] == "tatoeba")
    predictions = (out / "predictions/none/xnli/1/test/de.jsonl").read_text().splitlines()
    assert len(predictions) == 6
    first = json.loads(predictions[0])
    assert set(first) == {"id", "align", "cluster", "prediction", "statistics"}
    correct = sum(json.loads(line)["statistics"]["correct"] for line in predictions)
    (row,) = [r for r in rows if (r["arm"], r["task"], r["language"]) == ("none", "xnli", "de")]
    assert row["value"] == 100 * correct / 6
    assert (out / "encoders/mnli/seed-1/model.safetensors").exists()
    assert not (out / "encoders/none").exists()
    assert (out / "study.toml").exists() and (out / "log.txt").exists()
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["complete"] and "model.safetensors" in manifest["encoder"]["sha256"]
    assert "xnli: accuracy" in result.stdout and "- none" in result.stdout
    assert sorted(p.name for p in (world.root / "runs").iterdir()) == [".store", "small"]


def test_the_same_study_twice_gives_the_same_bytes(world):
    study = ["--set", 'keep="all"']
    assert world.run("--out", "a", *study).returncode == 0
    shutil.rmtree(world.root / "cache")  # the second one tokenizes anew
    assert world.run("--out", "elsewhere/b", "--store", "other", *study).returncode == 0  # and trains anew
    first, second = contents(world.root / "a"), contents(world.root / "elsewhere/b")
    assert first == second
    assert any(name.endswith("model.safetensors") for name in first)


def test_another_seed_gives_other_results(world):
    assert world.run("--set", "seeds=[1, 2]").returncode == 0
    losses = [
        (world.root / f"runs/small/training/none/udpos/seed-{seed}.jsonl").read_text().splitlines()[-1]
        for seed in (1, 2)
    ]
    assert losses[0] != losses[1]


def test_a_run_replaces_the_one_before_as_a_whole(world):
    assert world.run().returncode == 0
    world.edit("study.toml", '[[target]]\ntask = "udpos"\n', "")
    assert world.run().returncode == 0
    assert {r["target"] for r in world.results()} == {"", "xnli", "tatoeba"}
    assert not (world.root / "runs/small/predictions/none/udpos").exists()


def test_nothing_that_a_run_needs_may_lie_in_its_folder(world):
    done = world.run("--out", "runs/small", "--store", "runs/small/store")
    assert done.returncode == 2
    assert "--store runs/small/store: lies in the folder of the results" in done.stderr
    assert not (world.root / "runs").exists()
    done = world.run("--out", ".")
    assert done.returncode == 2
    assert (world.root / "study.toml").exists()


def test_micro_batches_change_memory_not_results(world):
    def last_loss(micro):
        assert world.run("--precision", "fp32", "--set", f"recipes.default.micro_batch={micro}").returncode == 0
        text = (world.root / "runs/small/training/none/udpos/seed-1.jsonl").read_text()
        return json.loads(text.splitlines()[-1])["loss"]

    assert abs(last_loss(1) - last_loss(4)) < 1e-5


def test_a_stage_that_diverges_stops_and_the_others_go_on(world):
    world.edit("study.toml", 'task = "udpos"', 'task = "udpos"\nrecipe = { peak_lr = 1e30, warmup = 0.0, max_grad_norm = 1e30 }')
    result = world.run()
    assert result.returncode == 3, result.stderr
    assert "none/udpos/seed-1" in result.stderr
    assert "step" in result.stderr and "learning rate" in result.stderr
    assert {r["target"] for r in world.results()} == {"", "xnli", "tatoeba"}
    assert len(json.loads((world.root / "runs/small/manifest.json").read_text())["failed_stages"]) == 2


def test_ctrl_c_ends_cleanly_and_keeps_finished_stages(world):
    world.edit("study.toml", 'task = "udpos"', 'task = "udpos"\nrecipe = { steps = 1000000 }')
    process = subprocess.Popen(
        [BINARY, "run", "study.toml"], cwd=world.root, env=world.environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    partial = world.root / "runs/small.partial/results.jsonl"
    for _ in range(600):
        if partial.exists() and '"xnli"' in partial.read_text():
            break
        time.sleep(0.1)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "runs/small" in stdout
    assert {"xnli", "tatoeba"} <= {r["target"] for r in world.results()}
    assert json.loads((world.root / "runs/small/manifest.json").read_text())["complete"] is False


def test_a_plugin_is_swapped_without_a_new_host(world):
    """Another .so of the same task on the search path serves at once; the one host says which it used."""
    bundled = Path(BINARY).parent.parent / "lib/sojourn/tasks"
    mine = world.root / "plugins"
    mine.mkdir()
    for name in ("tatoeba.so", "tatoeba.json"):
        shutil.copy(bundled / name, mine / name)
    subprocess.run(["objcopy", "--add-section", f".note.mine={world.study}", str(mine / "tatoeba.so")], check=True)
    assert world.run("--plugin-path", "plugins").returncode == 0
    used = json.loads((world.root / "runs/small/manifest.json").read_text())["tasks"]
    assert Path(used["tatoeba"]["plugin"]).parent == Path("plugins") or str(mine) in used["tatoeba"]["plugin"]
    assert str(bundled) in os.path.realpath(used["xnli"]["plugin"])


def test_resolved_study_runs_again_to_the_same_results(world):
    assert world.run("--out", "a", "--set", "recipes.default.epochs=1").returncode == 0
    shutil.copy(world.root / "a/study.toml", world.root / "again.toml")
    again = world.sojourn("run", "again.toml", "--threads", "2", "--out", "b", "--store", "other")
    assert again.returncode == 0, again.stderr
    assert contents(world.root / "a") == contents(world.root / "b")


def test_tasks_lists_what_is_there(world):
    result = world.sojourn("tasks")
    assert result.returncode == 0
    for name in ("mnli", "tatoeba", "udpos", "xnli"):
        assert any(line.startswith(name + " ") and name + ".so" in line for line in result.stdout.splitlines())


def test_help_and_version(world):
    for command in ([], ["run"], ["plan"], ["why"], ["stage"], ["store"], ["tasks"]):
        result = world.sojourn(*command, "--help")
        assert result.returncode == 0 and "Examples:" in result.stdout
    version = world.sojourn("--version").stdout
    assert "LibTorch 2." in version and "CPU features" in version
