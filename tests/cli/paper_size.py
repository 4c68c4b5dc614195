"""The folder of a run as large as the paper's study, made by a formula: 10 arms, 9 targets, 40 languages, 3 seeds."""

import json
import random
import tomllib
from pathlib import Path

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
ARMS = ["none", "anli", "mnli", "qqp", "squad", "squad_v2", "hellaswag", "ccg", "cosmosqa", "commonsenseqa"]
TARGETS = [f"target-{i}" for i in range(1, 10)]
EXAMPLES, STEPS = 12, 2_000

STUDY = """\
schema = 1
name = "paper-size"
seeds = [1, 2, 3]
encoder.path = "encoder"
data.root = "data"
"""


def rows_of(arm: int, target: str, seed: int, language: str, rng: random.Random) -> list[dict]:
    return [
        {
            "id": str(i), "align": str(i), "cluster": str(i), "prediction": "x",
            "statistics": {"correct": float(rng.random() < 0.5 + 0.02 * arm), "total": 1.0},
        }
        for i in range(EXAMPLES)
    ]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def make_run(folder: Path) -> Path:
    rng = random.Random(1)
    table = tomllib.loads((CONFIGS / "languages.toml").read_text())
    languages = sorted(table["language"])
    study = STUDY
    study += "".join(f'[[intermediate]]\nname = "{arm}"\ntrain = ["{arm}"]\n' for arm in ARMS[1:])
    study += "".join(f'[[target]]\ntask = "{target}"\n' for target in TARGETS)
    write(folder / "study.toml", study)
    results = []
    for a, arm in enumerate(ARMS):
        for target in TARGETS:
            for seed in (1, 2, 3):
                stage = f"{arm}/{target}/seed-{seed}"
                for language in languages:
                    rows = rows_of(a, target, seed, language, rng)
                    value = 100 * sum(row["statistics"]["correct"] for row in rows) / EXAMPLES
                    write(folder / f"predictions/{arm}/{target}/{seed}/test/{language}.jsonl",
                          "".join(json.dumps(row) + "\n" for row in rows))
                    results.append({
                        "study": "paper-size", "arm": arm, "target": target, "task": target, "seed": seed,
                        "language": language, "split": "test", "layer": None, "metric": "accuracy",
                        "profile": "accuracy", "value": value, "n": EXAMPLES, "stage": stage,
                    })
                write(folder / f"training/{stage}.jsonl", "".join(
                    json.dumps({"step": s, "loss": 1 / s, "learning_rate": 1e-5, "gradient_norm": 1.0}) + "\n"
                    for s in range(1, STEPS + 1)))
    write(folder / "results.jsonl", "".join(json.dumps(row) + "\n" for row in results))
    write(folder / "declared.json", json.dumps(declared(table, languages)))
    write(folder / "manifest.json", json.dumps(manifest(sorted({row["stage"] for row in results}))))
    return folder


def declared(table: dict, languages: list[str]) -> dict:
    classes = {code: table["language"][code]["joshi_class"] for code in languages}
    groups = {
        "low": [code for code in languages if classes[code] <= 2],
        "middle": [code for code in languages if classes[code] == 3],
        "high": [code for code in languages if classes[code] >= 4],
    }
    metric = {"metric": "accuracy", "profile": "accuracy", "how": "ratio", "arguments": [0, 1], "primary": True}
    measures = {
        name: {**one, "in_numbers": name not in ("family", "script")} for name, one in table["measure"].items()
    }
    facts = {code: {k: v for k, v in one.items() if k != "iso639_3"} for code, one in table["language"].items()}
    return {
        "scores": 10_800, "scores_before": 0, "baseline": "none", "margin": 1.0,
        "grouping": {
            "measure": "joshi_class", **measures["joshi_class"],
            "groups": [{"name": name, "rule": name, "languages": members} for name, members in groups.items()],
        },
        "hypotheses": [],
        "tasks": {target: {"statistics": ["correct", "total"], "metrics": [metric]} for target in TARGETS},
        "table": {"measures": measures, "languages": facts},
    }


def manifest(stages: list[str]) -> dict:
    machine = {"sojourn": "0.1.0", "libtorch": "2.13.0", "system": "Linux", "host": "h", "cpu": "a CPU",
               "cpu_features": "avx2", "device": "cpu", "threads": 2, "precision": "fp32"}
    return {
        "study": "paper-size", "complete": True, "finished": "2026-01-01T00:00:00Z", "machine": machine,
        "data_root": "data", "encoder": {"path": "encoder", "sha256": {"model.safetensors": "0" * 64}},
        "tasks": {target: {"version": "0.1.0", "plugin": f"{target}.so", "sha256": "0" * 64} for target in TARGETS},
        "data": {f"data/{target}/test-{i}.tsv": "0" * 64 for target in TARGETS for i in range(40)},
        "stages": [{"id": stage, "key": "0" * 16, "steps": STEPS, "best_step": STEPS, "seconds": 60.0,
                    "real_tokens_per_second": 1000.0} for stage in stages],
        "failed_stages": [],
    }


if __name__ == "__main__":
    import sys

    make_run(Path(sys.argv[1]))
