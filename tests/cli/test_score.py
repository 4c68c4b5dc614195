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
        (["--xtreme", "x"], "--xtreme requires --task"),
        (["--xtreme", "x", "--task", "xnly"], "did you mean 'xnli'?"),
        (["--xtreme", "x", "--task", "mnli"], "task 'mnli': belongs to no such benchmark"),
        (["runs/none"], "runs/none/manifest.json"),
    ):
        result = world.sojourn("score", *arguments)
        assert result.returncode == 2, arguments
        assert message in result.stderr, result.stderr
