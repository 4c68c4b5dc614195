#!/usr/bin/env python3
"""Kills `sojourn run` at random instants, and compares what it comes to in the end with an unbroken run.

    crash.py --sojourn build/release/bin/sojourn [--kills 200] [--seed 1] [--folder DIR]

The study is small (a formula's encoder, stages of two tasks, a chain, an adapter, an evaluation) and
saves a checkpoint after every step, so that kills fall into training, checkpoints, storing and scoring alike.
Results, predictions, curves and weights must be equal byte for byte. Exit code 1 if anything differs.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STUDY = """\
schema = 1
name = "crash"
keep = "all"
[encoder]
path = "encoder"
[data]
root = "data"
[checkpoint]
steps = 1
[recipes.default]
batch_size = 2
max_tokens = 32
peak_lr = 1e-3
steps = 12
[[intermediate]]
name = "chain"
chain = [["mnli"], ["udpos", "mnli"]]
[[intermediate]]
name = "joint"
train = ["udpos"]
joint = true
[[intermediate]]
name = "adapted"
train = ["mnli"]
recipe = { adapter = { kind = "lora", rank = 4 } }
[[target]]
task = "xnli"
recipe = { steps = 8, evaluate = { every = 2 } }
[[target]]
task = "udpos"
[[target]]
task = "tatoeba"
"""


def contents(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in ("manifest.json", "log.txt", "declared.json", "events.out.tfevents")
    }


class Crashes:
    def __init__(self, world):
        self.world = world
        world.write("crash.toml", STUDY)

    def command(self, binary: str) -> list:
        return [binary, "run", "crash.toml", "--threads", "1", "--out", "out", "--store", "store"]

    def start(self, binary: str) -> subprocess.Popen:
        with open(self.world.root / "said", "w") as said:
            return subprocess.Popen(
                self.command(binary), cwd=self.world.root, env=self.world.environment(), stdout=said, stderr=said
            )

    def clear(self) -> None:
        for name in ("out", "out.partial", "store"):
            shutil.rmtree(self.world.root / name, ignore_errors=True)

    def unbroken(self, binary: str) -> tuple[dict[str, str], float]:
        self.clear()
        begin = time.monotonic()
        process = self.start(binary)
        if process.wait() != 0:
            sys.exit((self.world.root / "said").read_text())
        return contents(self.world.root / "out"), time.monotonic() - begin

    def run(self, binary: str, kills: int, seed: int, tell=lambda text: None) -> list[str]:
        """Returns what differs, after so many kills."""
        expected, seconds = self.unbroken(binary)
        chance = random.Random(seed)
        done = rounds = 0
        while done < kills:
            self.clear()
            rounds += 1
            while True:
                process = self.start(binary)
                try:
                    # Short ones too: a run that goes on has less and less left to do.
                    code = process.wait(chance.uniform(0, seconds) if done < kills else None)
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    done += 1
                    tell(f"{done} of {kills} kills, {rounds} rounds")
                    continue
                if code != 0:
                    return [(self.world.root / "said").read_text()]
                break
            found = contents(self.world.root / "out")
            if found != expected:
                return sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        return []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sojourn", required=True)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    os.environ["SOJOURN_BINARY"] = str(Path(args.sojourn).resolve())
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
    from world import World

    with tempfile.TemporaryDirectory() as temporary:
        crashes = Crashes(World(args.folder or Path(temporary)))
        begin = time.monotonic()
        differ = crashes.run(os.environ["SOJOURN_BINARY"], args.kills, args.seed, lambda text: print(f"\r{text}", end=""))
    print(f"\n{args.kills} kills in {time.monotonic() - begin:.0f} s: " + ("all equal" if not differ else "these differ:"))
    print("\n".join(differ))
    sys.exit(bool(differ))


if __name__ == "__main__":
    main()
