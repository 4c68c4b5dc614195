"""`sojourn store`: what is kept, whether it is sound, and what may go."""

import json
import shutil


def test_store_lists_verifies_and_collects_what_no_run_needs(world):
    assert world.run().returncode == 0
    listed = world.sojourn("store", "ls")
    assert listed.returncode == 0, listed.stderr
    for stage in ("none/xnli/seed-1", "mnli/seed-1"):
        assert stage in listed.stdout
    assert world.sojourn("store", "verify").returncode == 0
    kept = world.sojourn("store", "gc")
    assert kept.returncode == 0 and world.run("--out", "runs/again").returncode == 0
    assert "trained:" not in (world.root / "runs/again/log.txt").read_text()  # nothing that was needed is gone

    victim = sorted((world.root / "runs/.store/scores").rglob("predictions-0.jsonl"))[0]
    victim.chmod(0o644)
    victim.write_text("spoilt")
    damaged = world.sojourn("store", "verify")
    assert damaged.returncode == 2 and "damaged" in damaged.stderr + damaged.stdout

    for run in ("small", "again"):
        shutil.rmtree(world.root / "runs" / run)
    would = world.sojourn("store", "gc", "--dry-run")
    assert would.returncode == 0 and list((world.root / "runs/.store/stages").iterdir())
    assert world.sojourn("store", "gc").returncode == 0
    assert not list((world.root / "runs/.store/stages").iterdir())


def test_a_stage_names_whatever_is_missing_on_the_way_to_it(world):
    adapted = 'recipe = { adapter = { kind = "lora", rank = 2 } }'
    world.write("chain.toml", f"""\
schema = 1
name = "chain"
encoder.path = "encoder"
data.root = "data"
recipes.default = {{ batch_size = 4, max_tokens = 32, peak_lr = 1e-3, steps = 2 }}
[[intermediate]]
name = "chain"
chain = [["udpos"], ["mnli"]]
{adapted}
[[target]]
task = "xnli"
""")
    assert world.sojourn("run", "chain.toml", "--threads", "1").returncode == 0
    planned = json.loads(world.sojourn("plan", "chain.toml", "--threads", "1", "--json").stdout)["stages"]
    keys = {stage["id"]: stage["key"] for stage in planned}
    shutil.rmtree(world.root / "runs/.store/stages" / keys["chain/stage-1/seed-1"])
    shutil.rmtree(world.root / "runs/.store/stages" / keys["chain/xnli/seed-1"])
    done = world.sojourn("stage", "chain.toml", "chain/xnli/seed-1", "--threads", "1")
    assert done.returncode == 2
    assert "starts from chain/stage-1/seed-1, which isn't in the store" in done.stderr
