"""The JSON Schema that `sojourn schema` prints, against studies."""

import json
import subprocess
import tomllib

import jsonschema
import pytest

from world import BINARY, TESTS

FULL = """\
schema = 1
name = "full"
seeds = [1, 2]
keep = "all"
encoder.path = "encoder"
data.root = "data"
checkpoint = { steps = 100, minutes = 0.5 }
recipes.default = { peak_lr = [1e-5, 1], steps = 9, evaluate = { every = [1, 2], patience = 3 } }
recipes.task = { warmup = 0, epochs = 0.5 }
report.baseline = "chain,batch_size=4"

[[intermediate]]
name = "chain"
chain = [["a", "b"], ["c"]]
recipe = { batch_size = [4, 8], evaluate = { every = 5, by = ["a"] } }
sampling = { by = "size", cap = 9, exponent = 0.5 }
loss_weights = { a = 0.5 }
heads = { a = "shared", b = "shared" }
data = [{ task = "a", train = "x.tsv" }, { task = "b", train = ["y.tsv"], languages = ["de"] }]

[[intermediate]]
name = "joint"
train = ["a"]
joint = true
sampling = { weights = { a = 2 } }
data = { languages = ["de"] }

[[target]]
task = "t"
train = ["a"]
split = ["dev", "test"]
languages = ["en"]
layers = "all"
choose_on = "en"
limit = { train = 1, dev = 2, test = 3 }
"""

REFUSED = {
    "an unknown key": ('name = "full"', 'name = "full"\nseads = [1]'),
    "an unknown key of a recipe": ("steps = 9", "stpes = 9"),
    "an unknown key of a task's recipe": ("warmup = 0", "warmpu = 0"),
    "an unknown key of an intermediate": ("joint = true", "jiont = true"),
    "another type": ("steps = 9", 'steps = "9"'),
    "out of range": ("warmup = 0", "warmup = 1"),
    "out of range in a grid": ("[1e-5, 1]", "[1e-5, 0]"),
    "an empty grid": ("[1e-5, 1]", "[]"),
    "a list that is no grid": ("steps = 100", "steps = [100]"),
    "another word": ('split = ["dev", "test"]', 'split = "tset"'),
    "a name that is no folder's": ('name = "joint"', 'name = "a/b"'),
    "another version": ("schema = 1", "schema = 2"),
    "a missing key": ('task = "t"', 'name = "t"'),
    "a missing table": ('encoder.path = "encoder"', ""),
    "no train and no chain": ('train = ["a"]\njoint', "joint"),
    "train and chain": ("joint = true", 'chain = [["a"]]'),
    "steps and epochs": ("steps = 9", "steps = 9, epochs = 1"),
    "an empty stage": ('["c"]', "[]"),
    "two training sets of a target": ('train = ["a"]\nsplit', 'train = ["a", "b"]\nsplit'),
    "a weight below 0": ("{ a = 2 }", "{ a = -1 }"),
}


@pytest.fixture(scope="module")
def schema():
    printed = subprocess.run([BINARY, "schema"], capture_output=True, text=True, check=True).stdout
    document = json.loads(printed)
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


STUDIES = [path for path in sorted((TESTS.parent / "configs").glob("*.toml")) if path.name != "languages.toml"]


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.name)
def test_bundled_studies_fit(schema, path):
    schema.validate(tomllib.loads(path.read_text()))


def test_a_study_with_every_key_fits(schema):
    schema.validate(tomllib.loads(FULL))


@pytest.mark.parametrize("old, new", REFUSED.values(), ids=REFUSED.keys())
def test_what_the_program_refuses_does_not_fit(schema, old, new):
    assert FULL.count(old) == 1
    assert not schema.is_valid(tomllib.loads(FULL.replace(old, new)))


def test_a_study_that_extends_another_need_not_be_whole(schema):
    schema.validate({"extends": "base.toml", "target": [{"name": "t", "limit": {"test": 3}}]})
    assert not schema.is_valid({"extends": "base.toml", "target": [{"name": "t", "limits": {}}]})


def test_editors_find_defaults_and_meanings(schema):
    recipes = schema.schema["properties"]["recipes"]
    default = recipes["properties"]["default"]["properties"]
    assert default["peak_lr"]["default"] == 2e-5
    assert default["batch_size"]["default"] == 32
    assert "default" not in recipes["additionalProperties"]["properties"]["peak_lr"]  # the default recipe's

    def without_meaning(table, path):
        for name, key in table.get("properties", {}).items():
            if not key.get("description"):
                yield path + name
            for inner in (key, key.get("items", {}), key.get("additionalProperties", {})):
                if isinstance(inner, dict):
                    yield from without_meaning(inner, path + name + ".")

    assert list(without_meaning(schema.schema, "")) == []


def test_output_that_cannot_be_written_is_an_error():
    with open("/dev/full", "w") as full:
        done = subprocess.run([BINARY, "schema"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "standard output: can't be written" in done.stderr
