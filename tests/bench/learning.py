#!/usr/bin/env python3
"""Does a task learn as much in Sojourn as beside it in transformers? The same recipe, data and heads in both.

    learning.py --sojourn build/release/bin/sojourn --data ../shared/data --encoder ~/.cache/sojourn/multilingual-e5-small
                [--tasks panx tydiqa] [--seeds 1 2 3] [--out runs/learning]

Needs torch, transformers and numpy; results are kept in --out, so tasks can be run one by one. The reference is a plain loop
in PyTorch over transformers' encoder and tokenizer: AdamW, linear warm-up and decay, clipping at 1, and decoding written from
the published descriptions (SQuAD: 20 best starts and ends, at most 30 pieces). Its random numbers are its own: only means can
agree. Prints one line a language: both means over seeds, the difference, and the standard deviation over seeds where
there are several.
"""

import argparse
import collections
import contextlib
import json
import math
import re
import statistics
import string
import subprocess
from pathlib import Path

import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer

IGNORED = -100
PANX_TAGS = ("B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER", "O")
# Recipe and data of each task: limits are examples of training and of each scored set.
TASKS = {
    "panx": {"lr": 1e-4, "epochs": 2, "batch": 32, "tokens": 128, "train": 2000, "test": 500, "split": "dev",
             "languages": ["en", "de", "sw", "ur"], "metric": ("f1", "xtreme-2020")},
    "tydiqa": {"lr": 1e-4, "epochs": 1, "batch": 16, "tokens": 384, "train": 2000, "test": 500, "split": "test",
               "languages": ["sw", "id", "ko"], "metric": ("f1", "squad-1.1")},
    "xquad": {"lr": 1e-4, "epochs": 1, "batch": 16, "tokens": 384, "train": 2000, "test": 250, "split": "test",
              "languages": ["en", "de", "es", "vi", "zh"], "metric": ("f1", "squad-1.1")},
    "pawsx": {"lr": 1e-4, "epochs": 3, "batch": 32, "tokens": 128, "train": 1400, "test": 500, "split": "test",
              "languages": ["de", "zh"], "metric": ("accuracy", "accuracy")},
    "hellaswag": {"lr": 1e-4, "epochs": 1, "batch": 16, "tokens": 128, "train": 1000, "test": 500, "split": "dev",
                  "languages": ["en"], "metric": ("accuracy", "accuracy")},
}  # fmt: skip
WARMUP, DECAY = 0.1, 0.01


# ---- Sojourn


def run_sojourn(args, task: str, seed: int) -> dict:
    recipe = TASKS[task]
    folder = args.out / f"sojourn-{task}-{seed}"
    study = args.out / f"{task}-{seed}.toml"
    limits = ", ".join(f"{name} = {recipe['train' if name == 'train' else 'test']}" for name in ("train", "dev", "test"))
    study.write_text(
        f'schema = 1\nname = "learning-{task}"\nseeds = [{seed}]\n'
        f'[encoder]\npath = "{args.encoder}"\n[data]\nroot = "{args.data}"\n'
        f"[recipes.default]\nbatch_size = {recipe['batch']}\nmicro_batch = 16\n"
        f"max_tokens = {recipe['tokens']}\npeak_lr = {recipe['lr']}\nwarmup = {WARMUP}\nweight_decay = {DECAY}\n"
        f"epochs = {recipe['epochs']}\n"
        f'[[target]]\ntask = "{task}"\nlanguages = {json.dumps(recipe["languages"])}\n'
        f'split = "{recipe["split"]}"\nlimit = {{ {limits} }}\n'
    )
    subprocess.run([args.sojourn, "run", study, "--out", folder, "--precision", args.precision], check=True)
    rows = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    return {
        row["language"]: row["value"]
        for row in rows
        if (row["metric"], row["profile"]) == recipe["metric"] and row["split"] == recipe["split"] and row["task"] == task
    }


# ---- The reference: readers


def tagged(path: Path, limit: int) -> list[tuple[list[str], list[str]]]:
    sentences = []
    for block in re.split(r"\n\s*\n", path.read_text().strip("\n"))[:limit]:
        words, tags = zip(*(line.split("\t")[:2] for line in block.splitlines()), strict=True)
        sentences.append((list(words), list(tags)))
    return sentences


def pairs(path: Path, limit: int) -> list[tuple[str, str, int]]:
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    if rows[0][0] == "id":
        rows = [row[1:] for row in rows[1:]]
    return [(a, b, int(label)) for a, b, label in rows[:limit]]


def scenes(path: Path, limit: int) -> list[tuple[str, list[str], int]]:
    rows = [json.loads(line) for line in path.read_text().splitlines()[:limit]]
    return [(r["ctx_a"], [f"{r['ctx_b']} {ending}".strip() for ending in r["endings"]], r["label"]) for r in rows]


def questions(path: Path, limit: int) -> list[dict]:
    found = []
    for article in json.loads(path.read_text())["data"]:
        for paragraph in article["paragraphs"]:
            found += [qa | {"context": paragraph["context"]} for qa in paragraph["qas"]]
    return found[:limit]


# ---- The reference: features and heads


class Head(nn.Module):
    """Dropout-dense-tanh-dropout-linear on the first token, or dropout-linear on every one."""

    def __init__(self, encoder, labels: int, per_token: bool) -> None:
        super().__init__()
        size, dropout = encoder.config.hidden_size, nn.Dropout(0.1)
        tall = [] if per_token else [nn.Dropout(0.1), nn.Linear(size, size), nn.Tanh()]
        self.encoder, self.per_token, self.layers = encoder, per_token, nn.Sequential(*tall, dropout, nn.Linear(size, labels))
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=0.02)
                nn.init.zeros_(layer.bias)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return self.layers(hidden if self.per_token else hidden[:, 0])


class Task:
    """Features are dicts: rows of ids, and what loss and decoding need."""

    per_token, labels = False, 1

    def __init__(self, name: str, tokenizer, data: Path) -> None:
        self.tokenizer, self.data, self.recipe = tokenizer, data, TASKS[name]

    def cut(self, first: str, second: str) -> list[int]:
        return self.tokenizer(first, second, truncation=True, max_length=self.recipe["tokens"])["input_ids"]

    def loss(self, logits, batch) -> torch.Tensor:
        return nn.functional.cross_entropy(logits, torch.tensor([feature["label"] for feature in batch]))

    def score(self, features, logits) -> float:
        right = [int(out.argmax()) == feature["label"] for feature, out in zip(features, logits, strict=True)]
        return 100 * sum(right) / len(right)


class Pawsx(Task):
    labels = 2

    def features(self, split: str, language: str, limit: int) -> list[dict]:
        rows = pairs(self.data / f"pawsx/{split}-{language}.tsv", limit)
        return [{"rows": [self.cut(a, b)], "label": label} for a, b, label in rows]


class Hellaswag(Task):
    def features(self, split: str, _language: str, limit: int) -> list[dict]:
        name = {"train": "train", "dev": "val"}[split]
        rows = scenes(self.data / f"hellaswag/hellaswag_{name}.jsonl", limit)
        return [{"rows": [self.cut(prompt, choice) for choice in choices], "label": label} for prompt, choices, label in rows]

    def loss(self, logits, batch) -> torch.Tensor:
        return super().loss(logits.view(len(batch), -1), batch)

    def score(self, features, logits) -> float:
        by_scene = [torch.cat(logits[i : i + 4]) for i in range(0, len(logits), 4)]
        return super().score(features, by_scene)


class Panx(Task):
    per_token, labels = True, len(PANX_TAGS)

    def features(self, split: str, language: str, limit: int) -> list[dict]:
        found = []
        for words, tags in tagged(self.data / f"panx/{split}-{language}.tsv", limit):
            coded = self.tokenizer(words, is_split_into_words=True, truncation=True, max_length=self.recipe["tokens"])
            first, before = [], None
            for word in coded.word_ids():
                first.append(PANX_TAGS.index(tags[word]) if word is not None and word != before else IGNORED)
                before = word
            found.append({"rows": [coded["input_ids"]], "first": first, "tags": tags})
        return found

    def loss(self, logits, batch) -> torch.Tensor:
        gold = torch.full(logits.shape[:2], IGNORED)
        for row, feature in enumerate(batch):
            gold[row, : len(feature["first"])] = torch.tensor(feature["first"])
        return nn.functional.cross_entropy(logits.transpose(1, 2), gold, ignore_index=IGNORED)

    def score(self, features, logits) -> float:
        right = predicted = gold = 0
        for feature, out in zip(features, logits, strict=True):
            tags = [PANX_TAGS[int(out[i].argmax())] for i, label in enumerate(feature["first"]) if label != IGNORED]
            found, true = chunks(tags), chunks(feature["tags"])
            right, predicted, gold = right + len(found & true), predicted + len(found), gold + len(true)
        return 200 * right / (predicted + gold)


def chunks(tags: list[str]) -> set[tuple[str, int, int]]:
    found, begin, kind = set(), 0, None
    for i, tag in enumerate([*tags, "O"]):
        if kind is not None and tag != f"I-{kind}":
            found.add((kind, begin, i))
            kind = None
        if tag.startswith("B-") or (tag != "O" and kind is None):
            begin, kind = i, tag[2:]
    return found


class Squad(Task):
    per_token, labels = True, 2
    files = {"train": "squad/train-v1.1.json", "test": "xquad/xquad.{}.json"}

    def features(self, split: str, language: str, limit: int) -> list[dict]:
        found = []
        for question in questions(self.data / self.files[split].format(language), limit):
            coded = self.tokenizer(
                question["question"], question["context"], truncation="only_second", max_length=self.recipe["tokens"],
                stride=128, return_overflowing_tokens=True, return_offsets_mapping=True,
            )  # fmt: skip
            for window, ids in enumerate(coded["input_ids"]):
                inside = [side == 1 for side in coded.sequence_ids(window)]
                offsets = coded["offset_mapping"][window]
                feature = {"rows": [ids], "question": question, "offsets": offsets, "inside": inside}
                found.append(feature | {"span": self.span(question["answers"][0], offsets, inside)})
        return found

    @staticmethod
    def span(answer: dict, offsets: list, inside: list[bool]) -> tuple[int, int]:
        begin, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
        pieces = [i for i, (a, b) in enumerate(offsets) if inside[i] and b > begin and a < end]
        whole = pieces and offsets[pieces[0]][0] <= begin and offsets[pieces[-1]][1] >= end
        return (pieces[0], pieces[-1]) if whole else (0, 0)

    def loss(self, logits, batch) -> torch.Tensor:
        ends = torch.tensor([feature["span"] for feature in batch])
        logits = logits.transpose(1, 2)
        lengths = torch.tensor([len(feature["rows"][0]) for feature in batch])
        padding = torch.arange(logits.shape[2])[None, None] >= lengths[:, None, None]
        return nn.functional.cross_entropy(logits.masked_fill(padding, -1e9).flatten(0, 1), ends.flatten())

    def score(self, features, logits) -> float:
        best: dict[str, tuple[float, str]] = collections.defaultdict(lambda: (-math.inf, ""))
        gold = {}
        for feature, out in zip(features, logits, strict=True):
            question = feature["question"]
            gold[question["id"]] = [answer["text"] for answer in question["answers"]]
            best[question["id"]] = max(best[question["id"]], self.best_span(feature, out), key=lambda found: found[0])
        return 100 * statistics.mean(max(word_f1(best[id_][1], text) for text in texts) for id_, texts in gold.items())

    @staticmethod
    def best_span(feature: dict, out: torch.Tensor) -> tuple[float, str]:
        start, end = out[: len(feature["rows"][0])].unbind(1)
        tops = [scores.topk(min(20, len(scores))).indices.tolist() for scores in (start, end)]
        best = (-math.inf, "")
        for i in tops[0]:
            for j in tops[1]:
                if i <= j < i + 30 and feature["inside"][i] and feature["inside"][j]:
                    text = feature["question"]["context"][feature["offsets"][i][0] : feature["offsets"][j][1]]
                    best = max(best, (float(start[i] + end[j]), text.strip()), key=lambda found: found[0])
        return best


class Tydiqa(Squad):
    files = {
        "train": "tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.{}.train.json",
        "test": "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.{}.dev.json",
    }


def word_f1(answer: str, gold: str) -> float:
    """SQuAD's: lower case, without ASCII punctuation and English articles."""
    bags = []
    for text in (answer, gold):
        text = "".join(c for c in text.lower() if c not in string.punctuation)
        bags.append(collections.Counter(re.sub(r"\b(a|an|the)\b", " ", text).split()))
    common = sum((bags[0] & bags[1]).values())
    return 2 * common / (bags[0].total() + bags[1].total()) if common else 0.0


# ---- The reference: training


REFERENCES = {"panx": Panx, "pawsx": Pawsx, "tydiqa": Tydiqa, "xquad": Squad, "hellaswag": Hellaswag}


def padded(rows: list[list[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(map(len, rows))
    ids = torch.tensor([row + [pad] * (width - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return ids, mask


def precision(args):
    return torch.autocast("cpu", torch.bfloat16) if args.precision == "bf16" else contextlib.nullcontext()


def run_reference(args, name: str, seed: int) -> dict:
    torch.manual_seed(seed)
    recipe = TASKS[name]
    tokenizer = AutoTokenizer.from_pretrained(args.encoder)
    task = REFERENCES[name](name, tokenizer, args.data)
    model = Head(AutoModel.from_pretrained(args.encoder, add_pooling_layer=False), task.labels, task.per_token)
    train = task.features("train", "en", recipe["train"])
    steps = math.ceil(recipe["epochs"] * math.ceil(len(train) / recipe["batch"]))
    plain = [p for n, p in model.named_parameters() if n.endswith("bias") or "LayerNorm" in n]
    rest = [p for n, p in model.named_parameters() if not (n.endswith("bias") or "LayerNorm" in n)]
    optimizer = torch.optim.AdamW([{"params": rest, "weight_decay": DECAY}, {"params": plain, "weight_decay": 0}], recipe["lr"])
    warmup = max(1, WARMUP * steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / warmup, (steps - s) / max(1.0, steps - warmup))
    )
    order: list[int] = []
    for step in range(steps):
        order = order or torch.randperm(len(train)).tolist()
        batch, order = [train[i] for i in order[: recipe["batch"]]], order[recipe["batch"] :]
        model.train()
        with precision(args):
            logits = model(*padded([row for feature in batch for row in feature["rows"]], tokenizer.pad_token_id))
        loss = task.loss(logits.float(), batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        print(f"{name} seed {seed} step {step + 1}/{steps} loss {loss.item():.4f}", flush=True)
    model.eval()
    return {
        language: task.score(features := task.features(recipe["split"], language, recipe["test"]),
                             outputs(args, model, features, tokenizer.pad_token_id))
        for language in recipe["languages"]
    }  # fmt: skip


@torch.no_grad()
def outputs(args, model, features: list[dict], pad: int) -> list[torch.Tensor]:
    rows = [row for feature in features for row in feature["rows"]]
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    found: list[torch.Tensor | None] = [None] * len(rows)
    for i in range(0, len(order), 16):
        with precision(args):
            logits = model(*padded([rows[j] for j in order[i : i + 16]], pad)).float()
        for j, row in zip(order[i : i + 16], logits, strict=True):
            found[j] = row
    return found


# ---- Both


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("sojourn", "data", "encoder"):
        parser.add_argument(f"--{name}", type=lambda text: Path(text).expanduser().resolve(), required=True)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16")
    parser.add_argument("--out", type=lambda text: Path(text).resolve(), default=Path("runs/learning").resolve())
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for task in args.tasks:
        values: dict[str, list[dict]] = {"sojourn": [], "transformers": []}
        for seed in args.seeds:
            for name, run in (("sojourn", run_sojourn), ("transformers", run_reference)):
                kept = args.out / f"{name}-{task}-{seed}.json"
                if not kept.exists():
                    kept.write_text(json.dumps(run(args, task, seed)))
                values[name].append(json.loads(kept.read_text()))
        report(task, values)


def report(task: str, values: dict[str, list[dict]]) -> None:
    print(f"\n{task}, {TASKS[task]['metric'][0]}{'':12}  sojourn  transformers  difference")
    for language in [*TASKS[task]["languages"], "mean"]:
        cells = {}
        for name, seeds in values.items():
            means = [statistics.mean(v.values()) if language == "mean" else v[language] for v in seeds]
            cells[name] = (statistics.mean(means), statistics.stdev(means) if len(means) > 1 else None)
        texts = [f"{mean:.1f}" + ("" if sd is None else f" sd {sd:.1f}") for mean, sd in cells.values()]
        difference = cells["sojourn"][0] - cells["transformers"][0]
        print(f"  {language:8} {texts[0]:>14} {texts[1]:>14} {difference:+8.1f}", flush=True)


if __name__ == "__main__":
    main()
