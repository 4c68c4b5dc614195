"""Hypotheses and groups of languages: wrong ones are refused before anything is trained, and a run declares them first."""

import json
import shutil
from pathlib import Path

import pytest

CONFIGS = Path(__file__).resolve().parents[2] / "configs"

REPORT = """
[report]
groups = "languages.toml"
measure = "joshi_class"
low = 4
margin = 2

[[hypothesis]]
name = "german"
arm = "mnli"
languages = ["de"]
targets = ["xnli"]
direction = "no harm"

[[hypothesis]]
name = "rich"
arm = "mnli"
group = "high"
direction = "helps"
"""


@pytest.fixture
def declaring(world):
    shutil.copy(CONFIGS / "languages.toml", world.root / "languages.toml")
    world.write("study.toml", world.study.read_text() + REPORT)
    return world


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('arm = "mnli"\nlanguages', 'arm = "mnil"\nlanguages', "did you mean 'mnli'"),
        ('targets = ["xnli"]', 'targets = ["xlni"]', "did you mean 'xnli'"),
        ('group = "high"', 'group = "hihg"', "did you mean 'high'"),
        ('languages = ["de"]', 'languages = ["dd"]', "did you mean 'de'"),
        ('group = "high"', 'group = "low"', "none of its targets is scored in a language of it"),
        ('measure = "joshi_class"', 'measure = "joshi_clas"', "did you mean 'joshi_class'"),
        ('groups = "languages.toml"', 'groups = "no.toml"', "no such file"),
    ],
)
def test_what_isnt_there_is_refused_by_plan_and_run_with_its_line(declaring, old, new, said):
    declaring.edit("study.toml", old, new)
    number = declaring.study.read_text().splitlines().index(new.splitlines()[0]) + 1
    for command in ("plan", "run"):
        result = declaring.sojourn(command, "study.toml")
        assert result.returncode == 2, result.stderr
        assert said in result.stderr and f"study.toml:{number}:" in result.stderr
    assert not (declaring.root / "runs/small").exists()


def test_a_run_declares_before_it_scores_and_the_next_one_knows(declaring):
    assert declaring.run().returncode == 0
    first = json.loads((declaring.root / "runs/small/declared.json").read_text())
    assert first["scores"] > 0 and first["scores_before"] == 0
    assert [one["name"] for one in first["hypotheses"]] == ["german", "rich"]
    groups = {group["name"]: group["languages"] for group in first["grouping"]["groups"]}
    assert "de" in groups["high"] and "sw" in groups["low"]
    assert "LangResourceAtlas" in first["grouping"]["source"]

    # The same again, which needs nothing more: as old as the first time.
    assert declaring.run().returncode == 0
    assert json.loads((declaring.root / "runs/small/declared.json").read_text()) == first

    # More seeds, of which one stage is trained on its own and all go to another folder: still as old.
    declaring.edit("study.toml", "seeds = [1]", "seeds = [1, 2]")
    assert declaring.sojourn("stage", "study.toml", "none/xnli/seed-2").returncode == 0
    assert declaring.run("--out", "runs/both").returncode == 0
    both = json.loads((declaring.root / "runs/both/declared.json").read_text())
    assert both["scores"] > first["scores"] and both["scores_before"] == 0

    # Another hypothesis, now that all scores are known.
    declaring.edit("study.toml", 'direction = "helps"', 'direction = "harms"')
    assert declaring.run().returncode == 0
    later = json.loads((declaring.root / "runs/small/declared.json").read_text())
    assert later["scores_before"] == later["scores"] == both["scores"]
