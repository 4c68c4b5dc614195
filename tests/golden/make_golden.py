#!/usr/bin/env python3
"""Writes what transformers computes with an encoder, for the parity tests to meet.

    make_golden.py --tiny bert|xlm-roberta --out tests/golden/tiny_bert.json
    make_golden.py --encoder DIRECTORY --out tests/golden/starter_bert.json

Needs torch, transformers and tokenizers. All is fp32 on the CPU, in eval mode (no dropout), with
eager attention. TEXTS are one batch, padded on the right.

The JSON (floats at 9 significant digits; sums and norms taken in fp64):

model_type, pad_id   of the encoder
files                SHA-256 of the tiny encoder's files; absent for others
rows                 per text: text, pair (or null), ids with special tokens and without padding
dimensions           the hidden dimensions that `values` shows
hidden_states        [layer][row], layer 0 being the output of the embeddings:
                       sum, abs_sum  over all real tokens and dimensions
                       values        at the first, second, middle and last token
steps                three steps of AdamW on the batch; each has
                       rate           0, then RATE / 2, then RATE: a warm-up of two steps
                       loss           mean cross entropy of logits = h @ W.T + b; h is the last
                                      layer at position 0, the label of row i is i % 3, and at the
                                      start W[c][j] = float32(0.2 * sin(1 + c * H + j)), b = 0
                       gradient_norm  of all gradients together, before clipping
                     Gradients are clipped to a norm of 1: times min(1, 1 / (norm + 1e-6)). Decay is
                     0.01 except for biases and layer norms, eps 1e-8. Head and encoder are trained;
                     a pooler is not.
parameters           by name ("head.weight", "head.bias", the rest as in the encoder's file):
                       gradient   norm at the first step, before clipping
                       sum, norm  after the three steps
                       moved      norm of the change over the three steps
                       values     after the steps, at flat indices 0, n // 3 and n - 1
noise                how far float32 is from float64 for this model, which bounds what can be asked:
                       hidden_states  largest absolute difference by layer
                       loss, gradient_norm  relative differences at the first step
"""

import argparse
import copy
import hashlib
import json
import math
import tempfile
from pathlib import Path

import tiny_model
import torch
import transformers

MAX_TOKENS, RATE = 60, 1e-4
TEXTS = [
    ("Nobody has watered the tomatoes since Friday.", "The tomatoes got water on Sunday."),
    ("Am Abend legt die letzte Fähre um zehn ab, nicht um elf.", None),
    ("Она забыла ключи на кухонном столе.", "Ключи остались дома."),
    ("أغلقت المكتبة أبوابها قبل ساعة.", None),
    ("बच्चे नदी के किनारे पत्थर गिन रहे हैं।", "नदी सूख गई है।"),
    ("火车站旁边新开了一家面包店。", None),
    ("となりの犬はよくねむる。", "犬がほえている。"),
    ("옆집 할머니는 고추를 말리신다.", None),
    ("ร้านนี้ขายแต่ดอกไม้", None),
    ("Mvua ilinyesha usiku kucha.", "Usiku ulikuwa mkavu."),
    ("Kapıyı üç kez çaldı; kimse açmadı!", None),
    ("Ο γάτος κοιμάται. " * 6, "Three grey boats, (one red) and 24 oars: £7.50 each? " * 4),
]
LABELS = torch.arange(len(TEXTS)) % 3


def rounded(value):
    """Tensors and nested lists as floats of 9 significant digits, which restore any fp32."""
    if isinstance(value, torch.Tensor):
        value = value.tolist()
    return [rounded(v) for v in value] if isinstance(value, list) else float(f"{value:.9g}")


def norm(tensors) -> float:
    return math.sqrt(sum(float(t.double().square().sum()) for t in tensors))


class Model(torch.nn.Module):
    def __init__(self, directory: Path):
        super().__init__()
        self.encoder = transformers.AutoModel.from_pretrained(
            directory, dtype=torch.float32, attn_implementation="eager", add_pooling_layer=False
        )
        width = self.encoder.config.hidden_size
        self.head = torch.nn.Linear(width, 3)
        index = torch.arange(3 * width, dtype=torch.float64).reshape(3, width)
        with torch.no_grad():
            self.head.weight.copy_(0.2 * torch.sin(1 + index))
            self.head.bias.zero_()
        self.eval()

    def forward(self, batch):
        states = self.encoder(**batch, output_hidden_states=True).hidden_states
        return states, torch.nn.functional.cross_entropy(self.head(states[-1][:, 0]), LABELS)

    def by_name(self) -> dict[str, torch.nn.Parameter]:
        return {name.removeprefix("encoder."): p for name, p in self.named_parameters()}


def hidden_states(states, lengths, dimensions) -> list:
    def describe(row):
        shown = row[[0, 1, len(row) // 2, len(row) - 1]][:, dimensions]
        wide = row.double()
        return {"sum": rounded(wide.sum()), "abs_sum": rounded(wide.abs().sum()), "values": rounded(shown)}

    return [[describe(row[:n]) for row, n in zip(state.detach(), lengths)] for state in states]


def train(model, batch) -> tuple[list, dict]:
    parameters = model.by_name()
    start = {name: p.detach().clone() for name, p in parameters.items()}
    undecayed = [p for name, p in parameters.items() if name.endswith("bias") or "LayerNorm" in name]
    decayed = [p for name, p in parameters.items() if not (name.endswith("bias") or "LayerNorm" in name)]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": undecayed, "weight_decay": 0.0}], eps=1e-8
    )
    steps, first = [], None
    for rate in (0.0, RATE / 2, RATE):
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss = model(batch)[1]
        loss.backward()
        first = first or {name: norm([p.grad]) for name, p in parameters.items()}
        total = norm(p.grad for p in parameters.values())
        steps.append({"rate": rate, "loss": rounded(loss.item()), "gradient_norm": rounded(total)})
        torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0)
        optimizer.step()

    def describe(name, p):
        flat = p.detach().flatten()
        return {
            "gradient": rounded(first[name]),
            "sum": rounded(flat.double().sum()),
            "norm": rounded(norm([flat])),
            "moved": rounded(norm([p.detach().double() - start[name].double()])),
            "values": rounded(flat[[0, len(flat) // 3, len(flat) - 1]]),
        }

    return steps, {name: describe(name, p) for name, p in parameters.items()}


def rounding_noise(model, batch) -> dict:
    found = []
    for each in model, copy.deepcopy(model).double():
        states, loss = each(batch)
        loss.backward()
        found.append((states, loss.item(), norm(p.grad for p in each.by_name().values())))
        each.zero_grad()
    (states, *numbers), (wide_states, *wide_numbers) = found
    real = batch["attention_mask"].bool()
    layers = [(a.detach() - b.detach())[real].abs().max() for a, b in zip(states, wide_states)]
    loss, gradient = (abs(a / b - 1) for a, b in zip(numbers, wide_numbers))
    return {"hidden_states": rounded([float(x) for x in layers]), "loss": rounded(loss), "gradient_norm": rounded(gradient)}


def golden(directory: Path) -> dict:
    tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
    model = Model(directory)
    rows = [tokenizer(*pair, truncation=True, max_length=MAX_TOKENS)["input_ids"] for pair in TEXTS]
    batch = dict(tokenizer.pad({"input_ids": rows}, return_tensors="pt"))
    width = model.encoder.config.hidden_size
    dimensions = [0, 1, width // 3, width // 2, width - 1]
    result = {
        "made_with": {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__},
        "model_type": model.encoder.config.model_type,
        "pad_id": tokenizer.pad_token_id,
        "rows": [{"text": a, "pair": b, "ids": ids} for (a, b), ids in zip(TEXTS, rows)],
        "dimensions": dimensions,
        "noise": rounding_noise(model, batch),
        "hidden_states": hidden_states(model(batch)[0], [len(ids) for ids in rows], dimensions),
    }
    result["steps"], result["parameters"] = train(model, batch)
    return result


def tiny_golden(model_type: str) -> dict:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        tiny_model.write(directory, model_type)
        hashes = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(directory.iterdir())}
        return {"files": hashes} | golden(directory)


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--tiny", choices=["bert", "xlm-roberta"], help="the encoder of tiny_model.py")
    source.add_argument("--encoder", type=Path, help="any other, a Hugging Face directory")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    result = tiny_golden(args.tiny) if args.tiny else golden(args.encoder)
    args.out.write_text(json.dumps(result, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
