"""`sojourn store`: what is kept, whether it is sound, and what may go."""

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
