#!/usr/bin/env python3
"""Writes what PyTorch and numpy compute of the word alignment task, for its tests to meet.

    make_alignment_golden.py --out tests/golden/alignment.json

Needs torch and numpy. The JSON (floats at 9 significant digits):

losses    each with `options`, `mean` [B, 2, H] (float32), `english` [B] and `translations` [B, K] (padded with -1),
          and PyTorch's `loss` and `gradient` (of `mean`) in float64. The triplet loss is that of
          triplet_margin_with_distance_loss; each row has one true negative, which must be drawn, or none. InfoNCE is
          cross_entropy over the logits in which known translations other than a row's own are minus infinity.
measures  `lines` of a word list, the vectors of its distinct words in the order of their first lines, the
          `predictions` of every pair, and all `metrics` in percent; computed as they are described, with whole
          matrices in float64. `pairs`: the pairs that a limit leaves (all of them, and fewer).
"""

import argparse
import hashlib
import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

NEIGHBOURHOOD = 10
MAX_TRANSLATIONS = 32
STREAM = "eval/random pairs/test/sw"


def rounded(value):
    if isinstance(value, (torch.Tensor, np.ndarray)):
        value = value.tolist()
    return [rounded(v) for v in value] if isinstance(value, list) else float(f"{value:.9g}")


# ---- losses ----


def distance(a, b):
    return 1 - F.cosine_similarity(a, b, dim=-1)


def triplet(mean, known, margin):
    negatives = [[j for j in range(len(mean)) if not known[i][j]] for i in range(len(mean))]
    assert all(len(n) < 2 for n in negatives)
    rows = [i for i, n in enumerate(negatives) if n]
    others = [negatives[i][0] for i in rows]
    return F.triplet_margin_with_distance_loss(
        mean[rows, 0], mean[rows, 1], mean[others, 1], distance_function=distance, margin=margin, reduction="sum"
    )


def infonce(mean, known, temperature):
    n = len(mean)
    cosines = F.cosine_similarity(mean[:, None, 0], mean[None, :, 1], dim=-1)
    excluded = torch.tensor(known) & ~torch.eye(n, dtype=torch.bool)
    logits = (cosines / temperature).masked_fill(excluded, -math.inf)
    own = torch.arange(n)
    return (F.cross_entropy(logits, own, reduction="sum") + F.cross_entropy(logits.T, own, reduction="sum")) / 2


def loss_case(options, english, translations, seed):
    generator = torch.Generator().manual_seed(seed)
    mean = torch.randn(len(english), 2, 6, generator=generator)
    wide = mean.double().requires_grad_()
    known = [[e in t for e in english] for t in translations]
    if options["loss"] == "triplet":
        loss = triplet(wide, known, options["margin"])
    else:
        loss = infonce(wide, known, options["temperature"])
    loss.backward()
    return {
        "options": options,
        "mean": rounded(mean),
        "english": english,
        "translations": [t + [-1] * (MAX_TRANSLATIONS - len(t)) for t in translations],
        "loss": rounded(loss.item()),
        "gradient": rounded(wide.grad),
    }


def losses():
    english = [11, 12, 13, 14, 15]
    only = [1, 2, None, 0, 3]  # the true negative of each row
    one_negative = [[e for j, e in enumerate(english) if j != only[i]] for i in range(5)]
    plain = [[e] for e in english]
    several = [[11, 13], [12], [13, 15, 11, 99], [14], [15]]
    repeated = [11, 12, 11, 14, 15]  # one English word of two foreign ones
    return [
        loss_case({"loss": "triplet", "margin": 0.2}, english, one_negative, 1),
        loss_case({"loss": "triplet", "margin": 1.5}, english, one_negative, 2),
        loss_case({"loss": "infonce", "temperature": 0.2}, english, plain, 3),
        loss_case({"loss": "infonce", "temperature": 0.05}, english, several, 4),
        loss_case({"loss": "infonce", "temperature": 0.2}, repeated, [[e] for e in repeated], 5),
    ]


# ---- random numbers of the host: Philox4x32-10, key and counter as in core/base/philox.h ----


def random_numbers(stream, n):
    digest = hashlib.sha256(f"0/0/0/{stream}".encode()).digest()
    keys = int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:8], "big")
    numbers = []
    for block in range((n + 3) // 4):
        c, (k0, k1) = [block, 0, 0, 0], keys
        for _ in range(10):
            a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [b >> 32 ^ c[1] ^ k0, b & 0xFFFFFFFF, a >> 32 ^ c[3] ^ k1, a & 0xFFFFFFFF]
            k0, k1 = k0 + 0x9E3779B9 & 0xFFFFFFFF, k1 + 0xBB67AE85 & 0xFFFFFFFF
        numbers += c
    return numbers[:n]


def partners_of(pairs, known):
    """For each pair another one's number, so that the words are no translations."""
    n = len(pairs)
    order = list(range(n))
    numbers = random_numbers(STREAM, n)
    for i in range(n, 1, -1):
        j = numbers[i - 1] % i
        order[i - 1], order[j] = order[j], order[i - 1]

    def wrong(i, j):
        return (pairs[i][0], pairs[j][1]) in known

    for i in range(n):
        for step in range(1, n):
            if not wrong(i, order[i]):
                break
            k = (i + step) % n
            if not wrong(i, order[k]) and not wrong(k, order[i]):
                order[i], order[k] = order[k], order[i]
    return [None if wrong(i, j) else j for i, j in enumerate(order)]


# ---- measures ----


def first_best(scores):
    return scores.argmax(axis=1)  # the first of equals


def mean_of_nearest(cosines):
    return np.sort(cosines, axis=1)[:, ::-1][:, :NEIGHBOURHOOD].mean(axis=1)


def direction(cosines, rows, targets):
    csls = 2 * cosines - mean_of_nearest(cosines)[:, None] - mean_of_nearest(cosines.T)[None, :]
    ranks = []
    for row, target in zip(rows, targets):
        values, own = cosines[row], cosines[row, target]
        ranks.append(int(1 + (values > own).sum() + (values[:target] == own).sum()))
    return first_best(cosines)[rows], first_best(csls)[rows], ranks


def measures(pairs, limit, vectors):
    known = set(pairs)
    kept = pairs[:limit]
    words = [list(dict.fromkeys(pair[side] for pair in kept)) for side in (0, 1)]
    x, y = (v[: len(w)] / np.linalg.norm(v[: len(w)], axis=1, keepdims=True) for v, w in zip(vectors, words))
    f, e = ([w.index(pair[side]) for pair in kept] for side, w in enumerate(words))
    cosines = x @ y.T
    to, back = direction(cosines, f, e), direction(cosines.T, e, f)
    partners = partners_of(kept, known)
    everything = np.concatenate([x, y])
    others = ((everything @ everything.T).sum(axis=1) - 1) / (len(everything) - 1)
    predictions, sums = [], []
    for i, pair in enumerate(kept):
        own = cosines[f[i], e[i]]
        random = None if partners[i] is None else cosines[f[i], e[partners[i]]]
        isotropy = (others[f[i]] + others[len(x) + e[i]]) / 2
        found = [words[1][to[0][i]], words[0][back[0][i]], words[1][to[1][i]], words[0][back[1][i]]]
        right = [float(((pair[0], w) if n % 2 == 0 else (w, pair[1])) in known) for n, w in enumerate(found)]
        predictions.append(
            {
                "to_english": {"nearest": found[0], "csls": found[2], "rank": to[2][i]},
                "from_english": {"nearest": found[1], "csls": found[3], "rank": back[2][i]},
                "cosine": rounded(own),
                "random_cosine": None if random is None else rounded(random),
                "isotropy": rounded(isotropy),
            }
        )
        sums.append([*right, 1 / to[2][i], 1 / back[2][i], own, isotropy])
    names = ["accuracy_to_english", "accuracy_from_english", "csls_to_english", "csls_from_english"]
    names += ["mrr_to_english", "mrr_from_english", "cosine", "isotropy"]
    metrics = dict(zip(names, (100 * np.mean(sums, axis=0)).tolist()))
    compared = [(p["cosine"], p["random_cosine"]) for p in predictions if p["random_cosine"] is not None]
    differences = np.array([own - random for own, random in compared])
    metrics["random_cosine"] = 100 * float(np.mean([random for _, random in compared]))
    metrics["difference"] = 100 * float(differences.mean())
    metrics["difference_margin"] = 100 * 1.96 * float(differences.std(ddof=1)) / math.sqrt(len(differences))
    return {"pairs": limit, "predictions": predictions, "metrics": {k: rounded(v) for k, v in metrics.items()}}


def measure_case(seed):
    generator = np.random.default_rng(seed)
    pairs = [(f"f{i}", f"e{i}") for i in range(24)]
    pairs += [("f0", "e24"), ("f1", "e2"), ("f24", "e3"), ("f2", "e1"), ("f25", "e25")]  # several translations
    pairs = [pairs[i] for i in generator.permutation(len(pairs))]
    words = [list(dict.fromkeys(pair[side] for pair in pairs)) for side in (0, 1)]
    common = generator.normal(size=8)  # a direction that all words share, as in real encoders
    english = generator.normal(size=(len(words[1]), 8)) + common
    foreign = np.empty((len(words[0]), 8))
    for word, meaning in reversed(pairs):
        foreign[words[0].index(word)] = english[words[1].index(meaning)] + 1.1 * generator.normal(size=8)
    vectors = foreign.astype(np.float32), english.astype(np.float32)
    cases = [measures(pairs, limit, [v.astype(np.float64) for v in vectors]) for limit in (len(pairs), 13)]
    lines = "".join(f"{f}\t{e}\n" for f, e in pairs)
    return {"lines": lines, "foreign": rounded(vectors[0]), "english": rounded(vectors[1]), "cases": cases}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    result = {"losses": losses(), "measures": measure_case(7)}
    args.out.write_text(json.dumps(result, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
