"""A study of several seeds, arms, targets and groups of languages, run once for all tests of reports."""

import json
import random
import shutil
from pathlib import Path

from world import PAIRS, STUDY, World, tagged_lines

CONFIGS = Path(__file__).resolve().parents[2] / "configs"

REPORT = """
[[intermediate]]
name = "chain"
chain = [["udpos"], ["mnli"]]

[report]
groups = "languages.toml"
measure = "joshi_class"
low = 2
high = 4
margin = 3

[[hypothesis]]
name = "mnli-helps"
claim = "MNLI <helps> on the average of all targets"
arm = "mnli"
direction = "helps"
published = 7.5
source = "arXiv 2005.13013"

[[hypothesis]]
name = "chain-no-better"
arm = "chain"
baseline = "mnli"
targets = ["xnli"]
direction = "no gain"

[[hypothesis]]
name = "low-lose"
arm = "chain"
group = "low"
direction = "harms"
"""

# xx is in no file of languages, ta in no group but "middle".
NLI_LANGUAGES = ("en", "de", "sw", "hi")
TAG_LANGUAGES = ("en", "de", "te", "ta")


def make_study(root: Path) -> World:
    """xnli, udpos and tatoeba in several languages, with more examples than World has, three seeds."""
    world = World(root)
    shutil.copy(CONFIGS / "languages.toml", root / "languages.toml")
    rng = random.Random(5)
    words = " ".join(f"{a} {b}" for a, b, _ in PAIRS).split()
    labels = ("entailment", "neutral", "contradiction")

    def sentence() -> str:
        return " ".join(rng.choices(words, k=rng.randint(3, 6)))

    for language in NLI_LANGUAGES:
        rows = "".join(f"{sentence()}\t{sentence()}\t{rng.choice(labels)}\n" for _ in range(40))
        world.write(f"data/xnli/test-{language}.tsv", rows)
    for language in TAG_LANGUAGES:
        world.write(f"data/udpos/test-{language}.tsv", tagged_lines() * 5)
    for code in ("deu", "tel"):
        for side in (code, "eng"):
            world.write(f"data/tatoeba/tatoeba.{code}-eng.{side}", "".join(sentence() + "\n" for _ in range(20)))
    study = STUDY.replace("seeds = [1]", "seeds = [1, 2, 3]").replace("layer = 2", 'layer = 2\nlayers = "all"')
    world.write("study.toml", study + REPORT)
    return world


def report_of(world: World, *runs: str, out: str = "report") -> dict:
    result = world.sojourn("report", *runs, "--out", out)
    assert result.returncode == 0, result.stderr
    return json.loads((world.root / out / "report.json").read_text())
