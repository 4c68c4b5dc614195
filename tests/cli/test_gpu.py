"""The same studies on a GPU; skipped where LibTorch sees none."""

import json

import pytest
from test_run import contents

KEEP_ALL = ["--set", 'keep="all"']


@pytest.fixture(autouse=True)
def gpu(world):
    """Skips where there is none, which ctest reads from the message."""
    result = world.run("--device", "cuda", "--out", "probe", "--set", "recipes.default.steps=1")
    if "sees no GPU" in result.stderr:
        pytest.skip("SKIPPED: this LibTorch sees no GPU")


def curve(world, out: str, stage: str = "none/udpos/seed-1") -> list[dict]:
    text = (world.root / out / f"training/{stage}.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_same_study_twice_gives_the_same_bytes(world, precision):
    for out in ("a", "b"):
        result = world.run("--device", "cuda", "--precision", precision, "--out", out, *KEEP_ALL)
        assert result.returncode == 0, result.stderr
    assert contents(world.root / "a") == contents(world.root / "b")


def test_training_goes_as_on_the_cpu(world):
    for device in ("cpu", "cuda"):
        result = world.run("--device", device, "--precision", "fp32", "--out", device)
        assert result.returncode == 0, result.stderr
    for stage in ("mnli/seed-1", "none/udpos/seed-1"):
        for cpu, gpu in zip(curve(world, "cpu", stage), curve(world, "cuda", stage), strict=True):
            assert cpu["loss"] == pytest.approx(gpu["loss"], rel=1e-4)
            assert cpu["real_tokens"] == gpu["real_tokens"]
