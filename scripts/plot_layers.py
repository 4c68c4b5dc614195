#!/usr/bin/env python3
"""Draws what a target's metrics are at every layer, arm by arm, from a run's layers.jsonl.

    plot_layers.py RUN --target TARGET [--metric NAME ...] [--language LANGUAGE ...] [--out FILE.svg]

A column for each language and split, a row for each metric (in percent), a line for each arm: the mean of its seeds,
with a band from the lowest to the highest. Needs matplotlib.
"""

import argparse
import json
import statistics
import sys
from collections import defaultdict
from pathlib import Path


def read_values(run: Path, target: str) -> dict:
    """By (language, split, metric, arm), then by layer: a value for each seed."""
    file = run / "layers.jsonl"
    if not file.exists():
        sys.exit(f'{file}: not there; expected a run with a target of layers = "all"')
    values = defaultdict(lambda: defaultdict(list))
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["target"] == target:
            key = row["language"], row["split"], row["metric"], row["arm"]
            values[key][row["layer"]].append(row["value"])
    if not values:
        sys.exit(f"{file}: no rows of target '{target}'")
    return values


def chosen(wanted: list, found: list, what: str) -> list:
    unknown = [name for name in wanted if name not in found]
    if unknown:
        sys.exit(f"no {what} '{unknown[0]}'; there are: {', '.join(found)}")
    return wanted or found


def draw(values: dict, columns: list, metrics: list, out: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "sojourn"  # equal input, equal file
    matplotlib.rcParams["svg.fonttype"] = "none"  # text, not outlines of letters
    import matplotlib.pyplot as plt

    size = (3.4 * len(columns), 2.6 * len(metrics))
    figure, axes = plt.subplots(len(metrics), len(columns), figsize=size, sharex=True, sharey="row", squeeze=False)
    arms = sorted({arm for *_, arm in values}, key=lambda arm: (arm != "none", arm))
    for row, metric in enumerate(metrics):
        for column, (language, split) in enumerate(columns):
            axis = axes[row][column]
            for arm in arms:
                by_layer = values[language, split, metric, arm]
                layers = sorted(by_layer)
                means = [statistics.fmean(by_layer[layer]) for layer in layers]
                style = {"color": "black", "linestyle": "--"} if arm == "none" else {}
                (line,) = axis.plot(layers, means, label=arm, linewidth=1.4, **style)
                low, high = ([f(by_layer[layer]) for layer in layers] for f in (min, max))
                axis.fill_between(layers, low, high, color=line.get_color(), alpha=0.15, linewidth=0)
            axis.grid(alpha=0.3)
            if row == 0:
                axis.set_title(f"{language}, {split}", fontsize=10)
            if row == len(metrics) - 1:
                axis.set_xlabel("layer")
        axes[row][0].set_ylabel(metric)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.set_layout_engine("constrained")
    figure.savefig(out, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--target", required=True)
    parser.add_argument("--metric", action="append", default=[])
    parser.add_argument("--language", action="append", default=[])
    parser.add_argument("--out", type=Path, default=Path("layers.svg"))
    args = parser.parse_args()
    values = read_values(args.run, args.target)
    metrics = chosen(args.metric, sorted({metric for _, _, metric, _ in values}), "metric")
    languages = chosen(args.language, sorted({language for language, *_ in values}), "language")
    found = {(language, split) for language, split, *_ in values}
    columns = [(language, split) for language in languages for split in ("train", "dev", "test") if (language, split) in found]
    draw(values, columns, metrics, args.out)
    print(args.out)


if __name__ == "__main__":
    main()
