#!/usr/bin/env python3
"""A stage that trains an adapter beside one that trains the whole encoder, on one machine in one go; prints ratios.

    adapter_speed.py --sojourn build/release/bin/sojourn --encoder DIR --data DIR [--precision fp32|bf16]
                     [--examples 1376] [--rounds 3] [--adapter 'rank = 16, targets = ["query", "value"]']

One pass over the first examples of MNLI, 32 x 128 tokens. Parameters and bytes are those of a checkpoint. Memory is the
peak of the process beyond that of a run that loads the encoder, scores one sentence and trains nothing.
"""

import argparse
import json
import math
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STUDY = """\
schema = 1
name = "speed"
[encoder]
path = "{encoder}"
[data]
root = "{data}"
[checkpoint]
{checkpoint}
[recipes.default]
batch_size = 32
micro_batch = 32
max_tokens = 128
peak_lr = 5e-5
epochs = 1
{adapter}
[[target]]
task = "{task}"
languages = ["{language}"]
limit = {{ {limit} }}
"""


class Bench:
    def __init__(self, args):
        self.args = args

    def start(self, folder: Path, adapter: str, trains: bool = True, checkpoint: str = "minutes = 1e6"):
        args = self.args
        task, language = ("xnli", "en") if trains else ("tatoeba", "de")
        limit = f"train = {args.examples}, dev = 1, test = 1" if trains else "test = 1"
        (folder / "speed.toml").write_text(
            STUDY.format(
                encoder=args.encoder.resolve(), data=args.data.resolve(), checkpoint=checkpoint, task=task,
                language=language, limit=limit, adapter=f'adapter = {{ kind = "lora", {adapter} }}' if adapter else "",
            )
        )  # fmt: skip
        command = [args.sojourn, "run", folder / "speed.toml", "--out", folder / "out", "--store", folder / "store"]
        with open(folder / "log", "w") as log:
            return subprocess.Popen([*command, "--precision", args.precision], stdout=log, stderr=log)

    def run(self, adapter: str, trains: bool = True) -> tuple[float, float]:
        """Peak MiB and tokens a second."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            process = self.start(folder, adapter, trains)
            _, status, usage = os.wait4(process.pid, 0)
            if status != 0:
                sys.exit((folder / "log").read_text())
            stages = json.loads((folder / "out/manifest.json").read_text())["stages"]
        return usage.ru_maxrss / 1024, stages[0]["real_tokens_per_second"] if trains else 0

    def checkpoint(self, adapter: str) -> tuple[int, int]:
        """Parameters and bytes of a checkpoint, from a run that is stopped at its first."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            process = self.start(folder, adapter, checkpoint="steps = 1")
            while not (found := sorted(folder.glob("store/work/*/checkpoint-*.safetensors"))):
                if process.poll() is not None:
                    sys.exit((folder / "log").read_text())
                time.sleep(0.05)
            process.kill()
            process.wait()
            found = sorted(folder.glob("store/work/*/checkpoint-*.safetensors"))[-1]
            with open(found, "rb") as file:
                header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
            shapes = [entry["shape"] for name, entry in header.items() if name.startswith("value.")]
            return sum(math.prod(shape) for shape in shapes), found.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("sojourn", "encoder", "data"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--examples", type=int, default=1376)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--adapter", default="rank = 16")
    args = parser.parse_args()
    bench = Bench(args)
    kinds = {"adapter": args.adapter, "whole": ""}
    memory, speed = {kind: [] for kind in kinds}, {kind: [] for kind in kinds}
    for _ in range(args.rounds):  # in turn, so that a machine that drifts does so for all
        loaded, _ = bench.run("", trains=False)
        for kind, adapter in kinds.items():
            peak, rate = bench.run(adapter)
            memory[kind].append(peak - loaded)
            speed[kind].append(rate)
    sizes = {kind: bench.checkpoint(adapter) for kind, adapter in kinds.items()}
    print(f"{args.precision}, {args.rounds} rounds; tokens/s: min, median, max; median MiB beyond the encoder; checkpoint")
    for kind in kinds:
        fast = speed[kind]
        print(
            f"{kind:8} {min(fast):7.0f} {statistics.median(fast):7.0f} {max(fast):7.0f} {statistics.median(memory[kind]):7.0f}"
            f" {sizes[kind][0]:11,} parameters {sizes[kind][1]:13,} bytes"
        )
    for what, values in ("tokens/s", speed), ("memory", memory):
        ratios = [a / b for a, b in zip(values["adapter"], values["whole"])]
        print(f"adapter / whole: {what} {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    for i, what in enumerate(["parameters", "checkpoint"]):
        print(f"adapter / whole: {what} {sizes['adapter'][i] / sizes['whole'][i]:.4f}")


if __name__ == "__main__":
    main()
