"""A small world to run studies in: an encoder made by a formula, a few rows of data, a study."""

import json
import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
BINARY = os.environ["SOJOURN_BINARY"]
TEMPLATE_DATA = TESTS.parent / "sdk/templates/data/sequence_classification"  # of new-task
SANITIZED = os.environ.get("SOJOURN_SANITIZED") == "1"

STUDY = """\
schema = 1
name = "small"
seeds = [1]

[encoder]
path = "encoder"

[data]
root = "data"

[recipes.default]
batch_size = 4
micro_batch = 2
max_tokens = 32
peak_lr = 1e-3
warmup = 0.1
epochs = 2

[[intermediate]]
name = "mnli"
train = ["mnli"]

[[target]]
task = "xnli"

[[target]]
task = "udpos"

[[target]]
task = "tatoeba"
layer = 2
"""

PAIRS = [
    ("the dog sees a cat", "a cat is seen", "entailment"),
    ("two men sing", "the men are in a choir", "neutral"),
    ("the shop is shut", "the shop is open", "contradiction"),
    ("she reads the letter", "a letter is read", "entailment"),
    ("rain fell all day", "it rained near the sea", "neutral"),
    ("he sold the car", "he still owns it", "contradiction"),
]
SENTENCES = [
    [("the", "DET"), ("dog", "NOUN"), ("runs", "VERB"), (".", "PUNCT")],
    [("she", "PRON"), ("sings", "VERB")],
    [("a", "DET"), ("red", "ADJ"), ("car", "NOUN")],
    [("he", "PRON"), ("sleeps", "VERB"), ("here", "ADV")],
]
TRANSLATIONS = [("ein hund", "a dog"), ("die katze", "the cat"), ("rote autos", "red cars")]


def nli_lines(prefix: str) -> str:
    rows = [
        {"gold_label": label, "sentence1": a, "sentence2": b, "pairID": f"{prefix}{i}"}
        for i, (a, b, label) in enumerate(PAIRS)
    ]
    return "".join(json.dumps(row) + "\n" for row in rows)


def tagged_lines() -> str:
    return "".join("".join(f"{word}\t{tag}\n" for word, tag in sentence) + "\n" for sentence in SENTENCES)


class World:
    def __init__(self, root: Path):
        self.root = root
        self.study = root / "study.toml"
        self.encoder = root / "encoder"
        self.data = root / "data"
        make = [sys.executable, str(TESTS / "golden" / "tiny_model.py"), str(self.encoder), "--type", "bert"]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        self.write("study.toml", STUDY)
        self.write("data/mnli/multinli_1.0_train.jsonl", nli_lines("t"))
        self.write("data/mnli/multinli_1.0_dev_matched.jsonl", nli_lines("d"))
        for language in ("en", "de"):
            rows = "".join("\t".join(pair) + "\n" for pair in PAIRS)
            self.write(f"data/xnli/test-{language}.tsv", rows)
            self.write(f"data/udpos/test-{language}.tsv", tagged_lines())
        self.write("data/udpos/train-en.tsv", tagged_lines())
        self.write("data/udpos/dev-en.tsv", tagged_lines())
        self.write("data/tatoeba/tatoeba.deu-eng.deu", "".join(a + "\n" for a, _ in TRANSLATIONS))
        self.write("data/tatoeba/tatoeba.deu-eng.eng", "".join(b + "\n" for _, b in TRANSLATIONS))

    def write(self, name: str, content) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / name
        text = path.read_text()
        assert old in text, f"{name} has no {old!r}"
        path.write_text(text.replace(old, new, 1))

    def environment(self) -> dict:
        return os.environ | {"XDG_CACHE_HOME": str(self.root / "cache")}

    def sojourn(self, *arguments: str, timeout: float = 300) -> subprocess.CompletedProcess:
        return subprocess.run(
            [BINARY, *arguments], cwd=self.root, env=self.environment(), capture_output=True, text=True, timeout=timeout
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        return self.sojourn("run", "study.toml", "--threads", "2", *arguments)

    def results(self, out: str = "runs/small") -> list[dict]:
        return [json.loads(line) for line in (self.root / out / "results.jsonl").read_text().splitlines()]
