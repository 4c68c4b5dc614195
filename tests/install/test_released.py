"""Binaries of released ABIs, kept as they were built: each loads, trains and scores in this build."""

import json
import shutil
import subprocess

import pytest

from prefix import SOURCE

RELEASES = sorted(folder.name for folder in (SOURCE / "sdk" / "abi").glob("[0-9]*"))
ROWS = [("the market opens at seven", "statement"), ("when does the market open", "question"),
        ("her garden is full of roses", "statement"), ("who waters the roses", "question"),
        ("the bridge was built of stone", "statement"), ("how old is the bridge", "question")]
STUDY = """\
schema = 1
name = "old"
seeds = [1]
[encoder]
path = "{encoder}"
[data]
root = "data"
[recipes.default]
batch_size = 3
max_tokens = 64
peak_lr = 3e-3
warmup = 0.1
epochs = 30
[[target]]
task = "{task}"
"""


def binary(release):
    file = SOURCE / "tests" / "abi" / release / f"abi_{release.replace('.', '_')}.so"
    assert file.is_file(), f"ABI {release} is released, its binary isn't there: tests/abi/build_{release.replace('.', '_')}.sh"
    return file


@pytest.mark.parametrize("release", RELEASES)
def test_it_is_small_and_stands_alone(release):
    file = binary(release)
    assert file.stat().st_size < 50_000
    sections = subprocess.run(["readelf", "-SdW", file], capture_output=True, text=True, check=True).stdout
    assert ".symtab" not in sections
    assert [line.split("[")[1] for line in sections.splitlines() if "(NEEDED)" in line] == ["libc.so.6]"]
    exported = subprocess.run(["nm", "-D", "--defined-only", file], capture_output=True, text=True, check=True).stdout
    assert exported.split()[2:] == ["sojourn_plugin_entry_v1"]


@pytest.mark.parametrize("release", RELEASES)
def test_it_trains_and_scores(prefix, tmp_path, release):
    task = binary(release).stem
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    shutil.copy(binary(release), plugins)
    listed = prefix.sojourn("tasks", "--plugin-path", str(plugins))
    assert listed.returncode == 0 and f"{plugins}/{task}.so" in listed.stdout, listed.stderr

    data = tmp_path / "data" / task
    data.mkdir(parents=True)
    for name in ("train-en", "dev-en", "test-en", "test-de"):
        (data / f"{name}.tsv").write_text("".join(f"{text}\t{label}\n" for text, label in ROWS))
    encoder = prefix.path / "share" / "sojourn" / "tiny-encoder"
    (tmp_path / "study.toml").write_text(STUDY.format(encoder=encoder, task=task))
    run = prefix.sojourn("run", "study.toml", "--plugin-path", str(plugins), cwd=tmp_path)
    assert run.returncode == 0, run.stderr

    out = tmp_path / "runs" / "old"
    (training,) = (out / "training").rglob("*.jsonl")
    losses = [json.loads(line)["loss"] for line in training.read_text().splitlines()]
    assert len(losses) == 60 and sum(losses[-6:]) < sum(losses[:6])
    results = {row["language"]: row for row in read(out / "results.jsonl") if row["split"] == "test"}
    for language in ("de", "en"):
        (file,) = (out / "predictions").rglob(f"test/{language}.jsonl")
        predicted = [row["prediction"] for row in read(file)]
        right = sum(prediction == label for prediction, (_, label) in zip(predicted, ROWS, strict=True))
        assert results[language]["n"] == len(ROWS)
        assert results[language]["value"] == pytest.approx(100 * right / len(ROWS))


def read(file):
    return [json.loads(line) for line in file.read_text().splitlines()]
