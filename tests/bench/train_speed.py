#!/usr/bin/env python3
"""Training speed and memory beside Python peers, on one machine in one go; prints ratios.

    train_speed.py --sojourn build/release/bin/sojourn --encoder DIR --data DIR \
                   [--shape xlmr-base] [--precision fp32|bf16] [--examples 1376] [--rounds 3]

One pass over the first examples of MNLI, 32 x 128 tokens, no weight decay, no warm-up: by `sojourn run`, by the
Hugging Face Trainer and by a hand-tuned PyTorch loop with a heap that keeps freed memory (both in python_peers.py).
With --shape xlmr-base the encoder has random weights in the shape of XLM-R base and the tokenizer of --encoder.
Needs torch, transformers and accelerate, as .venv has them after scripts/setup --tests. The peers leave their first
three steps out of their times; those of sojourn are in. Peak memory is that of the process.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

KEPT_HEAP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "34359738368", "MALLOC_TOP_PAD_": "67108864"}
STUDY = """\
schema = 1
name = "speed"
[encoder]
path = "{encoder}"
[data]
root = "{data}"
[recipes.default]
batch_size = 32
micro_batch = {micro_batch}
max_tokens = 128
peak_lr = 5e-5
warmup = 0.0
weight_decay = 0.0
epochs = 1
[[target]]
task = "xnli"
languages = ["en"]
limit = {{ train = {examples}, dev = 1, test = 1 }}
"""


def sojourn(args, folder: Path) -> dict:
    study = folder / "speed.toml"
    paths = {"encoder": args.encoder.resolve(), "data": args.data.resolve()}
    study.write_text(STUDY.format(**paths, examples=args.examples, micro_batch=args.micro_batch))
    out = folder / "out"
    command = [args.sojourn, "run", study, "--out", out, "--precision", args.precision]
    # A store of its own, in which the stage of the round before is not.
    with open(folder / "log", "w") as log, tempfile.TemporaryDirectory(dir=folder) as store:
        process = subprocess.Popen([*command, "--store", store], stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit((folder / "log").read_text())
    (stage,) = json.loads((out / "manifest.json").read_text())["stages"]
    curve = [json.loads(line) for line in (out / f"training/{stage['id']}.jsonl").read_text().splitlines()]
    return {
        "tokens_per_s": stage["real_tokens_per_second"],
        "peak_mib": usage.ru_maxrss / 1024,
        "loss": statistics.mean(step["loss"] for step in curve[-10:]),
    }


def peer(args, name: str, environment: dict) -> dict:
    data = args.data / "mnli" / "multinli_1.0_train.jsonl"
    command = [sys.executable, Path(__file__).with_name("python_peers.py"), name, "--data", data]
    command += ["--encoder", args.encoder, "--examples", str(args.examples), "--precision", args.precision]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    line = json.loads(done.stdout.strip().splitlines()[-1])
    return line | {"loss": statistics.mean(line["losses"][-10:])}


def random_base(tokenizer: Path, folder: Path) -> Path:
    import torch
    import transformers

    for file in ("tokenizer.json", "tokenizer_config.json", "sentencepiece.bpe.model", "special_tokens_map.json"):
        if (tokenizer / file).exists():
            shutil.copy(tokenizer / file, folder)
    vocabulary = json.loads((tokenizer / "config.json").read_text())["vocab_size"]
    torch.manual_seed(1)
    config = transformers.XLMRobertaConfig(
        vocab_size=vocabulary, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5
    )
    transformers.XLMRobertaModel(config).save_pretrained(folder)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("sojourn", "encoder", "data"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--shape", choices=["xlmr-base"])
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--examples", type=int, default=1376)
    parser.add_argument("--micro-batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    runners = {
        "sojourn": lambda folder: sojourn(args, folder),
        "loop, kept heap": lambda _: peer(args, "loop", KEPT_HEAP),
        "Trainer": lambda _: peer(args, "trainer", {}),
    }
    shaped = tempfile.TemporaryDirectory()
    if args.shape:
        args.encoder = random_base(args.encoder, Path(shaped.name))
    rows = {name: [] for name in runners}
    for _ in range(args.rounds):  # in turn, so that a machine that drifts does so for all
        for name, run in runners.items():
            with tempfile.TemporaryDirectory() as folder:
                rows[name].append(run(Path(folder)))
    print(f"{args.precision}, {args.rounds} rounds; tokens/s: min, median, max; median peak MiB; mean of the last 10 losses")
    for name, measured in rows.items():
        speed = [row["tokens_per_s"] for row in measured]
        peak = statistics.median(row["peak_mib"] for row in measured)
        loss = statistics.median(row["loss"] for row in measured)
        print(f"{name:16} {min(speed):8.0f} {statistics.median(speed):8.0f} {max(speed):8.0f} {peak:8.0f} {loss:8.4f}")
    for name in list(rows)[1:]:
        faster = [a["tokens_per_s"] / b["tokens_per_s"] for a, b in zip(rows["sojourn"], rows[name])]
        smaller = [a["peak_mib"] / b["peak_mib"] for a, b in zip(rows["sojourn"], rows[name])]
        print(
            f"sojourn / {name}: speed {statistics.median(faster):.2f} ({min(faster):.2f} to {max(faster):.2f}), "
            f"memory {statistics.median(smaller):.2f}"
        )


if __name__ == "__main__":
    main()
