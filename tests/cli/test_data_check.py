"""`sojourn data check`: what it counts, which leaks it names, and how it ends."""

import json

import pytest

LEAK = "the ferry to the island leaves at noon"


def check(world, *arguments):
    return world.sojourn("data", "check", *arguments, "--threads", "2")


def check_json(world, *arguments) -> dict:
    result = check(world, *arguments, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def sets(report) -> dict:
    return {(s["task"], s["split"], s["language"]): s for s in report["sets"]}


def leak(world):
    row = {"gold_label": "neutral", "sentence1": LEAK, "sentence2": "it is late", "pairID": "leaked"}
    world.write("data/mnli/multinli_1.0_train.jsonl", json.dumps(row) + "\n")
    world.edit("data/xnli/test-de.tsv", "two men sing", LEAK.upper())


def test_a_study_is_checked_task_by_task(world):
    found = sets(check_json(world, "study.toml"))
    assert set(found) == {
        ("mnli", "train", "en"), ("mnli", "dev", "en"), ("xnli", "test", "en"), ("xnli", "test", "de"),
        ("udpos", "train", "en"), ("udpos", "dev", "en"), ("udpos", "test", "en"), ("udpos", "test", "de"),
        ("tatoeba", "test", "de"),
    }  # fmt: skip
    xnli = found["xnli", "test", "de"]
    assert xnli["examples"] == 6 and xnli["duplicates"] == 0 and xnli["max_tokens"] == 32
    assert xnli["labels"] == {"entailment": 2, "neutral": 2, "contradiction": 2}
    assert found["udpos", "test", "en"]["labels"]["NOUN"] == 2
    assert found["tatoeba", "test", "de"]["labels"] == {}


def test_the_table_names_a_leak_and_both_examples(world):
    assert "No training or dev text" in check(world, "study.toml", "udpos", "xnli").stdout
    leak(world)
    result = check(world, "study.toml")
    assert result.returncode == 0, result.stderr
    (line,) = [line for line in result.stdout.splitlines() if "leaked" in line]
    assert line.split() == "mnli train en xnli test de 1 of 2 first texts 50.0% leaked 2".split()
    # The dev rows of this world are those of the test files, so there are overlaps of dev sets too.
    overlaps = check_json(world, "study.toml")["overlaps"]
    (overlap,) = [o for o in overlaps if o["source"]["split"] == "train"]
    assert overlap["scored"] == {"task": "xnli", "split": "test", "language": "de"}
    assert (overlap["texts"], overlap["found"], overlap["of"]) == ("first", 1, 2)


def test_without_a_study_all_tasks_that_have_files_are_checked(world):
    result = check(world, "--data-root", "data", "--encoder", "encoder")
    assert result.returncode == 0, result.stderr
    tasks = {line.split()[0] for line in result.stdout.split("\n\n")[0].splitlines()[1:]}
    assert tasks == {"anli", "mnli", "xnli", "udpos", "tatoeba"}  # anli trains on mnli's file too
    assert "snli" not in result.stdout
    report = check_json(world, "xnli", "--data-root", "data", "--encoder", "encoder", "--max-tokens", "8")
    assert {s["task"] for s in report["sets"]} == {"xnli"}
    assert all(s["max_tokens"] == 8 and s["longer"] == 6 for s in report["sets"])
    absent = {one["split"]: one["languages"] for one in report["absent"]}
    assert "sw" in absent["test"] and "de" not in absent["test"] and "de" in absent["dev"]


def test_a_broken_file_is_an_error_and_the_others_are_read(world):
    leak(world)
    world.edit("data/xnli/test-en.tsv", "two men sing\t", "two men sing ")
    world.edit("data/udpos/test-de.tsv", "dog\tNOUN", "dog NOUN")
    result = check(world, "study.toml")
    assert result.returncode == 2
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 2
    assert "xnli test en: " in errors[0] and "test-en.tsv:2: " in errors[0]
    assert "udpos test de: " in errors[1] and "test-de.tsv:2: " in errors[1]
    assert "leaked" in result.stdout


@pytest.mark.parametrize(
    "arguments, named",
    [
        (["xnli"], "--data-root"),
        (["study.toml", "xnly"], "'xnli'"),
        (["nowhere.toml"], "nowhere.toml"),
        (["study.toml", "--data-root", "nowhere"], "nowhere"),
        (["study.toml", "--data-root", "encoder"], "no file"),
        (["study.toml", "--encoder", "data"], "tokenizer"),
        (["study.toml", "--max-tokens", "7"], "--max-tokens"),
    ],
)
def test_what_cannot_be_checked_is_one_error(world, arguments, named):
    result = check(world, *arguments)
    assert result.returncode == 2
    assert named in result.stderr
    assert result.stdout == ""


def test_help_has_examples(world):
    result = world.sojourn("data", "check", "--help")
    assert result.returncode == 0 and "Examples:" in result.stdout
    assert world.sojourn("data").returncode == 2
