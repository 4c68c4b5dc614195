"""examples/: each is built from the installation alone, keeps the contract, and does what its page says."""

import json
import re
import shutil
import subprocess

import pytest

from prefix import SOURCE

EXAMPLES = sorted(file.parent.name for file in (SOURCE / "examples").glob("*/CMakeLists.txt"))


def project_of(prefix, folder, name):
    shutil.copytree(SOURCE / "examples" / name, folder / name, ignore=shutil.ignore_patterns("build", "runs"))
    prefix.build(folder / name)
    return folder / name


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_builds_and_passes_its_own_tests(prefix, tmp_path, name):
    build = project_of(prefix, tmp_path, name) / "build"
    tested = subprocess.run(["ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error"],
                            env=prefix.environment, capture_output=True, text=True)
    assert tested.returncode == 0, tested.stdout


@pytest.fixture(scope="module")
def sentence_types(prefix, tmp_path_factory):
    return project_of(prefix, tmp_path_factory.mktemp("example"), "sentence-types")


def run(prefix, project):
    encoder = f'encoder.path="{prefix.path}/share/sojourn/tiny-encoder"'
    return prefix.sojourn("run", "study.toml", "--plugin-path", "build", "--set", encoder, "--set",
                          "recipes.default.epochs=1", cwd=project)


def test_sentence_types_are_scored_in_five_languages(prefix, sentence_types):
    done = run(prefix, sentence_types)
    assert done.returncode == 0, done.stderr
    lines = (sentence_types / "runs" / "sentence-types" / "results.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert {row["language"]: row["n"] for row in rows if row["split"] == "test"} == dict.fromkeys(
        ("de", "en", "es", "fr", "zh"), 15)


@pytest.mark.parametrize(("old", "new", "message"), [
    ("\tquestion\n", "\tquestoin\n", "dev-en.tsv:3: type 'questoin', expected one of statement question request"),
    ("id\ttext\ttype\n", "id\ttext\n", "dev-en.tsv:1: header 'id\ttext', expected id, text, type"),
    ("dev-2\t", "dev-1\t", "dev-en.tsv:3: id 'dev-1' again, first on line 2"),
])
def test_a_wrong_row_of_sentence_types_is_named(prefix, tmp_path, sentence_types, old, new, message):
    project = tmp_path / "project"
    shutil.copytree(sentence_types, project, ignore=shutil.ignore_patterns("runs"))
    file = project / "data" / "sentence-types" / "dev-en.tsv"
    file.write_text(file.read_text().replace(old, new, 1))
    done = run(prefix, project)
    assert done.returncode == 2 and message in done.stderr, done.stderr


def test_the_tutorial_shows_the_example_as_it_is():
    def plain(text):
        return "\n".join(line.strip() for line in text.splitlines())

    source = plain((SOURCE / "examples" / "sentence-types" / "plugin.cpp").read_text())
    shown = re.findall(r"```cpp\n(.*?)```", (SOURCE / "docs" / "plugins.md").read_text(), re.S)
    assert len(shown) == 3 and not [block for block in shown if plain(block) not in source]
