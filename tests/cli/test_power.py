"""`sojourn power`: what a study could see, from the study and assumed noise."""

import re
from pathlib import Path

STUDY = str(Path(__file__).resolve().parents[2] / "configs" / "quickstart.toml")


def lines(world, *options):
    result = world.sojourn("power", STUDY, *options)
    assert result.returncode == 0, result.stderr
    found = re.findall(r"^ +(\d+)( \(the study\))? +([\d.]+) +([\d.]+|-) +([\d.]+|-)$", result.stdout, re.M)
    return {int(seeds): (float(error), detectable, bool(own)) for seeds, own, error, detectable, _ in found}


def test_more_seeds_and_examples_see_smaller_differences(world):
    few = lines(world, "--examples", "300", "--set", "seeds=[1, 2, 3, 4]")
    many = lines(world, "--examples", "3000", "--set", "seeds=[1, 2, 3, 4]")
    assert few[4][2] and not few[3][2]
    assert float(few[10][1]) < float(few[3][1])
    assert float(many[4][1]) < float(few[4][1])


def test_one_seed_sees_nothing(world):
    assert lines(world, "--examples", "300", "--set", "seeds=[7]")[1][1] == "-"


def test_the_number_of_examples_is_asked_for(world):
    result = world.sojourn("power", STUDY)
    assert result.returncode == 2 and "--examples" in result.stderr
