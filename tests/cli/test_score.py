"""`sojourn score` on what a run left."""

import json


def test_a_runs_predictions_give_its_rows_again(world):
    assert world.run().returncode == 0
    result = world.sojourn("score", "runs/small", "--json")
    assert result.returncode == 0, result.stderr
    assert result.stdout == (world.root / "runs/small/results.jsonl").read_text()
    rows = len(world.results())
    assert f"{rows} rows from" in result.stderr and "equal to results.jsonl" in result.stderr


def test_a_prediction_that_was_changed_is_found(world):
    assert world.run().returncode == 0
    name = "runs/small/predictions/none/xnli/1/test/de.jsonl"
    lines = [json.loads(line) for line in (world.root / name).read_text().splitlines()]
    right = next(line for line in lines if line["statistics"]["correct"] == 1)
    right["prediction"] = "nothing"
    world.write(name, "".join(json.dumps(line) + "\n" for line in lines))
    result = world.sojourn("score", "runs/small")
    assert result.returncode == 2
    assert "error: none/xnli/seed-1 xnli test de accuracy: results.jsonl has" in result.stderr
    assert "not all equal" in result.stderr

    lines[0]["id"] = "other"
    world.write(name, "".join(json.dumps(line) + "\n" for line in lines))
    result = world.sojourn("score", "runs/small")
    assert result.returncode == 2
    assert f"{name}:1: a prediction for example 'other', expected '1'" in result.stderr


def test_the_command_line_says_what_it_needs(world):
    for arguments, message in (
        ([], "RUN or --xtreme is required"),
        (["--xtreme", "x"], "x: has no task in both labels/ and predictions/; expected bucc2018, "),
        (["--xtreme", "x", "--task", "xnly"], "did you mean 'xnli'?"),
        (["--xtreme", "x", "--task", "mnli"], "task 'mnli': belongs to no such benchmark"),
        (["runs/none"], "runs/none/manifest.json"),
    ):
        result = world.sojourn("score", *arguments)
        assert result.returncode == 2, arguments
        assert message in result.stderr, result.stderr


def test_a_submission_scores_as_the_run_does_also_without_labels(world):
    """Gold in the benchmark's folders, test files without it: the run predicts, `score` scores."""
    assert world.run("--out", "labelled").returncode == 0
    for language in ("en", "de"):
        rows = [line.split("\t") for line in (world.data / f"xnli/test-{language}.tsv").read_text().splitlines()]
        world.write(f"sent/labels/xnli/test-{language}.tsv", "".join(f"{row[2]}\n" for row in rows))
        world.write(f"data/xnli/test-{language}.tsv", "".join(f"{row[0]}\t{row[1]}\n" for row in rows))
        words = [line.split("\t") for line in (world.data / f"udpos/test-{language}.tsv").read_text().splitlines()]
        world.write(f"sent/labels/udpos/test-{language}.tsv", "".join(word[-1] + "\n" for word in words))
        world.write(f"data/udpos/test-{language}.tsv", "".join(word[0] + "\n" for word in words))
    result = world.run("--out", "blind")
    assert result.returncode == 0, result.stderr
    assert "xnli test de has no gold: predicted, not scored" in (world.root / "blind/log.txt").read_text()
    assert not [r for r in world.results("blind") if r["task"] in ("xnli", "udpos") and r["split"] == "test"]

    for arm in ("none", "mnli"):
        assert world.sojourn("submission", "blind", "--out", "sent", "--arm", arm).returncode == 0
        for task, metric in (("xnli", "accuracy"), ("udpos", "f1")):
            scored = world.sojourn("score", "--xtreme", "sent", "--task", task, "--json")
            assert scored.returncode == 0, scored.stderr
            found = {k: v[metric] for k, v in json.loads(scored.stdout)["per_language"].items()}
            expected = {
                r["language"]: r["value"]
                for r in world.results("labelled")
                if (r["arm"], r["task"], r["split"], r["metric"]) == (arm, task, "test", metric)
                and r["profile"] in ("accuracy", "xtreme-2020")
            }
            assert found == expected

    both = world.sojourn("score", "--xtreme", "sent", "--json")
    assert both.returncode == 0, both.stderr
    summary = json.loads(both.stdout)
    assert [task["task"] for task in summary["tasks"]] == ["udpos", "xnli"]
    assert [task["score"] for task in summary["tasks"]] == [task["mean"][m] for task, m in
                                                            zip(summary["tasks"], ("f1", "accuracy"), strict=True)]
    assert summary["mean"] is None and "xquad" in summary["absent"]  # no mean of some of the tasks

    missing = world.sojourn("submission", "blind", "--out", "sent", "--seed", "9")
    assert missing.returncode == 2
    assert "blind/predictions/none: no predictions of seed 9" in missing.stderr
