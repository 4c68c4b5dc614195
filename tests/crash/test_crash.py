"""The short form of crash.py."""

import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))

from crash import Crashes, contents
from world import BINARY, World


def test_killed_runs_come_to_the_same_bytes(tmp_path):
    assert Crashes(World(tmp_path)).run(BINARY, kills=8, seed=1) == []


def test_a_full_disk_stops_the_stage_and_nothing_is_lost(tmp_path):
    """A limit on the size of files stands for the disk: weights no longer fit, results still would."""
    crashes = Crashes(World(tmp_path))
    expected, _ = crashes.unbroken(BINARY)
    crashes.clear()

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    full = subprocess.run(
        crashes.command(BINARY), cwd=tmp_path, env=crashes.world.environment(), preexec_fn=limit, capture_output=True,
        text=True,
    )  # fmt: skip
    assert full.returncode == 1, full.stderr
    assert "safetensors" in full.stderr and re.search(r"needs at least [0-9.]+ .B", full.stderr), full.stderr
    again = crashes.start(BINARY)
    assert again.wait() == 0
    assert contents(tmp_path / "out") == expected


def test_sigterm_leaves_a_checkpoint_that_the_next_run_takes(tmp_path):
    crashes = Crashes(World(tmp_path))
    expected, seconds = crashes.unbroken(BINARY)
    crashes.clear()
    codes = set()
    for part in range(1, 6):
        process = crashes.start(BINARY)
        try:
            process.wait(seconds * part / 6)
        except subprocess.TimeoutExpired:
            process.terminate()
            codes.add(process.wait())
    # -15: so early that the program hadn't begun to listen, and had nothing to save.
    assert 143 in codes and codes <= {0, 143, -signal.SIGTERM}
    assert crashes.start(BINARY).wait() == 0
    assert contents(tmp_path / "out") == expected
