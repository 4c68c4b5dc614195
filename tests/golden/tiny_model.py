#!/usr/bin/env python3
"""Writes a tiny encoder, as a Hugging Face directory, whose every byte follows from a formula.

    tiny_model.py DIRECTORY --type bert|xlm-roberta

core/model/tiny_model.cpp is the same in C++, so that tests need no Python; a test compares the
two by SHA-256. Only integers, and floating-point operations that every machine rounds alike, are used.
"""

import argparse
import json
import struct
from pathlib import Path

HIDDEN, LAYERS, HEADS, INTERMEDIATE, MAX_TOKENS = 32, 4, 4, 64, 128
SPARE_ROWS = 5  # ids of no piece, as real encoders have
PAD = 1
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
LONG_PIECES = ["\u2581the", "\u2581d", "\u2581s", "th", "er", "in", "ei", "ch", "wa", "an", "\u0441\u0442",
               "\u0430\u043b", "\u0627\u0644"]
# First and last code point of what else is a piece; other characters are unknown.
RANGES = [(0x2581, 0x2581), (0x61, 0x7A), (0x41, 0x5A), (0x30, 0x39), (0x21, 0x2F), (0x3A, 0x3F),
          (0xDF, 0xFC), (0x3B1, 0x3C9), (0x430, 0x44F), (0x627, 0x63A), (0x641, 0x64A), (0x915, 0x939),
          (0x93E, 0x94D), (0xE01, 0xE2E), (0x3042, 0x3060)]
MASK32 = 0xFFFFFFFF


def mix(x: int) -> int:
    """Scatters 32 bits (the finalizer of MurmurHash3)."""
    x = (x ^ x >> 16) * 0x85EBCA6B & MASK32
    x = (x ^ x >> 13) * 0xC2B2AE35 & MASK32
    return x ^ x >> 16


def pieces() -> list[list]:
    """[piece, score] by id. Scores are irregular multiples of 2^-16: no two ways to cut a text tie."""
    texts = LONG_PIECES + [chr(c) for first, last in RANGES for c in range(first, last + 1)]
    scored = [[text, -(2 + i / 64 + (mix(i) & 1023) / 65536)] for i, text in enumerate(texts)]
    return [[text, 0.0] for text in SPECIAL] + scored + [["<mask>", 0.0]]


def tokenizer() -> dict:
    vocabulary = pieces()
    ids = {text: i for i, (text, _) in enumerate(vocabulary)}
    special = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}

    def token(text):
        return {"SpecialToken": {"id": text, "type_id": 0}}

    def sequence(name):
        return {"Sequence": {"id": name, "type_id": 0}}

    metaspace = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
    single = [token("<s>"), sequence("A"), token("</s>")]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [special | {"id": ids[text], "content": text} for text in [*SPECIAL, "<mask>"]],
        "normalizer": {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
        "pre_tokenizer": metaspace,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": single,
            "pair": [*single, token("</s>"), sequence("B"), token("</s>")],
            "special_tokens": {t: {"id": t, "ids": [ids[t]], "tokens": [t]} for t in ["<s>", "</s>"]},
        },
        "decoder": metaspace,
        "model": {"type": "Unigram", "unk_id": 3, "vocab": vocabulary, "byte_fallback": False},
    }


TOKENIZER_CONFIG = {
    "tokenizer_class": "XLMRobertaTokenizer", "model_max_length": MAX_TOKENS, "bos_token": "<s>",
    "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "pad_token": "<pad>",
    "unk_token": "<unk>", "mask_token": "<mask>",
}


def config(model_type: str) -> dict:
    is_bert = model_type == "bert"
    return {
        "architectures": ["BertModel" if is_bert else "XLMRobertaModel"],
        "model_type": model_type,
        "vocab_size": len(pieces()) + SPARE_ROWS,
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": INTERMEDIATE,
        "max_position_embeddings": MAX_TOKENS + (0 if is_bert else PAD + 1),
        "type_vocab_size": 2 if is_bert else 1,
        "layer_norm_eps": 1e-12 if is_bert else 1e-5,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "bos_token_id": 0,
        "pad_token_id": PAD,
        "eos_token_id": 2,
        "dtype": "float32",
    }


def tensors(model_type: str) -> list[tuple[str, list[int], float, float]]:
    """Name, shape, centre and spread of each tensor, in the order of the file."""
    settings = config(model_type)

    def norm(name):
        return [(name + ".weight", [HIDDEN], 1.0, 0.125), (name + ".bias", [HIDDEN], 0.0, 0.125)]

    def linear(name, out, into):
        return [(name + ".weight", [out, into], 0.0, 0.3125), (name + ".bias", [out], 0.0, 0.125)]

    tables = [("word", "vocab_size"), ("position", "max_position_embeddings"), ("token_type", "type_vocab_size")]
    every = [(f"embeddings.{name}_embeddings.weight", [settings[rows], HIDDEN], 0.0, 0.5) for name, rows in tables]
    every += norm("embeddings.LayerNorm")
    for i in range(LAYERS):
        layer = f"encoder.layer.{i}."
        for name in ["query", "key", "value"]:
            every += linear(layer + "attention.self." + name, HIDDEN, HIDDEN)
        every += linear(layer + "attention.output.dense", HIDDEN, HIDDEN)
        every += norm(layer + "attention.output.LayerNorm")
        every += linear(layer + "intermediate.dense", INTERMEDIATE, HIDDEN)
        every += linear(layer + "output.dense", HIDDEN, INTERMEDIATE)
        every += norm(layer + "output.LayerNorm")
    return every


def weights(model_type: str) -> bytes:
    """The safetensors file: value j of tensor i is centre + spread * u, u in [-1, 1) from mix()."""
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for i, (name, shape, centre, spread) in enumerate(tensors(model_type)):
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        units = [(mix((j + 1) * 0x9E3779B9 + i * 0x7F4A7C15 & MASK32) - 2**31) / 2**31 for j in range(count)]
        values = struct.pack(f"<{count}f", *[centre + spread * u for u in units])
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def write(directory: Path, model_type: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in {
        "config.json": config(model_type),
        "tokenizer.json": tokenizer(),
        "tokenizer_config.json": TOKENIZER_CONFIG,
    }.items():
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        (directory / name).write_text(text + "\n", encoding="utf-8")
    (directory / "model.safetensors").write_bytes(weights(model_type))


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--type", choices=["bert", "xlm-roberta"], required=True)
    args = parser.parse_args()
    write(args.directory, args.type)


if __name__ == "__main__":
    main()
