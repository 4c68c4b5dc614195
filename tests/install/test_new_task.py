"""`sojourn new-task`: what it writes is built, checked and trained on as it is, and what it refuses."""

import json
import subprocess

import pytest

from prefix import SOURCE

TEMPLATES = sorted(
    (folder.parent.name, folder.name)
    for language in ("c", "cpp") for folder in (SOURCE / "sdk" / "templates" / language).iterdir()
)


@pytest.mark.parametrize(("language", "family"), TEMPLATES)
def test_a_new_task_builds_passes_the_check_and_trains(prefix, tmp_path, language, family):
    written = prefix.sojourn("new-task", "my-own", "--family", family, "--lang", language, cwd=tmp_path)
    assert written.returncode == 0, written.stderr
    project = tmp_path / "my-own"
    assert not [file for file in project.rglob("*") if file.is_file() and "@" in str(file) + file.read_text()]
    assert all(len(rows(file)) == 10 for file in (project / "data" / "my-own").iterdir())

    build = prefix.build(project)
    assert [file.name for file in build.rglob("*.so")] == ["my-own.so"]
    tested = subprocess.run(["ctest", "--test-dir", build, "--output-on-failure"], env=prefix.environment,
                            capture_output=True, text=True)
    assert tested.returncode == 0, tested.stdout

    results = [json.loads(line) for line in (build / "test-run" / "results.jsonl").read_text().splitlines()]
    scored = {(row["task"], row["language"]) for row in results if row["split"] == "test"}
    assert scored == {("my-own", "de")} | ({("my-own", "en")} if family != "sentence_retrieval" else set())
    assert {row["n"] for row in results if family != "token_tagging"} <= {10}


def rows(file):
    """Lines, or sentences where empty lines are between them."""
    text = file.read_text()
    return text.strip().split("\n\n" if "\n\n" in text else "\n")


@pytest.mark.parametrize(("arguments", "message"), [
    (["Film"], "task 'Film': is no name for a task; expected a-z 0-9 _ -, a letter first"),
    (["9lives"], "task '9lives': is no name for a task"),
    (["../up"], "task '../up': is no name for a task"),
    (["xnli"], "task 'xnli': is there already, in "),
    (["test"], "task 'test': is a name that CMake keeps for itself"),
    (["mine", "--family", "token_taging"], "--family token_taging: no template in cpp (did you mean 'token_tagging'?)"),
    (["mine", "--family", "token_tagging", "--lang", "c"], "no template in c; expected one of sequence_classification"),
    (["mine", "--lang", "rust"], "--lang"),
])
def test_what_cannot_be_written_is_refused(prefix, tmp_path, arguments, message):
    result = prefix.sojourn("new-task", *arguments, cwd=tmp_path)
    assert result.returncode == 2 and message in result.stderr, result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_stays_as_it_is(prefix, tmp_path):
    (tmp_path / "mine").mkdir()
    result = prefix.sojourn("new-task", "mine", cwd=tmp_path)
    assert result.returncode == 2 and result.stderr == "error: mine: is there already; expected a new folder\n"
    assert list((tmp_path / "mine").iterdir()) == []
