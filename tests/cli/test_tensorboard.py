"""Event files of training, as TensorBoard itself reads them."""

import json
import time

import pytest

pytest.importorskip("tensorboard", reason="SKIPPED: tensorboard is not installed (scripts/setup --tests)")
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def scalars(folder) -> dict[str, list[tuple[int, float]]]:
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def curve(file) -> dict[str, list[tuple[int, float]]]:
    points = {}
    for line in file.read_text().splitlines():
        point = json.loads(line)
        for key, value in point.items():
            if key not in ("step", "task"):
                tag = f"loss/{point['task']}" if key == "loss" and "task" in point else key
                points.setdefault(tag, []).append((point["step"], pytest.approx(value, rel=1e-6)))
    return points


def test_tensorboard_reads_the_curves_of_all_stages(world):
    world.edit("study.toml", 'train = ["mnli"]', 'train = ["mnli", "udpos"]')
    world.edit("study.toml", "epochs = 2", "epochs = 2\nevaluate = { every = 1 }")
    start = time.time()
    assert world.run().returncode == 0
    out = world.root / "runs/small"
    stages = sorted(p.relative_to(out / "training").with_suffix("") for p in (out / "training").rglob("*.jsonl"))
    assert len(stages) == 5
    for stage in stages:
        found = scalars(out / "tensorboard" / stage)
        assert found == curve(out / "training" / f"{stage}.jsonl")
        assert {"evaluation", "learning_rate", "gradient_norm"} <= set(found)
    assert "loss/udpos" in scalars(out / "tensorboard/mnli/seed-1")
    events = EventAccumulator(str(out / "tensorboard/none/xnli/seed-1"))
    events.Reload()
    assert start <= events.Scalars("loss")[0].wall_time <= time.time()

    # Stages from the store have them too.
    assert world.run("--out", "runs/again").returncode == 0
    again = world.root / "runs/again"
    assert scalars(again / "tensorboard/none/xnli/seed-1") == curve(again / "training/none/xnli/seed-1.jsonl")
