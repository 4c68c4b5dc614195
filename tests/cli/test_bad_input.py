"""Bad input ends with exit code 2 and one message that names the place, before anything is trained."""

import json
import struct

import pytest


def refused(world, *named: str, arguments=()) -> str:
    result = world.run(*arguments)
    assert result.returncode == 2, f"exit code {result.returncode}\n{result.stderr}"
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, result.stderr
    for text in named:
        assert text in errors[0], f"{text!r} is not in: {errors[0]}"
    assert not (world.root / "runs").exists()
    return errors[0]


STUDY_CASES = {
    "unknown key, with the nearest": ("peak_lr = 1e-3", "peak_rl = 1e-3", "study.toml:15", "peak_rl", "'peak_lr'"),
    "unknown table": ("[data]", "[dataa]", "study.toml", "dataa"),
    "wrong type": ("batch_size = 4", 'batch_size = "four"', "study.toml:12", "batch_size", "integer", "string"),
    "out of range": ("warmup = 0.1", "warmup = 1.5", "study.toml:16", "warmup", "1.5"),
    "TOML syntax": ("seeds = [1]", "seeds = [1", "study.toml:"),
    "schema": ("schema = 1", "schema = 2", "study.toml:1", "schema"),
    "no such task": ('task = "xnli"', 'task = "xnly"', "study.toml:24", "xnly", "'xnli'"),
    "no such task to train": ('train = ["mnli"]', 'train = ["mnlli"]', "study.toml:21", "mnlli", "'mnli'"),
    "no such language": ('task = "xnli"', 'task = "xnli"\nlanguages = ["qq"]', "study.toml:25", "'qq'", "en"),
    "a language without a file": ('task = "xnli"', 'task = "xnli"\nlanguages = ["sw"]', "xnli/test-sw.tsv"),
    "a split that the task hasn't": ("layer = 2", 'layer = 2\nsplit = "dev"', "study.toml:32", "dev"),
    "a layer that the encoder hasn't": ("layer = 2", "layer = 9", "study.toml:31", "layer 9", "0 to 4"),
    "a layer for a task with a head": ('task = "xnli"', 'task = "xnli"\nlayer = 1', "study.toml:25", "layer"),
    "layers for a task with a head": ('task = "xnli"', 'task = "xnli"\nlayers = "all"', "study.toml:25", "layer"),
    "a layer to report and one to choose": (
        "layer = 2", 'layer = 2\nlayers = "all"\nchoose_on = "de"', "study.toml:33", "'layer'",
    ),
    "an option that the task hasn't": (
        'train = ["mnli"]', 'train = ["lexalign"]\nrecipe = { micro_batch = 4, options = { layr = 3 } }',
        "study.toml:22", "'layr'", "'layer'",
    ),
    "an option's value": (
        'train = ["mnli"]', 'train = ["lexalign"]\nrecipe = { micro_batch = 4, options = { loss = "tripled" } }',
        "study.toml:22", "'tripled'", "'triplet' or 'infonce'",
    ),
    "an option's layer that the encoder hasn't": (
        'train = ["mnli"]', 'train = ["lexalign"]\nrecipe = { micro_batch = 4, options = { layer = 9 } }',
        "study.toml:22", "option 'layer'", "layer 9", "0 to 4",
    ),
    "a loss over micro-batches": ('train = ["mnli"]', 'train = ["lexalign"]', "study.toml:13", "micro_batch is 2", "batch_size 4"),
    "a sweep that nothing decides": ("layer = 2", 'layers = "all"', "study.toml:31", "choose_on"),
    "a choice without a sweep": ("layer = 2", 'choose_on = "de"', "study.toml:31", 'layers = "all"'),
    "a sweep of one language": ("layer = 2", 'layers = "all"\nchoose_on = "de"', "study.toml:32", "'de'", "another"),
    "a head of other labels": ('task = "xnli"', 'task = "xnli"\ntrain = ["udpos"]', "study.toml:25", "xnli", "udpos"),
    "training what only is scored": ('train = ["mnli"]', 'train = ["xnli"]', "study.toml:21", "xnli"),
    "more tokens than the encoder takes": ("max_tokens = 32", "max_tokens = 129", "max_tokens", "129", "128"),
    "a task twice in one stage": ('train = ["mnli"]', 'train = ["mnli", "mnli"]', "study.toml:21", "mnli"),
    "a chain beside a stage": ('train = ["mnli"]', 'train = ["mnli"]\nchain = [["mnli"]]', "study.toml:2", "chain"),
    "heads of other labels under one name": (
        'train = ["mnli"]', 'train = ["mnli", "udpos"]\nheads = { mnli = "one", udpos = "one" }', "study.toml:22", "'one'",
    ),
    "no such encoder": ('path = "encoder"', 'path = "nowhere"', "nowhere"),
    "an unset variable": ('path = "encoder"', 'path = "$SOJOURN_NOT_SET/x"', "study.toml:6", "SOJOURN_NOT_SET"),
}


@pytest.mark.parametrize("case", STUDY_CASES)
def test_study(world, case):
    old, new, *named = STUDY_CASES[case]
    world.edit("study.toml", old, new)
    refused(world, *named)


def test_a_training_set_that_is_smaller_than_the_batch_whose_words_are_compared(world):
    world.write("data/lexicon/train-sw.tsv", "mbwa\tdog\npaka\tcat\n")
    lexalign = 'train = ["lexalign"]\ndata = { languages = ["sw"] }\nrecipe = { micro_batch = 4 }'
    world.edit("study.toml", 'train = ["mnli"]', lexalign)
    refused(world, "lexicon/train-sw.tsv", "task 'lexalign', language sw: 2 features, expected at least batch_size, 4")


def test_a_threshold_without_a_dev_split_to_learn_it_on(world):
    for name in ("de", "en"):
        world.write(f"data/bucc2018/de-en.test.{name}", f"{name}-1\ta dog\n{name}-2\tit rains\n")
    world.edit("study.toml", 'task = "tatoeba"', 'task = "bucc2018"')
    refused(world, "study.toml:29", "'bucc2018' learns its threshold on a dev split", "bucc2018/de-en.dev.en")


def test_missing_study(world):
    world.study.unlink()
    refused(world, "study.toml")


def test_set_names_its_key(world):
    refused(world, "--set", "recipes.default.epoch", "'epochs'", arguments=["--set", "recipes.default.epoch=3"])


MNLI, XNLI = "data/mnli/multinli_1.0_train.jsonl", "data/xnli/test-de.tsv"
UDPOS, TATOEBA = "data/udpos/test-de.tsv", "data/tatoeba/tatoeba.deu-eng.deu"
# File, what stands on a line, what it becomes, what the message names.
ROW_CASES = {
    "mnli: not JSON": (MNLI, '{"gold_label": "neutral"', '{"gold_label" "neutral"', "train.jsonl:2"),
    "mnli: a key is missing": (MNLI, '"sentence2": "a cat is seen"', '"x": "y"', "train.jsonl:1", "sentence2"),
    "mnli: unknown label": (MNLI, '"gold_label": "neutral"', '"gold_label": "maybe"', "train.jsonl:2", "maybe"),
    "mnli: a repeated id": (MNLI, '"t1"', '"t0"', "train.jsonl:2", "t0"),
    "mnli: broken UTF-8": (MNLI, b"two men", b"two \xff men", "train.jsonl:2", "UTF-8"),
    "xnli: two columns": (XNLI, "two men sing\t", "two men sing ", "test-de.tsv:2", "columns"),
    "xnli: four columns": (XNLI, "two men sing\t", "two men\tsing\t", "test-de.tsv:2", "columns"),
    "xnli: unknown label": (XNLI, "neutral", "neutrall", "test-de.tsv:2", "neutrall"),
    "xnli: broken UTF-8": (XNLI, b"two men", b"two \xc3\x28", "test-de.tsv:2", "UTF-8"),
    "udpos: one column": (UDPOS, "dog\tNOUN", "dog NOUN", "test-de.tsv:2"),
    "udpos: three columns": (UDPOS, "dog\tNOUN", "dog\tNOUN\tx", "test-de.tsv:2"),
    "udpos: unknown tag": (UDPOS, "sings\tVERB", "sings\tVRB", "test-de.tsv:7", "VRB"),
    "udpos: broken UTF-8": (UDPOS, b"sings", b"s\xed\xa0\x80", "test-de.tsv:7", "UTF-8"),
    "tatoeba: broken UTF-8": (TATOEBA, b"die katze", b"die \xf8", "tatoeba.deu-eng.deu:2", "UTF-8"),
    "tatoeba: sides of other lengths": (TATOEBA, "rote autos\n", "", "tatoeba.deu-eng", "2", "3"),
}


@pytest.mark.parametrize("case", ROW_CASES)
def test_row(world, case):
    name, old, new, *named = ROW_CASES[case]
    path = world.root / name
    old, new = (t if isinstance(t, bytes) else t.encode() for t in (old, new))
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    refused(world, *named)


@pytest.mark.parametrize("name", [MNLI, XNLI, UDPOS, TATOEBA])
def test_empty_file(world, name):
    world.write(name, "")
    refused(world, name.split("/")[-1])


@pytest.mark.parametrize("name", [MNLI, "data/mnli/multinli_1.0_dev_matched.jsonl", "data/udpos/train-en.tsv"])
def test_missing_file(world, name):
    (world.root / name).unlink()
    refused(world, name)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_encoder_without_a_file(world, name):
    (world.encoder / name).unlink()
    refused(world, name, "encoder")


def test_pickled_weights_are_refused_with_the_way_out(world):
    (world.encoder / "model.safetensors").rename(world.encoder / "pytorch_model.bin")
    refused(world, "pytorch_model.bin", "save_pretrained")


def test_encoder_of_an_unknown_type(world):
    world.edit("encoder/config.json", '"bert"', '"gpt2"')
    refused(world, "config.json", "model_type", "gpt2", "xlm-roberta")


def rewrite_header(world, change):
    path = world.encoder / "model.safetensors"
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    header = change(json.loads(content[8 : 8 + size]))
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + size :])


def test_tensor_of_a_wrong_shape(world):
    name = "embeddings.LayerNorm.weight"

    def fold(header):
        (width,) = header[name]["shape"]
        header[name]["shape"] = [2, width // 2]
        return header

    rewrite_header(world, fold)
    refused(world, "model.safetensors", name, "[2, 16]", "[32]")


def test_tensor_that_is_missing(world):
    def rename(header):
        header["other"] = header.pop("embeddings.LayerNorm.bias")
        return header

    rewrite_header(world, rename)
    refused(world, "encoder", "embeddings.LayerNorm.bias")


def test_hostile_offsets(world):
    def grow(header):
        header["embeddings.LayerNorm.bias"]["data_offsets"][1] = 2**62
        return header

    rewrite_header(world, grow)
    refused(world, "model.safetensors", "embeddings.LayerNorm.bias")


def test_truncated_weights(world):
    path = world.encoder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    refused(world, "model.safetensors")


def test_tokenizer_id_without_an_embedding_row(world):
    # As many rows as before, but the tokenizer has more ids than the encoder says it has rows.
    tokenizer = json.loads((world.encoder / "tokenizer.json").read_text())
    mask = tokenizer["model"]["vocab"].pop()
    extra = [[f"extra{i}", -30.0 - i] for i in range(10)]
    tokenizer["model"]["vocab"] += [*extra, mask]
    for token in tokenizer["added_tokens"]:
        if token["content"] == "<mask>":
            token["id"] += len(extra)
    world.write("encoder/tokenizer.json", json.dumps(tokenizer))
    refused(world, "tokenizer", "embedding rows")


def test_out_folder_that_is_no_run(world):
    world.write("thesis/chapter.tex", "x")
    refused(world, "thesis", "isn't the folder of a run", arguments=["--out", "thesis"])
    assert (world.root / "thesis/chapter.tex").exists()


def test_library_that_is_no_plugin(world):
    world.write("plugins/broken.so", b"\x7fELF but not really")
    refused(world, "broken.so", arguments=["--plugin-path", "plugins"])


def test_plugin_path_that_is_no_folder(world):
    refused(world, "nowhere", arguments=["--plugin-path", "nowhere"])


@pytest.mark.parametrize(
    "arguments", [["--precision", "fp8"], ["--device", "tpu"], ["--threads", "0"], ["--sett", "a=1"]]
)
def test_command_line(world, arguments):
    result = world.run(*arguments)
    assert result.returncode == 2
    assert arguments[0] in result.stderr + result.stdout


def test_an_older_run_survives_a_refused_one(world):
    assert world.run().returncode == 0
    before = (world.root / "runs/small/results.jsonl").read_bytes()
    world.edit("study.toml", "warmup = 0.1", "warmup = 2")
    assert world.run().returncode == 2
    assert (world.root / "runs/small/results.jsonl").read_bytes() == before
