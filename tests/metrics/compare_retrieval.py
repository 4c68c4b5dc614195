#!/usr/bin/env python3
"""Retrieval and bitext mining beside numpy, and beside XTREME's own script, on the same vectors: 0 may differ.

    compare_retrieval.py --probe build/dev/bin/retrieval_probe [--cases 300] [--xtreme-script utils_retrieve.py]
                         [--real DATA/bucc2018/zh-en.dev --encoder DIRECTORY] [--large]
    compare_retrieval.py --write tests/golden/retrieval.json      the sample that the test suite holds

A case is two heaps of sentences with random vectors, some sentences twice, and random gold pairs. What is computed
here follows the description of the method (margin over 4 neighbours in both directions, candidates of both, greedy,
threshold of best F1), step by step and without tiles; equal numbers are in the order of their places. The probe runs
the tasks `bucc2018`, the same with duplicates expanded, and `tatoeba` over the host's search.

--xtreme-script is third_party/utils_retrieve.py of XTREME, which needs faiss-cpu. It computes means in float32, so
two scores that are equal to 1e-6 may come in another order, and a threshold between them part them otherwise: such
cases are counted apart. Where the last pair belongs to the best F1 it fails, and there is nothing to compare with.

--real takes BUCC's files instead: vectors of the last layer, averaged, from transformers, kept in the file that
--cache names. --large times a search of BUCC's size beside FAISS, else numpy; take the probe of a release build.

Needs numpy 2.2.6; made with faiss-cpu 1.12.0, torch 2.13.0 and transformers 5.23.0.
"""

import argparse
import contextlib
import importlib.util
import io
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

NEIGHBOURS = 4
MARGIN = 1e-6  # of thresholds, relative; float32
MAX_TOKENS = 128
MINING = ("bucc2018", "mining_expanded")
# Seeds: a threshold at the last score, equal F1s that round apart, any; sentences with several partners; any.
GOLDEN = {"bucc2018": (126, 213, 5), "mining_expanded": (191, 121), "tatoeba": (1,)}


# ---- the methods, as they are described ----


def nearest(x, y, k):
    """Places and cosines of the k nearest rows of y, falling, ties by place."""
    cosine = x @ y.T
    order = np.argsort(-cosine, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(cosine, order, axis=1).astype(np.float64)


def normalised(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def best_partners(places, cosines, mean, other_mean):
    """Each sentence's partner of the highest margin: (score, partner)."""
    margins = cosines / ((mean[:, None] + other_mean[places]) / 2)
    best = margins.argmax(axis=1)
    rows = np.arange(len(places))
    return zip(margins[rows, best].tolist(), places[rows, best].tolist())


def mined(case):
    """(score, foreign line, English line) by falling score."""
    x, y = (normalised(vectors) for vectors in case["vectors"].values())
    forward, forward_cosine = nearest(x, y, NEIGHBOURS)
    backward, backward_cosine = nearest(y, x, NEIGHBOURS)
    means = forward_cosine.mean(axis=1), backward_cosine.mean(axis=1)
    pairs = [(s, f, e) for f, (s, e) in enumerate(best_partners(forward, forward_cosine, *means))]
    pairs += [(s, f, e) for e, (s, f) in enumerate(best_partners(backward, backward_cosine, *means[::-1]))]
    taken = set(), set()
    kept = []
    for score, f, e in sorted(pairs, key=lambda pair: -pair[0]):
        if f in taken[0] or e in taken[1]:
            continue
        taken[0].add(f)
        taken[1].add(e)
        lines = case["lines"]["foreign"][f], case["lines"]["english"][e]
        if case["task"] == "mining_expanded" or len(lines[0]) == len(lines[1]) == 1:
            kept += [(score, a, b) for a in lines[0] for b in lines[1]]
    return kept


def mine(case):
    """Threshold, the ids mined for each foreign line, F1."""
    pairs = mined(case)
    ids, gold = case["ids"], case["gold"]
    best, threshold, correct = 0.0, 0.0, 0
    for i, (score, f, e) in enumerate(pairs):
        correct += (ids["foreign"][f], ids["english"][e]) in gold
        last = i + 1 == len(pairs)
        if correct == 0 or (not last and pairs[i + 1][0] == score):
            continue
        precision, recall = correct / (i + 1), correct / len(gold)
        f1 = 2 * precision * recall / (precision + recall)
        if f1 > best:
            best, threshold = f1, score if last else (score + pairs[i + 1][0]) / 2
    predictions = [[] for _ in ids["foreign"]]
    for score, f, e in pairs:
        if score >= threshold:
            predictions[f].append(ids["english"][e])
    return {"tuned": threshold, "predictions": [" ".join(p) for p in predictions], "metric": 100 * best}


def lines_and_accuracy(found):
    """Tatoeba's answer: lines from 1, of which line i translates line i."""
    accuracy = 100 * np.mean(found == np.arange(len(found)))
    return {"tuned": 0.0, "predictions": [str(i + 1) for i in found], "metric": float(accuracy)}


def expected(case):
    if case["task"] != "tatoeba":
        return mine(case)
    x, y = (normalised(vectors) for vectors in case["vectors"].values())
    return lines_and_accuracy(nearest(y, x, 1)[0][:, 0])


# ---- the same by XTREME's script ----


def load_script(path):
    spec = importlib.util.spec_from_file_location("utils_retrieve", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def by_xtreme(script, case, folder):
    """As expected(); None where the script fails."""
    vectors = {side: x.copy() for side, x in case["vectors"].items()}  # it normalises in place
    if case["task"] == "tatoeba":
        x, y = vectors.values()
        return lines_and_accuracy(script.similarity_search(x, y, x.shape[1], normalize=True)[:, 0])
    for side, sentences in case["sentences"].items():
        (folder / f"{side}.txt").write_text("".join(s + "\n" for s in sentences))
        (folder / f"{side}.id").write_text("".join(i + "\n" for i in case["ids"][side]))
        rows = np.empty(len(sentences), dtype=np.int64)  # it expects a vector a line
        for place, lines in enumerate(case["lines"][side]):
            rows[lines] = place
        vectors[side] = vectors[side][rows]
    (folder / "gold").write_text(gold_text(case))
    texts, ids = ([str(folder / f"{side}.{kind}") for side in vectors] for kind in ("txt", "id"))
    candidates, gold, pairs = (str(folder / name) for name in ("candidates", "gold", "pairs"))
    with contextlib.redirect_stdout(io.StringIO()):
        script.mine_bitext(*vectors.values(), *texts, candidates)
        try:
            scores = script.bucc_eval(candidates, gold, *texts, *ids, pairs)
        except IndexError:
            return None
    found = dict(line.split("\t") for line in Path(pairs).read_text().splitlines())
    predictions = [found.get(i, "") for i in case["ids"]["foreign"]]
    return {"tuned": scores["best-threshold"], "predictions": predictions, "metric": scores["F1"]}


# ---- cases ----


def grouped(sentences):
    """The lines of each distinct sentence, in the order of their first places."""
    lines = {}
    for i, sentence in enumerate(sentences):
        lines.setdefault(sentence, []).append(i)
    return list(lines.values())


def made_up(task, seed):
    random = np.random.default_rng(seed)
    n, m, size = random.integers(5, 40), random.integers(5, 40), int(random.integers(2, 12))
    if task == "tatoeba":
        m = n
    english = random.normal(size=(m, size)).astype(np.float32)
    foreign = random.normal(size=(n, size)).astype(np.float32)
    pairs = random.permutation(min(n, m))[: min(n, m) // 2]
    foreign[pairs] = english[pairs] + 0.3 * random.normal(size=(len(pairs), size)).astype(np.float32)
    sentences = {"foreign": [f"f{i}" for i in range(n)], "english": [f"e{i}" for i in range(m)]}
    for side in sentences.values() if task in MINING else ():  # some sentences stand there twice
        for _ in range(2):
            side[random.integers(len(side))] = side[random.integers(len(side))]
    lines = {side: grouped(s) for side, s in sentences.items()}
    gold = {(f"fo-{i}", f"en-{i}") for i in pairs if random.random() < 0.9} or {("fo-0", "en-0")}
    return {
        "task": task,
        "sentences": sentences,
        "ids": {"foreign": [f"fo-{i}" for i in range(n)], "english": [f"en-{i}" for i in range(m)]},
        "lines": lines,
        "gold": gold,
        "vectors": {
            "foreign": foreign[[group[0] for group in lines["foreign"]]],
            "english": english[[group[0] for group in lines["english"]]],
        },
    }


def gold_text(case):
    return "".join(f"{f}\t{e}\n" for f, e in sorted(case["gold"]))


def request_of(case):
    """What the probe is sent: files and vectors."""
    mining = case["task"] in MINING
    files = {"gold": gold_text(case)} if mining else {}
    for side, sentences in case["sentences"].items():
        ids = (i + "\t" if mining else "" for i in case["ids"][side])
        files[side] = "".join(i + s + "\n" for i, s in zip(ids, sentences))
    vectors = {side: x.tolist() for side, x in case["vectors"].items()}
    return {"task": case["task"], "files": files, "vectors": vectors}


def run_probe(probe, request):
    done = subprocess.run([probe], input=json.dumps(request), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def close(got, want):
    """Whether threshold and metric are the same."""
    tuned = math.isclose(float(got["tuned"] or 0), want["tuned"], rel_tol=MARGIN, abs_tol=MARGIN)
    return tuned and abs(got["metric"] - want["metric"]) < 1e-9


def same(got, want):
    return close(got, want) and got["predictions"] == want["predictions"]


def compare(args, script, folder):
    wrong = 0
    for task in (*MINING, "tatoeba"):
        cases = [made_up(task, seed) for seed in range(args.cases)]
        found = run_probe(args.probe, {"cases": [request_of(case) for case in cases]})
        beside = {"numpy": [expected(case) for case in cases]}
        if script and task != "mining_expanded":
            beside["XTREME"] = [by_xtreme(script, case, folder) for case in cases]
        for name, wanted in beside.items():
            differ = [s for s, (got, want) in enumerate(zip(found, wanted)) if want and not same(got, want)]
            rounding = [s for s in differ if name == "XTREME" and close(found[s], wanted[s])]
            wrong += len(differ) - len(rounding)
            print(
                f"{task}, {args.cases} cases beside {name}: {len(differ)} differ {differ[:9]}, {len(rounding)} of them "
                f"by rounding; {wanted.count(None)} where {name} fails"
            )
    return wrong


# ---- real data ----


def encode(directory, sentences):
    """Mean of the last layer over all pieces, [n, H] float32."""
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
    model = transformers.AutoModel.from_pretrained(directory, dtype=torch.float32).eval()
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    vectors = np.empty((len(sentences), model.config.hidden_size), dtype=np.float32)
    with torch.inference_mode():
        for first in range(0, len(order), 64):
            chosen = order[first : first + 64]
            texts = [sentences[i] for i in chosen]
            batch = tokenizer(texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
            mask = batch["attention_mask"].unsqueeze(-1).float()
            hidden = model(**batch).last_hidden_state
            vectors[chosen] = ((hidden * mask).sum(1) / mask.sum(1)).numpy()
    return vectors


def read_real(args):
    """BUCC's files PREFIX.{LANGUAGE,en,gold} as a case, and their paths."""
    prefix = Path(args.real)
    language = prefix.name.split("-")[0]
    paths = {"foreign": f"{prefix}.{language}", "english": f"{prefix}.en", "gold": f"{prefix}.gold"}
    texts = {name: Path(path).read_text().split("\n")[:-1] for name, path in paths.items()}
    rows = {name: [line.split("\t") for line in lines] for name, lines in texts.items()}
    case = {"gold": {tuple(pair) for pair in rows.pop("gold")}}
    case["ids"] = {side: [row[0] for row in r] for side, r in rows.items()}
    case["sentences"] = {side: [row[1] for row in r] for side, r in rows.items()}
    case["lines"] = {side: grouped(sentences) for side, sentences in case["sentences"].items()}
    if args.cache and Path(args.cache).exists():
        case["vectors"] = dict(np.load(args.cache))
        return case, paths
    case["vectors"] = {
        side: encode(args.encoder, [case["sentences"][side][group[0]] for group in lines])
        for side, lines in case["lines"].items()
    }
    if args.cache:
        np.savez(args.cache, **case["vectors"])
    return case, paths


def write_vectors(vectors, folder):
    for side, x in vectors.items():
        x.tofile(folder / f"{side}.f32")
    files = {side: str(folder / f"{side}.f32") for side in vectors}
    return {"vectors": files, "width": vectors["foreign"].shape[1]}


def compare_real(args, script, folder):
    case, paths = read_real(args)
    wrong = 0
    for task in MINING:
        case["task"] = task
        got = run_probe(args.probe, {"task": task, "paths": paths} | write_vectors(case["vectors"], folder))
        beside = {"numpy": expected(case)}
        if script and task == "bucc2018":
            beside["XTREME"] = by_xtreme(script, case, folder)
        for name, want in beside.items():
            differ = sum(a != b for a, b in zip(got["predictions"], want["predictions"]))
            wrong += not same(got, want)
            print(
                f"{task} on {args.real}: F1 {got['metric']:.4f}, {name} {want['metric']:.4f}; thresholds "
                f"{got['tuned']}, {want['tuned']}; {sum(p != '' for p in got['predictions'])} sentences mined, "
                f"{differ} differ"
            )
    return wrong


def large(probe, folder):
    random = np.random.default_rng(1)
    x, y = (normalised(random.normal(size=(n, 384)).astype(np.float32)) for n in (8624, 13589))
    try:
        import faiss

        def search(queries, rows):
            index = faiss.IndexFlatIP(rows.shape[1])
            index.add(rows)
            return index.search(queries, NEIGHBOURS)[1]

        name = "FAISS"
    except ImportError:
        search, name = (lambda queries, rows: nearest(queries, rows, NEIGHBOURS)[0]), "numpy"
    start = time.perf_counter()
    want = search(x, y), search(y, x)
    seconds = time.perf_counter() - start
    found = run_probe(probe, {"k": NEIGHBOURS} | write_vectors({"foreign": x, "english": y}, folder))
    differ = sum(int((np.ravel(a) != np.ravel(b)).sum()) for a, b in zip(want, found["nearest"]))
    print(
        f"{len(x)} x {len(y)}, both directions: {name} {seconds:.2f} s, host {found['seconds']:.2f} s, "
        f"ratio {seconds / found['seconds']:.2f}; {differ} of {NEIGHBOURS * (len(x) + len(y))} neighbours differ"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--probe")
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--xtreme-script")
    parser.add_argument("--real", metavar="PREFIX")
    parser.add_argument("--encoder", metavar="DIRECTORY")
    parser.add_argument("--cache", metavar="FILE.npz")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--write")
    args = parser.parse_args()
    if args.write:
        cases = [made_up(task, seed) for task, seeds in GOLDEN.items() for seed in seeds]
        golden = [{"case": request_of(case), "expected": expected(case)} for case in cases]
        Path(args.write).write_text(json.dumps(golden) + "\n")
        return 0
    script = load_script(args.xtreme_script) if args.xtreme_script else None
    with tempfile.TemporaryDirectory() as name:
        wrong = compare(args, script, Path(name))
        if args.real:
            wrong += compare_real(args, script, Path(name))
        if args.large:
            large(args.probe, Path(name))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
