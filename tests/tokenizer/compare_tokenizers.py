#!/usr/bin/env python3
"""Compare token ids with those of the tokenizers library on real sentences of many languages.

    compare_tokenizers.py --probe build/dev/bin/tokenizer_probe [ENCODER_DIRECTORY]

Sentences come from the data folder, the same ones each time. Both sides read the encoder's tokenizer.json.
A text whose ids differ must fall under known differences of the two libraries, each proved by taking its
cause away: our ids must stay, and the library's become equal to them. Any other difference fails.

    end    spaces or invisible characters at the end, for which the library emits a lone space piece
    mask   the same beside a special token in the text
    NFD    letters followed by combining marks that the library's normaliser doesn't compose
    tie    two segmentations of one text whose scores differ by less than float32 rounding

Prints counts per language and kind. Exit code 1: an unknown difference, 77: something needed is absent.
"""

import argparse
import collections
import itertools
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

SKIP = 77
ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
LEAST_TEXTS, LEAST_LANGUAGES = 2000, 20
FLOAT32_EPSILON = 2.0**-23
# What the normaliser of XLM-R turns into a space or drops.
BLANK = "[\x01-\x20\x7f\x8f\x9f\xa0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u2581\u3000\ufeff\ufffd]"
SPECIAL = r"(<s>|</s>|<pad>|<unk>|<mask>)"
LANGUAGES = {  # Tatoeba's codes
    **dict(ara="ar", ben="bn", bul="bg", deu="de", eng="en", est="et", fin="fi", fra="fr", hin="hi"),
    **dict(ind="id", ita="it", jpn="ja", kor="ko", nld="nl", rus="ru", spa="es", tel="te", tur="tr", vie="vi"),
}
CAUSES = {
    "mask": lambda text: re.sub(f"{BLANK}*{SPECIAL}{BLANK}*", r"\1", text),
    "end": lambda text: re.sub(f"{BLANK}+$", "", text),
    "NFD": lambda text: unicodedata.normalize("NFC", text),
}
KINDS = ["end", "mask", "NFD", "tie"]
# One text per kind, so that each way of telling is seen to work in every run.
CRAFTED = {
    "the end of it \u200b": "end",
    "Paris is the <mask> of France.": "mask",
    "Wait.... what?": "tie",
    unicodedata.normalize("NFD", "Tiếng Việt ở Huế, ΐ, ǖ"): "NFD",
}


def skip(reason: str) -> None:
    print(f"SKIPPED: {reason}")
    sys.exit(SKIP)


def lines(file: Path) -> list[str]:
    return [line for line in file.read_text(encoding="utf-8").split("\n") if line.strip()]


def tagged_sentences(file: Path, language: str) -> list[str]:
    """Words of one sentence a paragraph, joined by spaces; WikiANN's words may begin with "xx:"."""
    paragraphs = re.split(r"\n\s*\n", file.read_text(encoding="utf-8"))
    words = ([line.split("\t")[0] for line in p.split("\n") if line.strip()] for p in paragraphs)
    return [" ".join(word.removeprefix(f"{language}:") for word in sentence) for sentence in words if sentence]


def read_texts(data: Path, per_file: int) -> list[tuple[str, str]]:
    """(language, text), evenly spaced over each file; all of them if per_file is 0."""
    sources = []
    for file in sorted(data.glob("tatoeba/tatoeba.*-eng.*")):
        sources.append((LANGUAGES[file.suffix[1:]], lines(file)))
    for file in sorted(data.glob("xnli/test-*.tsv")):
        rows = [line.split("\t")[:2] for line in lines(file)]
        sources.append((file.stem.removeprefix("test-"), list(dict.fromkeys(itertools.chain(*rows)))))
    for file in sorted([*data.glob("panx/*-*.tsv"), *data.glob("udpos/*-*.tsv")]):
        language = file.stem.split("-")[1]
        sources.append((language, tagged_sentences(file, language)))
    texts = []
    for language, all_texts in sources:
        step = max(1, len(all_texts) // per_file) if per_file else 1
        texts += [(language, text) for text in all_texts[::step][: per_file or None]]
    return list(dict.fromkeys(texts))


class Sides:
    """Our ids and the library's for the same tokenizer.json."""

    def __init__(self, probe: Path, directory: str, library):
        self.probe, self.directory, self.library = probe, directory, library

    def ours(self, texts: list[str]) -> list[list[int]]:
        text = "".join(t + "\n" for t in texts).encode()
        run = subprocess.run([self.probe, self.directory], input=text, stdout=subprocess.PIPE, check=True)
        ids = [[int(i) for i in line.split()] for line in run.stdout.decode().split("\n")[:-1]]
        if len(ids) != len(texts):
            sys.exit(f"the probe answered {len(ids)} of {len(texts)} texts")
        return ids

    def theirs(self, texts: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self.library.encode_batch(texts)]


class Tie:
    def __init__(self, vocabulary: list):
        self.vocabulary = vocabulary

    def __call__(self, a: list[int], b: list[int]) -> bool:
        text_a, text_b = ("".join(self.vocabulary[i][0] for i in ids) for ids in (a, b))
        score_a, score_b = (math.fsum(self.vocabulary[i][1] for i in ids) for ids in (a, b))
        return text_a == text_b and abs(score_a - score_b) <= FLOAT32_EPSILON * abs(score_a)


def variants(text: str) -> dict[tuple[str, ...], str]:
    """The text without each set of causes that it shows, the smallest sets first."""
    found: dict[tuple[str, ...], str] = {(): text}
    for size in range(1, len(CAUSES) + 1):
        for names in itertools.combinations(CAUSES, size):
            changed = text
            for name in names:
                changed = CAUSES[name](changed)
            if changed not in found.values():
                found[names] = changed
    return found


def classify(sides: Sides, tie: Tie, texts: list[str]) -> list[str]:
    """The kind of each text's difference, "" where it is unknown."""
    tried = [variants(text) for text in texts]
    flat = [text for by_names in tried for text in by_names.values()]
    ours, theirs = iter(sides.ours(flat)), iter(sides.theirs(flat))
    kinds = []
    for by_names in tried:
        results = [(names, next(ours), next(theirs)) for names in by_names]
        original = results[0][1]
        kept = [(names, a, b) for names, a, b in results if a == original]
        equal = ["+".join(names) for names, a, b in kept if a == b]
        tied = ["+".join((*names, "tie")) for names, a, b in kept if tie(a, b)]
        kinds.append((equal + tied + [""])[0])
    return kinds


def report(texts, differences, kinds) -> None:
    total = collections.Counter(language for language, _ in texts)
    wrong = collections.Counter((texts[i][0], kind or "UNKNOWN") for i, kind in zip(differences, kinds))
    names = [*KINDS, *sorted({kind for _, kind in wrong} - set(KINDS))]
    print("language    texts " + " ".join(f"{name:>9}" for name in names))
    for language in sorted(total):
        print(f"{language:9}{total[language]:8} " + " ".join(f"{wrong[language, n]:9}" for n in names))
    sums = [sum(count for (_, kind), count in wrong.items() if kind == n) for n in names]
    print(f"{'all':9}{len(texts):8} " + " ".join(f"{s:9}" for s in sums))
    print(f"{len(texts):,} texts in {len(total)} languages, {len(differences)} differ")


def check_crafted(sides: Sides, tie: Tie) -> list[str]:
    kinds = classify(sides, tie, list(CRAFTED))
    return [f"crafted {text!r}: {kind!r}, expected {wanted!r}"
            for (text, wanted), kind in zip(CRAFTED.items(), kinds) if kind != wanted]


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("encoder", type=Path, nargs="?", default=CACHE / "sojourn" / "multilingual-e5-small")
    parser.add_argument("--probe", type=Path, required=True, help="the built tokenizer_probe")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--per-file", type=int, default=60, help="texts of each data file; 0: all")
    args = parser.parse_args()
    try:
        import tokenizers
    except ImportError:
        skip("the Python package tokenizers isn't installed")
    if not (args.encoder / "tokenizer.json").is_file():
        skip(f"no tokenizer.json in {args.encoder}")
    if not (args.data / "tatoeba").is_dir():
        skip(f"no data in {args.data}")

    content = (args.encoder / "tokenizer.json").read_bytes()
    texts = read_texts(args.data, args.per_file)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(args.encoder / "tokenizer.json", folder)
        sides = Sides(args.probe, folder, tokenizers.Tokenizer.from_buffer(content))
        tie = Tie(json.loads(content)["model"]["vocab"])
        plain = [text for _, text in texts]
        ours, theirs = sides.ours(plain), sides.theirs(plain)
        differences = [i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b]
        kinds = classify(sides, tie, [plain[i] for i in differences])
        problems = check_crafted(sides, tie)
    report(texts, differences, kinds)
    problems += [f"unknown difference: {texts[i]}" for i, kind in zip(differences, kinds) if not kind]
    if len(texts) < LEAST_TEXTS or len({language for language, _ in texts}) < LEAST_LANGUAGES:
        problems.append(f"expected {LEAST_TEXTS} texts in {LEAST_LANGUAGES} languages")
    print("\n".join(problems) or "no unknown difference")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
