"""Stages that train an adapter: in schedules, in the store, in the run's folder, and for peft."""

import json
import re

import pytest

from test_run import contents
from test_sharing import plan, run, trained_now

ADAPTED = """\
schema = 1
name = "adapted"
[encoder]
path = "encoder"
[data]
root = "data"
[recipes.default]
batch_size = 4
max_tokens = 32
peak_lr = 1e-2
epochs = 2
[[intermediate]]
name = "whole"
train = ["mnli"]
[[intermediate]]
name = "beside"
train = ["mnli"]
recipe = { adapter = { kind = "lora", rank = 4, merge = false } }
[[intermediate]]
name = "chain"
chain = [["mnli"], ["udpos"]]
recipe = { adapter = { kind = "lora", rank = 4, merge = false } }
[[target]]
task = "xnli"
recipe = { adapter = { kind = "lora", rank = 2, targets = ["value", "output.dense"], layers = [1, 4] } }
[[target]]
task = "udpos"
[[target]]
task = "tatoeba"
"""


def test_adapters_are_stored_as_adapters_and_found_again(world):
    world.write("adapted.toml", ADAPTED)
    planned = plan(world, "adapted.toml")
    run(world, "adapted.toml")
    out = world.root / "runs/adapted"
    assert trained_now(world, "runs/adapted") == planned["training_stages"]
    assert sorted(p.name for p in (out / "encoders/beside/seed-1").iterdir()) == [
        "adapter_config.json", "adapter_model.safetensors",
    ]  # fmt: skip
    assert (out / "encoders/whole/seed-1/model.safetensors").exists()
    config = json.loads((out / "encoders/beside/seed-1/adapter_config.json").read_text())
    assert (config["r"], config["target_modules"]) == (4, ["query", "value"])
    encoders = [p for p in (world.root / "runs/.store/stages").rglob("model.safetensors")]
    assert len(encoders) == 1, "only the stage that trains everything leaves a whole encoder"
    first = contents(out)
    run(world, "adapted.toml")
    assert trained_now(world, "runs/adapted") == 0 and contents(out) == first
    # Scored anew from the store alone: the same bytes.
    for entry in (world.root / "runs/.store/scores").iterdir():
        for file in entry.rglob("*"):
            file.chmod(0o644)
            file.unlink()
        entry.rmdir()
    run(world, "adapted.toml")
    assert trained_now(world, "runs/adapted") == 0 and contents(out) == first


def test_a_changed_rank_trains_only_what_depends_on_it(world):
    world.write("adapted.toml", ADAPTED)
    run(world, "adapted.toml")
    world.edit("adapted.toml", 'name = "beside"\ntrain = ["mnli"]\nrecipe = { adapter = { kind = "lora", rank = 4',
               'name = "beside"\ntrain = ["mnli"]\nrecipe = { adapter = { kind = "lora", rank = 8')  # fmt: skip
    assert plan(world, "adapted.toml")["to_train"] == 3  # itself and its two targets
    why = world.sojourn("why", "adapted.toml", "beside/seed-1", "--threads", "2").stdout
    assert re.search(r"recipe +adapter/rank +4 +-> +8", why), why


def test_merging_changes_rounding_alone(world):
    world.write("adapted.toml", ADAPTED)
    run(world, "adapted.toml")
    world.write("merged.toml", ADAPTED.replace("merge = false", "merge = true"))
    run(world, "merged.toml", "--out", "runs/merged")
    apart, merged = world.results("runs/adapted"), world.results("runs/merged")
    assert len(apart) == len(merged)
    assert sum(a["value"] != b["value"] for a, b in zip(apart, merged)) <= len(apart) // 10


def test_merge_writes_a_whole_encoder(world):
    transformers = pytest.importorskip("transformers")
    peft = pytest.importorskip("peft")
    import torch

    world.write("adapted.toml", ADAPTED)
    run(world, "adapted.toml")
    adapter = "runs/adapted/encoders/beside/seed-1"
    done = world.sojourn("merge", "encoder", adapter, "--out", "merged/")  # as completed by a shell
    assert done.returncode == 0, done.stderr
    ids = torch.tensor([[0, 20, 21, 22, 2]])

    def states(model):
        with torch.no_grad():
            return model.eval()(ids).last_hidden_state

    def load(folder):
        return transformers.AutoModel.from_pretrained(world.root / folder, add_pooling_layer=False)

    expected = states(peft.PeftModel.from_pretrained(load("encoder"), world.root / adapter))
    assert (states(load("merged")) - expected).abs().max() < 1e-5
    assert (states(load("encoder")) - expected).abs().max() > 1e-3

    again = world.sojourn("merge", "encoder", adapter, "--out", "merged")
    assert again.returncode == 2 and "merged: is there already" in again.stderr
    other = world.sojourn("merge", "runs/adapted/encoders/whole/seed-1", adapter, "--out", "wrong")
    assert other.returncode == 2 and "other weights" in other.stderr and not (world.root / "wrong").exists()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('kind = "lora", targets = ["quarry"]', "adapter.targets holds 'quarry'"),
        ('kind = "lora", rank = 999', "adapter.rank is 999, expected at most the encoder's width, 32"),
        ('kind = "lora", layers = [9]', "adapter.layers holds 9, the encoder has the layers 1 to 4"),
        ('kind = "dora"', "'kind' in [intermediate.recipe.adapter] must be 'none' or 'lora', found 'dora'"),
        ("rank = 4", "'rank' is about an adapter, and nothing says which; expected 'kind' beside it"),
        ('kind = "lora", alfa = 4', "unknown key 'alfa' in [intermediate.recipe.adapter] (did you mean 'alpha'?)"),
        ('kind = "lora", rank = 0', "must be at least 1, found 0"),
    ],
)
def test_bad_adapters_are_refused_by_plan(world, said, expected):
    world.edit("study.toml", 'train = ["mnli"]', 'train = ["mnli"]\nrecipe.adapter = { %s }' % said)
    for command in "plan", "run":
        result = world.sojourn(command, "study.toml", "--threads", "2")
        assert result.returncode == 2 and expected in result.stderr and "study.toml:" in result.stderr, result.stderr
