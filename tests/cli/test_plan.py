"""`sojourn plan` on the studies that come with the program."""

import json
from pathlib import Path

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


def planned(world, name: str) -> dict:
    result = world.sojourn("plan", str(CONFIGS / name), "--json", "--threads", "2")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_the_papers_main_study_shares_more_than_half_of_its_stages(world):
    """None and nine intermediates; six of nine targets train something of their own, seven train; three seeds."""
    plan = planned(world, "paper-single.toml")
    assert plan["training_stages"] == 3 * (9 + 10 * 6) == 207
    assert plan["naive_trainings"] == 3 * (7 + 9 * (9 + 7)) == 453
    assert plan["provisional"] and plan["missing"]


def test_the_whole_paper_adds_arms_to_it(world):
    plan = planned(world, "paper.toml")
    arms = 10 + 1 + 9 + 3  # as above, all nine at once, each with masked language modelling, translated data
    assert plan["training_stages"] == 3 * (arms - 1 + arms * 6)
    assert any("translated/" in what for what in plan["missing"])
