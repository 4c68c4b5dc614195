#!/usr/bin/env python3
"""Bitext mining and nearest neighbours beside numpy (and FAISS, where it is installed) on the same vectors.

    compare_retrieval.py --probe build/dev/bin/retrieval_probe [--cases 200] [--large]
    compare_retrieval.py --write tests/golden/mining.json      the sample that the test suite holds

Each case is two heaps of sentences with random vectors, some of them equal, and random gold pairs. What is
computed here follows the description of the method (margin over 4 neighbours in both directions, candidates of
both directions, greedy, threshold of best F1), step by step and without tiles; the probe runs the task bucc2018
over the host's search. --large times one search of BUCC's size (8,624 x 13,589, 384 numbers) in both directions.
Needs numpy 2.2; made with faiss-cpu 1.12 for the nearest neighbours.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy as np

NEIGHBOURS = 4


def case(seed: int) -> dict:
    random = np.random.default_rng(seed)
    n, m, size = random.integers(5, 40), random.integers(5, 40), int(random.integers(2, 12))
    english = random.normal(size=(m, size)).astype(np.float32)
    foreign = random.normal(size=(n, size)).astype(np.float32)
    pairs = random.permutation(min(n, m))[: min(n, m) // 2]
    foreign[pairs] = english[pairs] + 0.3 * random.normal(size=(len(pairs), size)).astype(np.float32)
    sentences = {"foreign": [f"f{i}" for i in range(n)], "english": [f"e{i}" for i in range(m)]}
    for side in sentences.values():  # some sentences stand there twice
        for _ in range(2):
            side[random.integers(len(side))] = side[random.integers(len(side))]
    gold = [[int(i), int(i)] for i in pairs if random.random() < 0.9]
    return sentences | {"foreign_vectors": foreign.tolist(), "english_vectors": english.tolist(), "gold": gold}


def unique(sentences, vectors):
    """The distinct sentences in their order, their places, and their normalised vectors."""
    names = list(dict.fromkeys(sentences))
    places = [[i for i, s in enumerate(sentences) if s == name] for name in names]
    chosen = np.asarray(vectors, dtype=np.float32)[[p[0] for p in places]]
    return places, chosen / np.linalg.norm(chosen, axis=1, keepdims=True)


def nearest(x, y):
    cosine = x @ y.T
    k = min(NEIGHBOURS, y.shape[0])
    order = np.argsort(-cosine, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(cosine, order, axis=1).astype(np.float64)


def mined(data: dict):
    """(score, foreign sentence, English sentence) by falling score; repeated sentences dropped."""
    places_f, x = unique(data["foreign"], data["foreign_vectors"])
    places_e, y = unique(data["english"], data["english_vectors"])
    forward, forward_cosine = nearest(x, y)
    backward, backward_cosine = nearest(y, x)
    mean_f, mean_e = forward_cosine.mean(axis=1), backward_cosine.mean(axis=1)
    candidates = []
    for f in range(len(x)):
        margins = [c / ((mean_f[f] + mean_e[e]) / 2) for e, c in zip(forward[f], forward_cosine[f])]
        best = int(np.argmax(margins))
        candidates.append((margins[best], f, int(forward[f][best])))
    for e in range(len(y)):
        margins = [c / ((mean_f[f] + mean_e[e]) / 2) for f, c in zip(backward[e], backward_cosine[e])]
        best = int(np.argmax(margins))
        candidates.append((margins[best], int(backward[e][best]), e))
    seen_f, seen_e, kept = set(), set(), []
    for score, f, e in sorted(candidates, key=lambda c: -c[0]):
        if f in seen_f or e in seen_e:
            continue
        seen_f.add(f)
        seen_e.add(e)
        if len(places_f[f]) == 1 and len(places_e[e]) == 1:
            kept.append((float(score), places_f[f][0], places_e[e][0]))
    return kept


def expected(data: dict) -> dict:
    pairs = mined(data)
    gold = {tuple(pair) for pair in data["gold"]}
    best, threshold, correct = 0.0, 0.0, 0
    for i, (score, f, e) in enumerate(pairs):
        correct += (f, e) in gold
        f1 = 2 * correct / (i + 1 + len(gold))
        last = i + 1 == len(pairs)
        if f1 > best and (last or pairs[i + 1][0] < score):
            best, threshold = f1, score if last else (score + pairs[i + 1][0]) / 2
    predictions = [""] * len(data["foreign"])
    for score, f, e in pairs:
        if score >= threshold:
            predictions[f] = f"en-{e}"
    return {"threshold": threshold, "predictions": predictions, "f1": 100 * best}


def run_probe(probe: str, request: dict) -> dict:
    done = subprocess.run([probe], input=json.dumps(request), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def compare(probe: str, cases: int) -> None:
    requests = [case(seed) for seed in range(cases)]
    found = run_probe(probe, {"cases": requests})["cases"]
    differ = 0
    for seed, (data, got) in enumerate(zip(requests, found)):
        want = expected(data)
        same = got["predictions"] == want["predictions"] and abs(got["threshold"] - want["threshold"]) < 1e-6
        if not same or abs(got["f1"] - want["f1"]) > 1e-9:
            differ += 1
            print(f"case {seed}: expected {want}, got {got}")
    print(f"{cases} cases of mining, {sum(len(r['foreign']) for r in requests)} sentences: {differ} differ")
    if differ:
        sys.exit(1)


def large(probe: str) -> None:
    random = np.random.default_rng(1)
    sizes, width = (8624, 13589), 384
    sides = [random.normal(size=(n, width)).astype(np.float32) for n in sizes]
    sides = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in sides]
    for name, x in zip(("foreign", "english"), sides):
        x.tofile(f"/tmp/{name}.f32")
    start = time.perf_counter()
    try:
        import faiss

        def search(x, y):
            index = faiss.IndexFlatIP(width)
            index.add(y)
            return index.search(x, NEIGHBOURS)[1]

        name = "FAISS"
    except ImportError:
        search, name = (lambda x, y: nearest(x, y)[0]), "numpy"
    want = [search(sides[0], sides[1]), search(sides[1], sides[0])]
    seconds = time.perf_counter() - start
    files = [f"/tmp/{side}.f32" for side in ("foreign", "english")]
    found = run_probe(probe, {"large": files, "width": width})
    differ = [int((np.asarray(a).ravel() != np.asarray(b).ravel()).sum()) for a, b in zip(want, found["nearest"])]
    print(f"{sizes[0]} x {sizes[1]}, both directions: {name} {seconds:.2f} s, host {found['seconds']:.2f} s, "
          f"ratio {seconds / found['seconds']:.2f}; {sum(differ)} of {4 * sum(sizes)} neighbours differ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--probe")
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--write")
    args = parser.parse_args()
    if args.write:
        cases = [case(seed) for seed in (3, 5, 8)]
        golden = [{"case": data, "expected": expected(data)} for data in cases]
        with open(args.write, "w") as file:
            json.dump(golden, file)
            file.write("\n")
        return
    compare(args.probe, args.cases)
    if args.large:
        large(args.probe)


if __name__ == "__main__":
    main()
