#!/usr/bin/env python3
"""The host trains an adapter as peft does, and peft loads what the host writes.

    adapters_in_peft.py --probe BINARY

From the same initial values, on the tiny encoder in both types: hidden states of all layers, loss, gradients, and the
matrices after three steps of AdamW with clipping and warm-up. Exit code 77 where peft is missing, 1 where something
differs.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
sys.dont_write_bytecode = True
sys.path.insert(0, str(GOLDEN))

try:
    import peft
    import torch
    import transformers
    from safetensors.torch import load_file
except ImportError as missing:
    print(f"SKIPPED: {missing}")
    sys.exit(77)

import tiny_model  # noqa: E402 (found on the path that was just set)

STATES = 1e-5  # absolute
RELATIVE = 1e-5  # of losses, and of norms of gradients and matrices
MERGED = 1e-6  # relative: what rounding alone makes of adding the product to the weights
RATES = 0.0, 5e-3, 1e-2
PREFIX = "base_model.model."
# Modules at several places of a layer, whose rows the host keeps in one matrix, and in some layers only.
KINDS = [
    {"target_modules": ["query", "value"]},
    {"target_modules": ["key", "output.dense"], "layers_to_transform": [1, 2], "layers_pattern": "layer"},
]


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)


def load(encoder: Path):
    return transformers.AutoModel.from_pretrained(
        encoder, attn_implementation="eager", add_pooling_layer=False, dtype=torch.float32
    ).eval()


def padded(rows: list, pad_id: int) -> dict:
    width = max(map(len, rows))
    return {
        "input_ids": torch.tensor([row + [pad_id] * (width - len(row)) for row in rows]),
        "attention_mask": torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows]),
    }


def states_of(model, batch: dict) -> list:
    with torch.no_grad():
        return model(**batch, output_hidden_states=True).hidden_states


def check_states(found: dict, prefix: str, states: list, batch: dict, tolerance: float) -> float:
    real = batch["attention_mask"].bool()
    worst = 0.0
    for layer, state in enumerate(states):
        difference = (found[f"{prefix}{layer}"] - state)[real].abs().max().item()
        expect(difference < tolerance, f"{prefix}{layer}: hidden states differ by {difference:.2g}")
        worst = max(worst, difference)
    return worst


def near(found, expected, what: str, tolerance: float = RELATIVE) -> None:
    difference = torch.linalg.vector_norm((torch.as_tensor(found) - torch.as_tensor(expected)).double())
    scale = torch.linalg.vector_norm(torch.as_tensor(expected).double())
    expect(difference <= tolerance * scale, f"{what}: off by {difference:.2g} of {scale:.3g}")


def train(model, batch: dict):
    """Losses and norms of gradients, and the gradients of the first step."""
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(parameters.values(), weight_decay=0.01, eps=1e-8)
    steps, first = [], None
    for rate in RATES:
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        loss = model(**batch).last_hidden_state[:, 0].pow(3).mean()
        loss.backward()
        first = first or {name: p.grad.clone() for name, p in parameters.items()}
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0)
        steps.append((loss.item(), norm.item()))
        optimizer.step()
    return steps, first


def bare(name: str) -> str:
    """A parameter of peft's model as the host calls it."""
    return name.removeprefix(PREFIX).replace(".default.weight", ".weight")


def check(probe: str, name: str, encoder: Path, kind: dict, rows: list, scratch: Path) -> None:
    batch = padded(rows, json.loads((encoder / "config.json").read_text())["pad_token_id"])
    torch.manual_seed(1)
    config = peft.LoraConfig(r=4, lora_alpha=8, lora_dropout=0.0, **kind)
    model = peft.get_peft_model(load(encoder), config).eval()
    with torch.no_grad():  # B of 0 would hide what A does
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.normal_(std=0.05)
    model.save_pretrained(scratch / "start")
    (scratch / "rows.json").write_text(json.dumps(rows))
    out = scratch / "out"
    out.mkdir()
    subprocess.run([probe, encoder, scratch / "start", scratch / "rows.json", out], check=True)

    found = load_file(out / "tensors.safetensors")
    worst = check_states(found, "before.", states_of(model, batch), batch, STATES)
    steps, gradients = train(model, batch)
    for i, (step, expected) in enumerate(zip(json.loads((out / "steps.json").read_text()), steps, strict=True)):
        near(step["loss"], expected[0], f"loss of step {i}")
        near(step["gradient_norm"], expected[1], f"gradient norm of step {i}")
    for key, gradient in gradients.items():
        near(found["gradient." + bare(key)], gradient, f"gradient of {key}")
    trained = {bare(key): value for key, value in load_file(out / "adapter/adapter_model.safetensors").items()}
    for key, value in model.named_parameters():
        if value.requires_grad:
            near(trained.pop(bare(key)), value.detach(), key)
    expect(not trained, f"the host wrote {list(trained)}, which peft hasn't")
    check_states(found, "after.", states_of(model, batch), batch, STATES)

    again = peft.PeftModel.from_pretrained(load(encoder), out / "adapter").eval()
    check_states(found, "after.", states_of(again, batch), batch, STATES)
    for layer in range(model.config.num_hidden_layers + 1):
        near(found[f"merged.{layer}"], found[f"after.{layer}"], f"layer {layer}, merged", MERGED)
    check_states(found, "merged.", states_of(again.merge_and_unload(), batch), batch, STATES)
    print(f"{name}, {'+'.join(kind['target_modules'])}: hidden states within {worst:.2g}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probe", required=True)
    args = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    rows = json.loads((GOLDEN / "tiny_bert.json").read_text(encoding="utf-8"))["rows"]
    for model_type in ["bert", "xlm-roberta"]:
        for kind in KINDS:
            with tempfile.TemporaryDirectory() as scratch:
                encoder = Path(scratch) / "encoder"
                tiny_model.write(encoder, model_type)
                check(args.probe, f"tiny {model_type}", encoder, kind, [row["ids"] for row in rows], Path(scratch))
    return 0


if __name__ == "__main__":
    sys.exit(main())
