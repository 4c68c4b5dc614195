"""`sojourn report`, `show` and `compare`: what is joined, what is refused, and what is missing stays missing."""

import csv
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import paper_size
from report_world import make_study, report_of
from world import BINARY, SANITIZED


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    world = make_study(tmp_path_factory.mktemp("study"))
    result = world.run("--out", "runs/all")
    assert result.returncode == 0, result.stderr
    return world


@pytest.fixture
def copied(studied, tmp_path):
    """The run, to be spoilt; its place relative to the world."""
    shutil.copytree(studied.root / "runs/all", tmp_path / "copy")
    return tmp_path / "copy"


def edit_json(file: Path, change) -> None:
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def keep_rows(run: Path, keep) -> None:
    lines = (run / "results.jsonl").read_text().splitlines(keepends=True)
    (run / "results.jsonl").write_text("".join(line for line in lines if keep(json.loads(line))))


def finding(report: dict, kind: str, **keys) -> dict:
    found = [one for one in report[kind] if all(one[key] == value for key, value in keys.items())]
    assert len(found) == 1, keys
    return found[0]


def test_a_report_says_what_results_jsonl_has(studied):
    report = report_of(studied, "runs/all")
    rows = [json.loads(line) for line in (studied.root / "runs/all/results.jsonl").read_text().splitlines()]
    expected = {
        (r["target"], r["arm"], r["language"], str(r["seed"])): r["value"]
        for r in rows
        if r["target"] and r["split"] == "test" and r["metric"] in ("accuracy", "f1")
        and r["profile"] == {"xnli": "accuracy", "udpos": "xtreme-2020", "tatoeba": "accuracy"}[r["target"]]
    }
    found = {
        (one["target"], one["arm"], one["language"], seed): value
        for one in report["scores"]
        for seed, value in one["values"].items()
    }
    assert found == expected
    one = finding(report, "differences", target="xnli", arm="mnli", subject="sw")
    mean = {arm: sum(expected["xnli", arm, "sw", seed] for seed in "123") / 3 for arm in ("none", "mnli")}
    assert one["difference"] == pytest.approx(mean["mnli"] - mean["none"])
    assert one["low"] < one["difference"] < one["high"] and one["seeds"] == [1, 2, 3]


def test_groups_hypotheses_and_layers_are_in_it(studied):
    report = report_of(studied, "runs/all")
    groups = {one["name"]: one["languages"] for one in report["grouping"]["groups"]}
    assert groups == {"low": ["sw", "te"], "middle": ["ta"], "high": ["de", "en", "hi"]}
    assert report["grouping"]["ungrouped"] == []
    assert finding(report, "groups", target=None, arm="chain", subject="low")["targets"] == ["xnli", "udpos", "tatoeba"]
    assert {one["name"] for one in report["hypotheses"]} == {"mnli-helps", "chain-no-better", "low-lose"}
    other = next(one for one in report["hypotheses"] if one["name"] == "chain-no-better")
    assert other["baseline"] == "mnli" and other["targets"] == ["xnli"] and other["difference"] is not None
    layers = [one for one in report["layers"] if one["arm"] == "none"]
    assert [point[0] for point in layers[0]["points"]] == [0, 1, 2, 3, 4]
    assert report["declared"]["scores_before"] == 0


def test_runs_of_one_study_become_one_report(studied):
    for name, seeds in (("a", "[1, 3]"), ("b", "[2]")):
        assert studied.run("--out", f"runs/{name}", "--set", f"seeds={seeds}").returncode == 0
    whole, joined = report_of(studied, "runs/all"), report_of(studied, "runs/a", "runs/b", out="joined")
    for key in ("differences", "groups", "scores", "hypotheses"):
        assert joined[key] == whole[key], key
    assert [run["folder"] for run in joined["runs"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda run: edit_json(run / "manifest.json", lambda m: m["encoder"]["sha256"].update({"config.json": "0" * 64})),
         "another encoder: config.json"),
        (lambda run: edit_json(run / "manifest.json", lambda m: m["data"].update(
            {key: "0" * 64 for key in m["data"] if key.endswith("test-sw.tsv")})), "other data: xnli/test-sw.tsv"),
        (lambda run: edit_json(run / "declared.json", lambda d: d["tasks"]["udpos"]["metrics"][0].update(profile="other")),
         "other metrics, or profiles of them, of task 'udpos'"),
        (lambda run: (run / "study.toml").write_text((run / "study.toml").read_text().replace("epochs = 2", "epochs = 3")),
         "another recipe: [recipes.default]: 'epochs = 3"),
        (lambda run: (run / "study.toml").write_text((run / "study.toml").read_text().replace("margin = 3", "margin = 4")),
         "another recipe: [report]: 'margin = 4"),
        (lambda run: edit_json(run / "declared.json", lambda d: d["grouping"]["groups"][0]["languages"].append("zz")),
         "another file of languages"),
        (lambda run: (run / "study.toml").write_text((run / "study.toml").read_text().replace('"small"', '"large"')),
         "another study: 'large' instead of 'small'"),
    ],
)
def test_runs_that_cant_be_joined_are_refused_with_what_differs(studied, copied, spoil, said):
    spoil(copied)
    result = studied.sojourn("report", "runs/all", str(copied), "--out", "refused")
    assert result.returncode == 2
    assert said in result.stderr and str(copied) in result.stderr and "runs/all" in result.stderr
    assert not (studied.root / "refused").exists()


def test_runs_that_differ_are_refused_whichever_comes_first(studied, copied, tmp_path):
    """The first one used none of the data in which the others differ."""
    def of_sw(change):
        return lambda m: [change(m["data"], key) for key in list(m["data"]) if key.endswith("test-sw.tsv")]

    shutil.copytree(copied, tmp_path / "first")
    edit_json(tmp_path / "first/manifest.json", of_sw(lambda data, key: data.pop(key)))
    edit_json(copied / "manifest.json", of_sw(lambda data, key: data.update({key: "0" * 64})))
    result = studied.sojourn("report", str(tmp_path / "first"), "runs/all", str(copied), "--out", "refused")
    assert result.returncode == 2
    assert f"{copied}: can't be joined with runs/all: other data: xnli/test-sw.tsv" in result.stderr


def test_another_value_for_the_same_cell_is_refused(studied, copied):
    text = (copied / "results.jsonl").read_text().splitlines(keepends=True)
    row = json.loads(text[-1])
    (copied / "results.jsonl").write_text("".join(text[:-1]) + json.dumps(row | {"value": row["value"] + 1}) + "\n")
    result = studied.sojourn("report", "runs/all", str(copied), "--out", "refused")
    assert result.returncode == 2 and "another value for" in result.stderr


@pytest.mark.parametrize("change, said", [({"seed": 4}, "seed 4"), ({"arm": "qqp"}, "arm 'qqp'")])
def test_a_score_of_what_the_study_doesnt_have_is_refused(studied, copied, change, said):
    with (copied / "results.jsonl").open("r+") as file:
        row = next(x for x in map(json.loads, file.readlines()) if x["target"] == "tatoeba")
        file.write(json.dumps(row | change) + "\n")
    result = studied.sojourn("report", str(copied), "--out", "refused")
    assert result.returncode == 2 and f"results.jsonl: a score of {said}, which the study doesn't have" in result.stderr


def test_examples_of_other_documents_are_refused(studied, copied):
    file = copied / "predictions/mnli/udpos/2/test/de.jsonl"
    first, rest = file.read_text().split("\n", 1)
    file.write_text(json.dumps(json.loads(first) | {"cluster": "another"}) + "\n" + rest)
    result = studied.sojourn("report", str(copied), "--out", "refused")
    assert result.returncode == 2 and f"{file}: ties its examples to other documents" in result.stderr


def test_a_missing_cell_is_shown_as_missing_never_as_zero(studied, copied):
    def keep(row):
        return not (row["arm"] == "chain" and row["target"] == "xnli" and (row["language"] == "sw" or row["seed"] == 3))

    keep_rows(copied, keep)
    report = report_of(studied, str(copied), out="missing")
    gone = finding(report, "differences", target="xnli", arm="chain", subject="sw")
    assert gone["verdict"] == "missing" and gone["difference"] is None and "arm_score" not in gone
    assert finding(report, "differences", target="xnli", arm="chain", subject="de")["seeds"] == [1, 2]
    assert not [one for one in report["scores"] if (one["target"], one["arm"], one["language"]) == ("xnli", "chain", "sw")]
    with (studied.root / "missing/results.csv").open() as file:
        line = next(x for x in csv.DictReader(file) if (x["target"], x["arm"], x["subject"]) == ("xnli", "chain", "sw"))
    assert line["difference"] == "" and line["arm_score"] == "" and line["verdict"] == "missing"
    text = (studied.root / "missing/report.md").read_text()
    assert next(x for x in text.splitlines() if x.startswith("| sw ")).endswith("| missing |")


def test_targets_that_share_no_seed_have_no_mean(studied, copied):
    keep_rows(copied, lambda row: row["arm"] != "mnli" or (row["target"] == "xnli") == (row["seed"] == 1))
    report = report_of(studied, str(copied), out="apart")
    mean = finding(report, "groups", target=None, arm="mnli", subject="all")
    assert mean["verdict"] == "missing" and mean["difference"] is None and mean["targets"] == []
    assert finding(report, "groups", target="xnli", arm="mnli", subject="all")["seeds"] == [1]


def test_a_language_without_a_level_is_in_no_group_and_said_so(studied, copied):
    def forget(declared):
        del declared["table"]["languages"]["sw"]
        for group in declared["grouping"]["groups"]:
            group["languages"] = [code for code in group["languages"] if code != "sw"]

    edit_json(copied / "declared.json", forget)
    report = report_of(studied, str(copied), out="ungrouped")
    assert report["grouping"]["ungrouped"] == ["sw"]
    assert next(one for one in report["languages"] if one["code"] == "sw")["group"] is None
    assert finding(report, "groups", target="xnli", arm="mnli", subject="all")["languages"].count("sw") == 1
    assert not [one for one in report["groups"] if one["target"] == "xnli" and one["subject"] == "low"]
    shown = studied.sojourn("show", str(copied))
    assert "In no group, since nothing is known of them: sw." in " ".join(shown.stdout.split())


def test_predictions_that_dont_give_the_score_are_refused(studied, copied):
    file = next(copied.glob("predictions/mnli/xnli/1/test/de.jsonl"))
    lines = file.read_text().splitlines()
    lines[0] = lines[0].replace('"correct":1.0', '"correct":0.5').replace('"correct":0.0', '"correct":0.5')
    file.write_text("\n".join(lines) + "\n")
    result = studied.sojourn("report", str(copied))
    assert result.returncode == 2 and "de.jsonl: gives" in result.stderr


def test_one_seed_decides_nothing(studied):
    assert studied.run("--out", "runs/one", "--set", "seeds=[2]").returncode == 0
    report = report_of(studied, "runs/one", out="one")
    verdicts = {one["verdict"] for one in report["differences"] + report["groups"]}
    assert verdicts == {"undecided (one seed)"}
    assert {one["outcome"] for one in report["hypotheses"]} == {"undecided (one seed)"}
    one = report["differences"][0]
    assert one["low"] is None and one["examples_low"] <= one["difference"] <= one["examples_high"]
    shown = studied.sojourn("show", "runs/one").stdout
    one = finding(report, "groups", target=None, arm="mnli", subject="low")
    alone = f"[{one['examples_low']:+.1f}, {one['examples_high']:+.1f}] by examples alone"
    assert f"{one['difference']:+.1f} {alone}" in shown


def test_show_has_the_verdict_of_the_report(studied):
    report = report_of(studied, "runs/all")
    shown = studied.sojourn("show", "runs/all")
    assert shown.returncode == 0, shown.stderr
    one = finding(report, "groups", target=None, arm="mnli", subject="low")
    line = next(x for x in shown.stdout.splitlines() if x.split()[:4] == ["mnli", "-", "none", "low"])
    assert f"{one['difference']:+.1f} [{one['low']:+.1f}, {one['high']:+.1f}]" in line
    assert line.endswith(one["verdict"])
    assert line.split()[4:7] == ["3", "of", "3"]  # targets that have such languages
    assert "written down before any score was known" in " ".join(shown.stdout.split())


def test_a_terminal_shows_what_a_report_is_at(studied):
    terminal, stderr = os.openpty()
    shown = subprocess.Popen([BINARY, "show", "runs/all"], cwd=studied.root, env=studied.environment(),
                             stdout=subprocess.PIPE, stderr=stderr, text=True)
    os.close(stderr)
    assert "Study small" in shown.communicate()[0] and shown.returncode == 0
    living = os.read(terminal, 1 << 16).decode()
    os.close(terminal)
    assert "reading predictions of xnli: " in living and living.endswith("\r\x1b[K")  # nothing is left of it


def test_the_latex_table_has_a_column_for_each_target_and_a_row_for_each_arm(studied):
    report = report_of(studied, "runs/all")
    lines = (studied.root / "report/table.tex").read_text().splitlines()
    assert lines.count("\\toprule") == lines.count("\\bottomrule") == 1
    assert next(x for x in lines if "udpos" in x).count("&") == 4
    row = next(x for x in lines if x.startswith("mnli &"))
    one = finding(report, "groups", target="xnli", arm="mnli", subject="all")
    assert f"{abs(one['difference']):.1f}" in row.split("&")[1]


def test_the_latex_table_has_no_mean_over_fewer_languages_than_the_baselines(studied, copied):
    keep_rows(copied, lambda row: (row["arm"], row["target"], row["language"]) != ("chain", "xnli", "sw"))
    report_of(studied, str(copied), out="fewer")
    lines = (studied.root / "fewer/table.tex").read_text().splitlines()
    targets = next(x for x in lines if "xnli" in x).rstrip(" \\").split(" & ")
    for arm in ("mnli", "chain"):
        cells = next(x for x in lines if x.startswith(f"{arm} &")).rstrip(" \\").split(" & ")
        missing = [name for name, cell in zip(targets, cells) if cell == "--"]
        assert missing == (["xnli", "Avg."] if arm == "chain" else [])


def test_compare_says_what_changed(studied):
    assert studied.run("--out", "runs/slow", "--set", "recipes.default.peak_lr=1e-5").returncode == 0
    result = studied.sojourn("compare", "runs/all", "runs/slow")
    assert result.returncode == 0, result.stderr
    assert next(x for x in result.stdout.splitlines() if "peak_lr" in x).split()[-3:] == ["0.001", "->", "1e-05"]
    assert "Machine" not in result.stdout and "Plugins" not in result.stdout
    assert next(x for x in result.stdout.splitlines() if x.split()[:3] == ["mnli", "xnli", "test"]).split()[3] == "12"
    same = studied.sojourn("compare", "runs/all", "runs/all")
    assert "data are the same" in same.stdout


def test_what_isnt_a_run_is_refused(studied, tmp_path):
    for place in ("nowhere", str(tmp_path)):
        result = studied.sojourn("report", place)
        assert result.returncode == 2 and "expected the folder of a run" in result.stderr


@pytest.mark.skipif(SANITIZED, reason="takes minutes; the plain build does it")
def test_a_report_of_the_papers_size_is_a_page_of_less_than_5_mb(world):
    paper_size.make_run(world.root / "large")
    report = report_of(world, "large")
    assert len(report["differences"]) == 9 * 9 * 40
    assert (world.root / "report/report.html").stat().st_size < 5e6
