#!/usr/bin/env python3
"""Writes what scipy and statsmodels compute, for the tests of core/statistics to meet.

    make_statistics_golden.py --out tests/golden/statistics.json

Needs numpy, scipy and statsmodels. The JSON (full precision):

student_t      [t, df, P(T <= t)], and [p, df, t] of quantiles
chi_squared    [p, df, x] of quantiles
f              [p, df of the numerator, df of the denominator, x] of quantiles
satterthwaite  variances and degrees of freedom of two samples, and Welch's df by scipy
paired         differences by seed, a margin; scipy's interval and p-value, statsmodels' TOST p-values
adjusted       p-values, and those after Benjamini and Hochberg by statsmodels
replicability  one-sided p-values, alpha, and the count, by the definition: the largest u at which Bonferroni's
               p-value of "fewer than u have the effect" is rejected, together with all smaller u
power          seeds, standard deviation and effect of a paired t test, and its power by statsmodels
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

DF = 1.0, 2.0, 3.7, 8.0, 57.3, 1e6


def student_t():
    cdf = [[t, df, stats.t.cdf(t, df)] for df in DF for t in (-40.0, -4.3, -0.5, 0.0, 1e-3, 1.96, 12.0)]
    quantile = [[p, df, stats.t.ppf(p, df)] for df in DF for p in (1e-6, 0.025, 0.5, 0.8, 0.975, 0.9999)]
    return {"cdf": cdf, "quantile": quantile}


def chi_squared():
    return [[p, df, stats.chi2.ppf(p, df)] for df in DF for p in (1e-6, 0.3, 0.5, 0.975)]


def fisher_f():
    return [[p, df, other, stats.f.ppf(p, df, other)] for df in DF[:5] for other in DF[:5] for p in (0.025, 0.5, 0.99)]


def satterthwaite(rng):
    cases = []
    for n, m in ((3, 3), (5, 40), (10, 4)):
        a, b = rng.normal(size=n), rng.normal(scale=3, size=m)
        df = stats.ttest_ind(a, b, equal_var=False).df
        cases.append({"variances": [a.var(ddof=1) / n, b.var(ddof=1) / m], "dfs": [n - 1, m - 1], "df": df})
    return cases


def paired(rng):
    cases = []
    for n, shift in ((3, 0.0), (5, -2.0), (10, 0.3)):
        values, margin = rng.normal(shift, 1, size=n), 1.0
        test = stats.ttest_1samp(values, 0)
        low, high = test.confidence_interval(0.95)
        p, above, below = DescrStatsW(values).ttost_mean(-margin, margin)
        cases.append({"values": values.tolist(), "margin": margin, "interval": [low, high], "p": test.pvalue,
                      "equivalence": p, "above": above[1], "below": below[1]})
    return cases


def adjusted(rng):
    cases = [[0.01, 0.04, 0.03, 0.5, 0.01], [1.0], [0.2, 0.2, 0.2], (rng.uniform(size=40) ** 3).tolist()]
    return [{"p": p, "adjusted": multipletests(p, method="fdr_bh")[1].tolist()} for p in cases]


def count(p, alpha):
    ordered, n = sorted(p), len(p)
    partial = [min(1, (n - u + 1) * ordered[u - 1]) for u in range(1, n + 1)]
    return max([u for u in range(1, n + 1) if max(partial[:u]) <= alpha], default=0)


def replicability(rng):
    cases = [[0.001, 0.002, 0.2], [0.04, 0.04], [0.9, 0.01, 0.0001, 0.02, 0.03], [0.049], [0.051],
             (rng.uniform(size=15) ** 6).tolist()]
    return [{"p": p, "alpha": 0.05, "count": count(p, 0.05)} for p in cases]


def power():
    return [{"seeds": n, "deviation": sd, "effect": effect,
             "power": TTestPower().power(effect / sd, n, 0.05, alternative="two-sided")}
            for n, sd, effect in ((3, 1.0, 2.0), (5, 2.0, 1.5), (10, 1.0, 1.0))]


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    value = value.item() if isinstance(value, np.generic) else value
    assert not isinstance(value, float) or math.isfinite(value)
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    rng = np.random.default_rng(9)
    made = {"student_t": student_t(), "chi_squared": chi_squared(), "f": fisher_f(), "satterthwaite": satterthwaite(rng),
            "paired": paired(rng), "adjusted": adjusted(rng), "replicability": replicability(rng), "power": power()}
    parser.parse_args().out.write_text(json.dumps(plain(made)) + "\n")


if __name__ == "__main__":
    main()
