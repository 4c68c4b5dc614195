#!/usr/bin/env python3
"""Chunks, answers and labels scored by the SDK and by the reference libraries on random input: 0 may differ.

    compare_references.py --probe build/dev/tests/metrics/scoring_probe --mlqa-script evaluate_mlqa.py \
                          --squad-script evaluate_squad.py
                          [--cases 10000] [--seed 1] [--write-golden tests/golden/metrics.json]

The references are seqeval 0.0.12 and 1.2.2, and the SQuAD v2 rules of transformers 4.46.3, fetched with pip at these
versions, with scikit-learn 1.7.2 for accuracy and F1; SQuAD v1.1 and MLQA are the scripts that come with XTREME (third_party/evaluate_squad.py and
evaluate_mlqa.py), of which --mlqa-script names one and --squad-script the other. Needs pip, nothing else.

Input is made to hurt: malformed BIO, IOBES prefixes, tags without a type; punctuation of all scripts, articles inside
and beside words, combining marks, digits that aren't ASCII, characters whose lower case is longer, and random ones
below U+3000 and above. Unicode properties are those of ICU here and of Python there: characters newer than
either aren't used.
"""

import argparse
import collections
import importlib.util
import json
import math
import random
import re
import string
import subprocess
import sys
import tarfile
import tempfile
import typing
import unicodedata
import warnings
import zipfile
from pathlib import Path

TAGS = (
    "O B-PER I-PER E-PER S-PER B-LOC I-LOC PER I B X . ADJ ADP AUX CCONJ SCONJ SYM NOUN NUM INTJ VERB B-MISC-X I- - "
    "O-PER X-O B-O _ E S L-LOC U-LOC I-A-B"
).split()
CHARACTERS = (
    "aAtTheEnN .,-'\"!?%$_ \t\u00a0\u3000der das una el la los einen c\u1ee7a l\u00e0 c\u00e1i "
    "\u0627\u0644\u0643\u062a\u0627\u0628 \u4e2d\u6587\u9fa5\u9fa6\uff0c\u3002\u3001\u300c\u300d \u0939\u093f\u0928\u094d"
    "\u0964 \u03a3\u0391\u03a3 \u0130I\u0131\u00df \u01c5 \ufb01 e\u0301 \u0966 \u0663 \u00b2 \u00bd \u2167 "
    "\u200b\u200d\u2028\x1c\x85 \U0001f600\U0001d49c\U00010400 \u203f\u2013\u2014\u00ab\u00bb\u00bf\u00a1"
)
WORDS = (
    "a an the The A theatre der die das ein un la los c\u1ee7a l\u00e0 chi\u1ebfc \u0627\u0644 "
    "\u0627\u0644\u0628\u064a\u062a \u5728 \u4e2d\u56fd \u4eba\u3002 cafe\u0301 \u039f\u0394\u039f\u03a3 "
    "\u0130stanbul x_the the_ the- -a- a.b 9th \u00bd \u2167 \u00b2 \u0939\u093f\u0928\u094d\u0926\u0940 \u0964 "
    "\u0301the the\u0301 \u00bfel el? l'an \U0001d49ca \U00010400 don't \u200bthe"
).split(" ")
LANGUAGES = ("en", "es", "de", "ar", "hi", "vi", "zh")


def from_package(requirement: str, member: str, first: str, end: str, folder: Path) -> dict:
    """The functions between two lines of a file of a package, without what the file imports."""
    target = folder / requirement
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", target]
    subprocess.run([*command, requirement], check=True)
    (archive,) = target.iterdir()
    if archive.suffix == ".whl":
        text = zipfile.ZipFile(archive).read(member).decode()
    else:
        with tarfile.open(archive) as tar:
            name = next(n for n in tar.getnames() if n.endswith(member))
            text = tar.extractfile(name).read().decode()
    names = vars(typing) | {"collections": collections, "re": re, "string": string, "warnings": warnings}
    start = text.index(f"def {first}")
    exec(text[start : text.index(f"def {end}", start)], names)
    return names


def sklearn_metrics(folder: Path):
    target = folder / "scikit-learn"
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "-t", target, "scikit-learn==1.7.2"], check=True)
    sys.path.insert(0, str(target))
    return importlib.import_module("sklearn.metrics")


def equal(found, want) -> bool:
    """To the last bit; percentages to rounding, since the reference divides before it multiplies by 100."""
    return math.isclose(found, want, rel_tol=1e-15) if isinstance(want, float) else found == want


def from_script(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def random_text(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.4:
        return " ".join(rng.choice(WORDS) for _ in range(rng.randint(0, 6)))
    if kind < 0.75:
        return "".join(rng.choice(CHARACTERS) for _ in range(rng.randint(0, 14)))
    text = ""
    for _ in range(rng.randint(0, 8)):
        character = chr(rng.randint(1, 0x10FFFF if rng.random() < 0.3 else 0x3000))
        if unicodedata.category(character) not in ("Cs", "Cn"):
            text += character
    return text


def make_cases(rng: random.Random, n: int):
    for _ in range(n):
        tags = [rng.choice(TAGS) for _ in range(rng.randint(0, 12))]
        for profile in ("xtreme-2020", "seqeval-1"):
            yield {"rules": f"chunks/{profile}", "tags": tags}
        answer = random_text(rng)
        gold = [random_text(rng) for _ in range(rng.randint(1, 3))]
        if rng.random() < 0.3:
            gold[0] = answer + rng.choice(["", ".", " the", "a"])
        yield {"rules": "squad", "answer": answer, "gold": gold}
        yield {"rules": "squad-v2", "answer": answer, "gold": gold if rng.random() < 0.7 else []}
        for language in LANGUAGES:
            yield {"rules": "mlqa", "language": language, "answer": answer, "gold": gold}
        n_labels = rng.randint(1, 40)
        for rules, labels in (("accuracy", 5), ("f1", 2)):
            gold, predicted = ([rng.randrange(labels) for _ in range(n_labels)] for _ in range(2))
            yield {"rules": rules, "gold": gold, "predicted": predicted}


class References:
    def __init__(self, args, folder: Path) -> None:
        labelling = "seqeval/metrics/sequence_labeling.py"
        self.chunks = {
            "xtreme-2020": from_package("seqeval==0.0.12", labelling, "get_entities", "f1_score", folder),
            "seqeval-1": from_package("seqeval==1.2.2", labelling, "get_entities", "f1_score", folder),
        }
        metrics = "transformers/data/metrics/squad_metrics.py"
        self.v2 = from_package("transformers==4.46.3", metrics, "normalize_answer", "get_raw_scores", folder)
        self.squad = from_script(args.squad_script)
        self.mlqa = from_script(args.mlqa_script)
        self.labels = sklearn_metrics(folder)

    def score(self, case: dict) -> list | float:
        rules = case["rules"]
        if rules == "accuracy":
            return 100 * float(self.labels.accuracy_score(case["gold"], case["predicted"]))
        if rules == "f1":
            return 100 * float(self.labels.f1_score(case["gold"], case["predicted"], zero_division=0))
        if rules.startswith("chunks/"):
            found = self.chunks[rules.removeprefix("chunks/")]["get_entities"](list(case["tags"]))
            return [list(chunk) for chunk in found]
        answer, gold = case["answer"], case["gold"]
        if rules == "squad-v2":
            gold = [text for text in gold if self.v2["normalize_answer"](text)] or [""]
            scores = [(self.v2["compute_exact"](text, answer), self.v2["compute_f1"](text, answer)) for text in gold]
        else:
            module, more = (self.squad, ()) if rules == "squad" else (self.mlqa, (case["language"],))
            scores = [
                (module.exact_match_score(answer, text, *more), module.f1_score(answer, text, *more)) for text in gold
            ]
        return [float(max(exact for exact, _ in scores)), float(max(f1 for _, f1 in scores))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("probe", "mlqa-script", "squad-script"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write-golden", type=Path)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    cases = list(make_cases(random.Random(args.seed), args.cases))
    with tempfile.TemporaryDirectory() as folder:
        references = References(args, Path(folder))
        expected = [references.score(case) for case in cases]
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    replies = subprocess.run([args.probe], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    compared, differ = collections.Counter(), collections.Counter()
    for case, want, reply in zip(cases, expected, replies, strict=True):
        compared[case["rules"]] += 1
        if not equal(json.loads(reply), want):
            differ[case["rules"]] += 1
            print(json.dumps({"case": case, "expected": want, "found": json.loads(reply)}))
    for rules, n in sorted(compared.items()):
        print(f"{rules:20} {n:8,} compared  {differ[rules]} differ")
    if args.write_golden:
        golden = [case | {"expected": want} for case, want in zip(cases, expected, strict=True)]
        args.write_golden.write_text("[\n" + ",\n".join(json.dumps(case) for case in golden) + "\n]\n")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
