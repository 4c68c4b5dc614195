#!/usr/bin/env python3
"""An encoder that the host trained and saved loads in transformers and computes the same there, and the decoder
of a masked language model made from it is tied to its word embeddings.

    loads_in_transformers.py --probe BINARY [--encoder DIRECTORY ...]

Tried on the tiny encoder in both types, and on each DIRECTORY. Exit code 77 where transformers is
missing, 1 where something differs.
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
    import torch
    import transformers
    from safetensors.torch import load_file
except ImportError as missing:
    print(f"SKIPPED: {missing}")
    sys.exit(77)

import tiny_model  # noqa: E402 (found on the path that was just set)

TOLERANCE = 1e-5
# The text and ids of one kind of encoder; ids of the starter encoder aren't those of the tiny one.
GOLDEN_OF = {"tiny bert": "tiny_bert", "tiny xlm-roberta": "tiny_xlmr"}


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)


def check_tokenizer(directory: Path, rows: list) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
    for row in rows:
        ids = tokenizer(row["text"], row["pair"], truncation=True, max_length=60)["input_ids"]
        expect(ids == row["ids"], f"the tokenizer gives {ids} for {row['text']!r}, expected {row['ids']}")


def load(directory: Path):
    model, report = transformers.AutoModel.from_pretrained(
        directory, attn_implementation="eager", add_pooling_layer=False, output_loading_info=True
    )
    for what, names in report.items():
        expect(not names, f"transformers reports {what}: {names}")
    expect(model.dtype == torch.float32, f"weights are {model.dtype}, expected float32")
    return model.eval()


def check_states(model, rows: list, expected: dict) -> float:
    """The largest difference over all layers and real tokens."""
    expect(len(expected) == model.config.num_hidden_layers + 1, f"found {len(expected)} hidden states")
    worst = 0.0
    for i, row in enumerate(rows):
        with torch.no_grad():
            states = model(torch.tensor([row["ids"]]), output_hidden_states=True).hidden_states
        for layer, state in enumerate(states):
            difference = (state[0] - expected[str(layer)][i, : len(row["ids"])]).abs().max().item()
            expect(difference < TOLERANCE, f"row {i}, layer {layer}: hidden states differ by {difference:.2g}")
            worst = max(worst, difference)
    return worst


def check_tied(directory: Path) -> None:
    """A masked language model's decoder is the table of word embeddings, as it was trained."""
    model, report = transformers.AutoModelForMaskedLM.from_pretrained(directory, output_loading_info=True)
    decoder = model.get_output_embeddings().weight
    words = model.get_input_embeddings().weight
    expect(decoder.data_ptr() == words.data_ptr(), "the decoder isn't tied to the word embeddings")
    saved = load_file(directory / "model.safetensors")["embeddings.word_embeddings.weight"]
    expect(torch.equal(decoder, saved), "the decoder isn't what was saved")
    missing = [key for key in report["missing_keys"] if not key.startswith(("lm_head.", "cls."))]
    expect(not missing, f"of the encoder, transformers misses {missing}")


def check(probe: str, name: str, encoder: Path, scratch: Path, tied: bool) -> None:
    kind = json.loads((encoder / "config.json").read_text())["model_type"]
    golden = GOLDEN_OF.get(name, "starter_bert" if kind == "bert" else "starter_xlmr")
    rows = json.loads((GOLDEN / f"{golden}.json").read_text(encoding="utf-8"))["rows"]
    ids, out = scratch / "rows.json", scratch / ("tied" if tied else "out")
    ids.write_text(json.dumps([row["ids"] for row in rows]))
    subprocess.run([probe, encoder, ids, out, *(["tied"] if tied else [])], check=True)

    model = load(out)
    before = load_file(encoder / "model.safetensors")
    still = [key for key, value in load_file(out / "model.safetensors").items() if torch.equal(value, before[key])]
    expect(not still, f"training left {still} as they were")
    check_tokenizer(out, rows)
    worst = check_states(model, rows, load_file(out / "hidden_states.safetensors"))
    check_tied(out)
    print(f"{name}{', tied' if tied else ''}: hidden states within {worst:.2g}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probe", required=True)
    parser.add_argument("--encoder", type=Path, action="append", default=[])
    args = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for kind in ["bert", "xlm-roberta"]:
        with tempfile.TemporaryDirectory() as scratch:
            encoder = Path(scratch) / "encoder"
            tiny_model.write(encoder, kind)
            for tied in False, True:
                check(args.probe, f"tiny {kind}", encoder, Path(scratch), tied)
    for encoder in args.encoder:
        with tempfile.TemporaryDirectory() as scratch:
            for tied in False, True:
                check(args.probe, str(encoder), encoder, Path(scratch), tied)
    return 0


if __name__ == "__main__":
    sys.exit(main())
