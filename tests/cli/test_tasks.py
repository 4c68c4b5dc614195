"""Every bundled task end to end on a few rows: read, trained, scored, and scored again from its predictions."""

import json
import re
import shutil

import pytest
from world import PAIRS, TESTS, nli_lines, tagged_lines

LETTERS = {"entailment": "e", "neutral": "n", "contradiction": "c"}


def json_lines(rows) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def anli(world, split):
    rows = [
        {"uid": f"u{i}", "context": a, "hypothesis": b, "label": LETTERS[label], "reason": "none"}
        for i, (a, b, label) in enumerate(PAIRS)
    ]
    world.write(f"data/anli/R2/{split}.jsonl", json_lines(rows))


def snli(world, split):
    world.write(f"data/snli/{split}.jsonl", nli_lines(split))


def qqp(world, split):
    head = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
    rows = [f"{i}\t-1\t-1\t{a}?\t{b}?\t{i % 2}\n" for i, (a, b, _) in enumerate(PAIRS)]
    world.write(f"data/qqp/{split}.tsv", head + "".join(rows))


def pawsx(world, split):
    rows = [f"{a}\t{b}\t{i % 2}\n" for i, (a, b, _) in enumerate(PAIRS)]
    for language in ("en", "de") if split == "dev" else ("en",):
        world.write(f"data/pawsx/{split}-{language}.tsv", "".join(rows))


def hellaswag(world, split):
    endings = [b for _, b, _ in PAIRS[:4]]
    rows = [{"ctx_a": a, "ctx_b": "then", "endings": endings, "label": i % 4} for i, (a, _, _) in enumerate(PAIRS)]
    world.write(f"data/hellaswag/hellaswag_{'train' if split == 'train' else 'val'}.jsonl", json_lines(rows))


def cosmosqa(world, split):
    rows = ["id,context,question,answer0,answer1,answer2,answer3,label\n"]
    for i, (a, b, _) in enumerate(PAIRS):
        rows.append(f'q{i},"{a},\nsaid ""he""",what next?,{b},nothing,rain,snow,{i % 4}\n')
    world.write(f"data/cosmosqa/{'train' if split == 'train' else 'valid'}.csv", "".join(rows))


def commonsenseqa(world, split):
    rows = [
        {
            "id": f"c{i}",
            "question": {"stem": a, "choices": [{"label": k, "text": f"{b} {k}"} for k in "ABCDE"]},
            "answerKey": "ABCDE"[i % 5],
        }
        for i, (a, b, _) in enumerate(PAIRS)
    ]
    world.write(f"data/commonsenseqa/{split}_rand_split.jsonl", json_lines(rows))


def ccg(world, split):
    world.write(f"data/ccg/{split}-en.tsv", tagged_lines().replace("NOUN", "N\\N" if split == "dev" else "N"))


def panx(world, split):
    tags = {"PRON": "B-PER", "NOUN": "I-ORG"}
    lines = re.sub(r"\t(\w+)", lambda m: "\t" + tags.get(m[1], "O"), tagged_lines())
    for language in ("en", "sw") if split == "dev" else ("en",):
        world.write(f"data/panx/{split}-{language}.tsv", lines)


def squad_json(answers) -> str:
    """The pairs as questions on their first text, answered by its last word, or as `answers` says."""
    articles = []
    for i, (context, text, _) in enumerate(PAIRS):
        last = context.split()[-1]
        gold = answers(i, [{"text": last, "answer_start": context.rindex(last)}])
        qas = [{"id": f"q{i}", "question": f"{text}?", "answers": gold, "is_impossible": not gold}]
        articles.append({"title": f"page {i}", "paragraphs": [{"context": context, "qas": qas}]})
    return json.dumps({"version": "1", "data": articles}, ensure_ascii=False)


def squad(world, split):
    world.write(f"data/squad/{split}-v1.1.json", squad_json(lambda i, gold: gold))


def squad_v2(world, split):
    world.write(f"data/squad_v2/{split}-v2.0.json", squad_json(lambda i, gold: gold if i % 2 else []))


def mlqa(world, split):
    squad(world, split)  # which it is trained on
    if split == "dev":
        for language in ("en", "zh"):
            name = f"data/mlqa/dev/dev-context-{language}-question-{language}.json"
            world.write(name, squad_json(lambda i, gold: gold))


TRAINED = {
    f.__name__: f
    for f in (anli, snli, qqp, pawsx, hellaswag, cosmosqa, commonsenseqa, ccg, panx, squad, squad_v2, mlqa)
}


def study_of(world, target: str) -> None:
    text = world.study.read_text()
    world.study.write_text(text[: text.index("\n[[") + 1] + target)


def run_and_score_again(world):
    result = world.run()
    assert result.returncode == 0, result.stderr
    rows = world.results()
    assert all(0 <= row["value"] <= 100 for row in rows)
    again = world.sojourn("score", "runs/small", "--json")
    assert again.returncode == 0, again.stderr
    assert again.stdout == (world.root / "runs/small/results.jsonl").read_text()
    return rows


@pytest.mark.parametrize("task", TRAINED)
def test_a_task_is_trained_and_scored(world, task):
    for split in ("train", "dev"):
        TRAINED[task](world, split)
    study_of(world, f'[[target]]\ntask = "{task}"\nsplit = "dev"\n')
    rows = run_and_score_again(world)
    assert {row["n"] for row in rows} == {4 if task in ("ccg", "panx") else len(PAIRS)}
    languages = {"pawsx": {"en", "de"}, "panx": {"en", "sw"}, "mlqa": {"en", "zh"}}.get(task, {"en"})
    assert {row["language"] for row in rows} == languages
    curve = (world.root / f"runs/small/training/none/{task}/seed-1.jsonl").read_text().splitlines()
    assert json.loads(curve[-1])["loss"] > 0


def test_xnli_needs_nothing_but_an_xtreme_download(world):
    """Whose test sets have no labels; MultiNLI is in the folder of XNLI there."""
    shutil.rmtree(world.root / "data/mnli")
    labelled = "".join("\t".join(pair) + "\n" for pair in PAIRS)
    for name in ("train-en", "dev-en", "dev-de"):
        world.write(f"data/xnli/{name}.tsv", labelled)
    for language in ("en", "de"):
        world.write(f"data/xnli/test-{language}.tsv", "".join(f"{a}\t{b}\n" for a, b, _ in PAIRS))
    study_of(world, '[[target]]\ntask = "xnli"\nsplit = ["dev", "test"]\n')
    rows = run_and_score_again(world)
    assert {(row["split"], row["language"], row["n"]) for row in rows if row["task"] == "xnli"} == {
        ("dev", "en", len(PAIRS)), ("dev", "de", len(PAIRS))}
    lines = (world.root / "runs/small/predictions/none/xnli/1/test/de.jsonl").read_text().splitlines()
    assert len(lines) == len(PAIRS) and "statistics" not in json.loads(lines[0])


def test_anli_says_which_of_its_parts_are_missing(world):
    for split in ("train", "dev"):
        anli(world, split)
    study_of(world, '[[target]]\ntask = "anli"\nsplit = "dev"\n')
    run_and_score_again(world)
    log = (world.root / "runs/small/log.txt").read_text()
    assert "anli train en: left out, since not there: R1, R3, snli" in log
    assert log.count("R2/train.jsonl: ignored keys: reason") == 1
    manifest = json.loads((world.root / "runs/small/manifest.json").read_text())
    assert manifest["tasks"]["anli"]["left_out"] == {"train": ["R1", "R3", "snli"], "dev": ["R1", "R3"]}


def write_bitext(world, language, foreign, english, splits):
    for split in splits:
        for name, sentences in ((language, foreign), ("en", english)):
            lines = "".join(f"{name}-{i}\t{s}\n" for i, s in enumerate(sentences))
            world.write(f"data/bucc2018/{language}-en.{split}.{name}", lines)


def test_bucc_learns_its_threshold_on_dev_and_predicts_a_test_set_without_gold(world):
    foreign = ["ein hund", "die katze", "rote autos", "ein hund", "wir singen"]
    english = ["a dog", "the cat", "red cars", "it rains", "we sing", "he sold it"]
    write_bitext(world, "de", foreign, english, ("dev", "test"))
    world.write("data/bucc2018/de-en.dev.gold", "de-1\ten-1\nde-2\ten-2\nde-4\ten-4\n")
    study_of(world, '[[target]]\ntask = "bucc2018"\nsplit = ["dev", "test"]\nlayer = 2\n')
    rows = run_and_score_again(world)
    assert [(row["split"], row["metric"], row["profile"], row["n"]) for row in rows] == [("dev", "f1", "bucc-2018", 5)]
    lines = (world.root / "runs/small/predictions/none/bucc2018/1/test/de.jsonl").read_text().splitlines()
    dev = (world.root / "runs/small/predictions/none/bucc2018/1/dev/de.jsonl").read_text().splitlines()
    predicted = [json.loads(line)["prediction"] for line in lines]
    assert predicted == [json.loads(line)["prediction"] for line in dev]  # the same sentences and threshold
    assert predicted[0] == predicted[3] == ""  # a sentence that comes twice
    assert "statistics" not in json.loads(lines[0])


LAYERS = 5  # of the tiny encoder, the embeddings among them


def rows_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def scored_at(world, target, layer):
    """Mean value and rows of a run at one layer given in the study."""
    study_of(world, target + f"layer = {layer}\n")
    return run_and_score_again(world)


def test_a_sweep_chooses_buccs_layer_on_dev_and_scores_test_at_it(world):
    english = ["a dog", "the cat", "red cars", "it rains", "we sing", "he sold it", "no more", "two birds"]
    foreign = [s.replace("a", "o").replace("e", "i") for s in english]
    gold = "".join(f"xx-{i}\ten-{i}\n" for i in range(0, 8, 2))
    for language in ("de", "fr"):
        write_bitext(world, language, foreign, english, ("dev", "test"))
        for split in ("dev", "test"):
            world.write(f"data/bucc2018/{language}-en.{split}.gold", gold.replace("xx", language))
    target = '[[target]]\ntask = "bucc2018"\nsplit = "test"\n'
    by_layer = [scored_at(world, target.replace('"test"', '["dev", "test"]'), layer) for layer in range(LAYERS)]
    means = [sum(row["value"] for row in rows if row["split"] == "dev") / 2 for rows in by_layer]
    best = means.index(max(means))
    assert max(means) > min(means)  # else the choice could be any

    study_of(world, target + 'layers = "all"\n')
    rows = run_and_score_again(world)
    assert rows == [row for row in by_layer[best] if row["split"] == "test"]
    swept = rows_of(world.root / "runs/small/layers.jsonl")
    assert [row for row in swept if row["split"] == "dev"] == sorted(
        (row for rows in by_layer for row in rows if row["split"] == "dev"),
        key=lambda row: (row["language"], row["layer"]),
    )
    assert {row["layer"] for row in swept if row["split"] == "test"} == {best}


def test_a_sweep_chooses_tatoebas_layer_on_a_language_that_no_mean_has(world):
    english = ["a dog", "the cat", "red cars", "it rains", "we sing", "he sold it", "no more", "two birds"]
    for language, code in (("de", "deu"), ("fr", "fra"), ("sw", "swh")):
        foreign = [s.replace("a", "o").replace("e", language) for s in english]
        world.write(f"data/tatoeba/tatoeba.{code}-eng.{code}", "\n".join(foreign) + "\n")
        world.write(f"data/tatoeba/tatoeba.{code}-eng.eng", "\n".join(english) + "\n")
    target = '[[target]]\ntask = "tatoeba"\nlanguages = ["de", "fr", "sw"]\n'
    by_layer = [scored_at(world, target, layer) for layer in range(LAYERS)]
    french = [next(row["value"] for row in rows if row["language"] == "fr") for rows in by_layer]
    best = french.index(max(french))
    assert max(french) > min(french)

    study_of(world, target + 'layers = "all"\nchoose_on = "fr"\n')
    rows = run_and_score_again(world)
    assert rows == [row for row in by_layer[best] if row["language"] != "fr"]
    swept = rows_of(world.root / "runs/small/layers.jsonl")
    assert swept == sorted((row for rows in by_layer for row in rows), key=lambda row: (row["language"], row["layer"]))
    assert not (world.root / "runs/small/predictions/none/tatoeba/1/test/fr.jsonl").exists()


def test_a_sweep_beside_a_layer_scores_all_and_reports_that_one(world):
    english = ["a dog", "the cat", "red cars", "it rains", "we sing", "he sold it", "no more", "two birds"]
    foreign = [s.replace("a", "o").replace("e", "i") for s in english]
    world.write("data/tatoeba/tatoeba.deu-eng.deu", "\n".join(foreign) + "\n")
    world.write("data/tatoeba/tatoeba.deu-eng.eng", "\n".join(english) + "\n")
    write_bitext(world, "de", foreign, english, ("dev", "test"))
    for split in ("dev", "test"):
        world.write(f"data/bucc2018/de-en.{split}.gold", "".join(f"de-{i}\ten-{i}\n" for i in range(0, 8, 2)))
    target = '[[target]]\ntask = "tatoeba"\n'
    by_layer = [scored_at(world, target, layer) for layer in range(LAYERS)]
    study_of(world, target + 'layers = "all"\nlayer = -2\n')
    assert run_and_score_again(world) == by_layer[LAYERS - 2]
    assert rows_of(world.root / "runs/small/layers.jsonl") == [row for rows in by_layer for row in rows]

    target = '[[target]]\ntask = "bucc2018"\nsplit = "test"\n'  # whose test split is too large for all layers
    alone = scored_at(world, target, 1)
    study_of(world, target + 'layers = "all"\nlayer = 1\n')
    assert run_and_score_again(world) == alone
    swept = rows_of(world.root / "runs/small/layers.jsonl")
    assert {(row["split"], row["layer"]) for row in swept} == {("dev", k) for k in range(LAYERS)} | {("test", 1)}


WORDS = [("hund", "dog"), ("katze", "cat"), ("rot", "red"), ("auto", "car"), ("hund", "hound"), ("regen", "rain")]


def test_words_are_drawn_together_at_a_layer_and_measured_at_all(world):
    for split in ("train", "test"):
        world.write(f"data/lexicon/{split}-de.tsv", "".join("\t".join(pair) + "\n" for pair in WORDS))
    study_of(
        world,
        """[[intermediate]]
name = "words"
train = ["lexalign"]
data = { languages = ["de"] }
recipe = { micro_batch = 4, epochs = 20 }

[[target]]
task = "lexalign"
split = ["train", "test"]
layers = "all"
layer = 2
""",
    )
    result = world.run()
    assert result.returncode == 0, result.stderr
    rows = world.results()
    assert all(row["profile"] == "lexalign-1" and row["layer"] == 2 and row["n"] == 6 for row in rows)
    again = world.sojourn("score", "runs/small", "--json")
    assert again.stdout == (world.root / "runs/small/results.jsonl").read_text()
    at_last = {
        (row["arm"], row["metric"]): row["value"]
        for row in rows_of(world.root / "runs/small/layers.jsonl")
        if row["layer"] == LAYERS - 1 and row["split"] == "test"
    }
    assert at_last["words", "difference"] > at_last["none", "difference"] + 10
    assert at_last["words", "csls_to_english"] >= at_last["none", "csls_to_english"]
    curve = rows_of(world.root / "runs/small/training/words/seed-1.jsonl")
    losses = [step["loss"] for step in curve]
    assert sum(losses[:10]) > sum(losses[-10:]), losses


@pytest.mark.parametrize("task", ["xquad", "tydiqa"])
def test_questions_of_a_test_file_without_answers_are_predicted(world, task):
    gold, blank = (squad_json(lambda i, gold: answers or gold) for answers in (None, [{"text": "", "answer_start": 0}]))
    for split in ("train", "dev"):
        world.write(f"data/squad/{split}-v1.1.json", gold)
    world.write("data/tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json", gold)
    for language, text in (("en", gold), ("ru", blank)):
        world.write(f"data/xquad/xquad.{language}.json", text)
        world.write(f"data/tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.{language}.dev.json", text)
    study_of(world, f'[[target]]\ntask = "{task}"\n')
    rows = run_and_score_again(world)
    assert {row["language"] for row in rows if row["split"] == "test"} == {"en"}
    assert {row["metric"] for row in rows} == {"f1", "exact_match"}
    lines = (world.root / f"runs/small/predictions/none/{task}/1/test/ru.jsonl").read_text().splitlines()
    contexts = [context for context, _, _ in PAIRS]
    assert all(json.loads(line)["prediction"] in context for line, context in zip(lines, contexts, strict=True))


def test_a_sentence_of_a_thousand_words_is_scored_whole(world):
    words = "".join(f"word{i}\t{'NOUN' if i % 3 else 'VERB'}\n" for i in range(1000))
    for language in ("en", "de"):
        world.write(f"data/udpos/test-{language}.tsv", words + "\n")
    study_of(world, '[[target]]\ntask = "udpos"\n')
    run_and_score_again(world)
    lines = (world.root / "runs/small/predictions/none/udpos/1/test/de.jsonl").read_text().splitlines()
    (sentence,) = map(json.loads, lines)
    assert sentence["statistics"]["total"] == 1000
    tags = sentence["prediction"].split(" ")
    assert len(tags) == 1000 and "<none>" not in tags


def test_the_configuration_of_all_tasks_names_them_all(world):
    text = (TESTS.parent / "configs/all-tasks.toml").read_text()
    named = set(re.findall(r'^task\s*= "(\w+)"', text, re.MULTILINE))
    trained_only = {"mlm"}  # no target, since nothing scores it
    assert named | trained_only == {folder.name for folder in (TESTS.parent / "tasks").iterdir() if folder.is_dir()}
