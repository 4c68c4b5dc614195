#!/usr/bin/env python3
"""The two Python programs that train_speed.py is beside: one pass of MNLI, fine-tuned by transformers.

    python_peers.py trainer|loop --encoder DIR --data FILE.jsonl [--examples N] [--precision fp32|bf16]

trainer: the Hugging Face Trainer with its defaults, as most people have it. loop: PyTorch by hand, with what makes
such a loop fast on a CPU: batches of like length, fused AdamW, gradients freed and not zeroed. Both: AdamW without
weight decay, a rate that falls linearly to 0, clipping at 1.0, dropout 0.1, SDPA attention, batches of 32 pairs of at
most 128 pieces; bf16 is autocast. Prints one JSON line: tokens_per_s, of real tokens, without the first three steps
and without loading; peak_mib, of the process; losses, one a step. Needs torch, transformers and accelerate.
"""

import argparse
import contextlib
import itertools
import json
import resource
import tempfile
import time
from pathlib import Path

import torch
import transformers

LABELS = ("entailment", "neutral", "contradiction")
BATCH, PIECES, RATE, SEED = 32, 128, 5e-5, 42
UNTIMED = 3  # steps
POOL = 50  # batches that are sorted by length together


def read_pairs(file: Path, examples: int | None, tokenizer) -> list[dict]:
    with file.open(encoding="utf-8") as lines:
        labelled = (row for row in map(json.loads, lines) if row["gold_label"] in LABELS)
        rows = list(itertools.islice(labelled, examples))
    texts = [[row[side] for row in rows] for side in ("sentence1", "sentence2")]
    encoded = tokenizer(*texts, truncation=True, max_length=PIECES)
    return [
        {"input_ids": ids, "attention_mask": mask, "labels": LABELS.index(row["gold_label"])}
        for ids, mask, row in zip(encoded["input_ids"], encoded["attention_mask"], rows)
    ]


class Meter:
    """Of each step: its end, its loss, its real tokens."""

    def __init__(self):
        self.ends, self.losses, self.tokens = [], [], []

    def report(self) -> str:
        seconds = self.ends[-1] - self.ends[UNTIMED - 1]
        tokens = sum(self.tokens[UNTIMED : len(self.ends)])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return json.dumps({"tokens_per_s": tokens / seconds, "peak_mib": peak, "losses": self.losses})


def train_by_trainer(model, tokenizer, pairs: list[dict], bf16: bool) -> Meter:
    meter = Meter()

    class Ends(transformers.TrainerCallback):
        def on_step_end(self, *_, **__):
            meter.ends.append(time.perf_counter())

    pad = transformers.DataCollatorWithPadding(tokenizer)

    def collate(rows):
        batch = pad(rows)
        meter.tokens.append(int(batch["attention_mask"].sum()))
        return batch

    with tempfile.TemporaryDirectory() as folder:
        settings = transformers.TrainingArguments(
            folder, use_cpu=True, bf16=bf16, seed=SEED, learning_rate=RATE, num_train_epochs=1,
            per_device_train_batch_size=BATCH, logging_steps=1, save_strategy="no", report_to="none", disable_tqdm=True,
        )
        trainer = transformers.Trainer(model, settings, collate, pairs, callbacks=[Ends()])
        trainer.train()
    meter.losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return meter


def batches_of_like_length(pairs: list[dict]) -> list[list[dict]]:
    order = [pairs[i] for i in torch.randperm(len(pairs))]
    batches = []
    for pool in chunks(order, POOL * BATCH):
        batches += chunks(sorted(pool, key=lambda pair: len(pair["input_ids"])), BATCH)
    return [batches[i] for i in torch.randperm(len(batches))]


def chunks(items: list, size: int) -> list[list]:
    return [items[at : at + size] for at in range(0, len(items), size)]


def train_by_loop(model, tokenizer, pairs: list[dict], bf16: bool) -> Meter:
    model.train()
    batches = batches_of_like_length(pairs)
    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=0, fused=True)
    rate = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, len(batches))
    meter = Meter()
    for rows in batches:
        batch = tokenizer.pad(rows, return_tensors="pt")
        with torch.autocast("cpu", torch.bfloat16) if bf16 else contextlib.nullcontext():
            loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        rate.step()
        optimizer.zero_grad(set_to_none=True)
        meter.losses.append(loss.item())
        meter.tokens.append(int(batch["attention_mask"].sum()))
        meter.ends.append(time.perf_counter())
    return meter


PEERS = {"trainer": train_by_trainer, "loop": train_by_loop}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--encoder", required=True, help="a Hugging Face directory")
    parser.add_argument("--data", type=Path, required=True, help="MNLI's JSON lines")
    parser.add_argument("--examples", type=int, help="the first ones [all]")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    args = parser.parse_args()
    transformers.set_seed(SEED)
    tokenizer = transformers.AutoTokenizer.from_pretrained(args.encoder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        args.encoder, num_labels=len(LABELS), dtype=torch.float32
    )
    pairs = read_pairs(args.data, args.examples, tokenizer)
    print(PEERS[args.peer](model, tokenizer, pairs, args.precision == "bf16").report())


if __name__ == "__main__":
    main()
