"""Plugins that break the contract, each in one way: `sojourn check` names the test, `sojourn run` the plugin."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from world import BINARY, SANITIZED, TEMPLATE_DATA, World

FAKES = Path(BINARY).parent.parent / "tests/plugins"
UNRULY = FAKES / "unruly/unruly.so"

# A mode of fakes/unruly.c: the test that finds it, and what that says of it.
UNRULY_MODES = {
    "entry_sleeps": ("load.entry-time", "ms"),
    "entry_changes": ("load.entry", "another pointer at each call"),
    "entry_crashes": ("load.entry", "in sojourn_plugin_entry_v1"),
    "entry_hangs": ("load.open", "s in sojourn_plugin_entry_v1"),
    "absurd_size": ("load.description", "describes itself in 18446744073709551615 bytes, expected at most"),
    "absurd_task_size": ("load.description", "task 0 of this plugin describes itself in"),
    "absurd_tasks": ("load.description", "has 1152921504606846976 tasks, expected at most"),
    "null_task": ("load.description", "task 0 of this plugin isn't there"),
    "no_tasks": ("load.description", "has no task"),
    "no_init": ("load.description", "has no callback init"),
    "no_score": ("load.description", "has no callback score"),
    "no_manifest": ("load.description", "has no manifest"),
    "manifest_huge": ("load.description", "has a manifest of 1125899906842624 bytes"),
    "id_of_plugin_not_utf8": ("load.description", "id isn't UTF-8"),
    "half_a_head": ("load.manifest", "not all callbacks of a head"),
    "manifest_no_json": ("load.manifest", "manifest"),
    "manifest_not_utf8": ("load.manifest", "manifest"),
    "manifest_unknown_key": ("load.manifest", "cades"),
    "manifest_unknown_op": ("load.manifest", "'core1::tahn', which this host lacks (did you mean 'core1::tanh'?)"),
    "manifest_lies": ("load.sidecar", "'tasks' isn't what the library says"),
    "registers_twice": ("load.names", "two tasks have the name 'unruly'"),
    "init_fails": ("load.init", "doesn't start: status 13"),
    "init_aborts": ("load.init", "in init"),
    "init_exits": ("load.init", "ended the process in init (exit code 0)"),
    "shutdown_hangs": ("load.init", "s in shutdown"),
    "open_hangs": ("data.open", "didn't return within 5 s in dataset_open"),
    "count_impossible": ("data.open", "an impossible number of examples"),
    "count_too_large": ("data.examples", "has no id"),
    "same_ids": ("data.examples", "have the id 'one'"),
    "id_not_utf8": ("data.examples", "an example's id isn't UTF-8"),
    "open_reads_ahead": ("data.empty-file", "in dataset_open"),
    "error_without_file": ("data.malformed", "the message doesn't begin with the file: line 1: a bad row"),
    "error_is_internal": ("data.malformed", "no error in data"),
    "error_without_words": ("data.malformed", "failed with status 3 and no message"),
    "error_not_utf8": ("contract.errors", "dataset_open gave a message that isn't UTF-8"),
    "error_touches_out": ("contract.errors", "dataset_open failed and changed its out-parameter"),
    "status_unknown": ("contract.errors", "dataset_open returned 77, which is no status"),
    "global_state": ("data.independent", "once another one was opened: "),
    "features_change": ("data.features", "not the same when featurized again"),
    "features_too_long": ("data.features", "a feature of 1000 pieces, max_tokens is 32"),
    "ids_outside": ("data.features", "input id 1073741824, the tokenizer has 0 to"),
    "ids_negative": ("data.features", "-7"),
    "too_few_fields": ("data.features", "1 fields, the manifest has 2"),
    "wrong_dtype": ("data.features", "'label'"),
    "negative_shape": ("data.features", "'input_ids'"),
    "no_features": ("data.features", "no example has a feature"),
    "forged_context": ("data.features", "status 9"),
    "featurize_overflows_stack": ("data.features", "in featurize"),
    "featurize_eats_memory": ("data.features", "took more than 1.1 GB of memory in featurize"),
    "featurize_aborts": ("data.features", "in featurize"),
    "featurize_exits": ("data.features", "ended the process in featurize (exit code 0)"),
    "races": ("data.parallel", "one thread, then four: "),
    "binds_unknown": ("head.create", "'core1::lineal' (did you mean 'core1::linear'?)"),
    "binds_undeclared": ("head.create", "core1::gelu isn't among the manifest's ops"),
    "head_create_fails": ("head.create", "failed with status 13 and no message"),
    "forged_tensor": ("head.forward", "argument 0 is no tensor of this call"),
    "stale_tensor": ("head.forward", "argument 0 is no tensor of this call"),
    "forged_op": ("head.forward", "the operation is none that this head has bound"),
    "forged_output": ("head.forward", "output 'logits' is no tensor of this call"),
    "no_output": ("head.forward", "output 'logits' is no tensor of this call"),
    "wrong_shape": ("head.forward", "output 'logits' has shape"),
    "other_thread": ("head.forward", "head_forward: failed with status 9"),
    "nan_output": ("head.forward", "output 'logits' is NaN somewhere"),
    "output_changes": ("head.forward", "output 'logits' differs when computed again"),
    "forward_hangs": ("head.forward", "didn't return within 5 s in head_forward"),
    "forward_throws": ("head.forward", "in head_forward"),
    "loss_no_scalar": ("head.loss", "expected a scalar"),
    "loss_stays": ("head.loss", "the loss is no tensor of this call"),
    "loss_is_mean": ("head.sum", "in one batch, and one by one"),
    "wrong_gradient": ("head.gradient", "finite differences say"),
    "backward_crashes": ("head.gradient", "in autograd_fn.backward"),
    "loss_forgets": ("train.overfit", "the loss is 0 before anything is learnt"),
    "labels_swapped": ("train.overfit", "the primary metric on these examples is 0"),
    "too_many_outputs": ("contract.errors", "head_forward wrote more tensors than the 1 outputs"),
    "decode_hangs": ("decode.predictions", "s in decode_finish"),
    "predicts_none": ("decode.predictions", "no prediction for example 0"),
    "predicts_twice": ("decode.predictions", "a second prediction for example 0"),
    "predicts_beyond": ("decode.predictions", "example 99999, which isn't being decoded"),
    "predicts_not_utf8": ("decode.predictions", "the prediction of example 0 isn't UTF-8"),
    "predictions_change": ("decode.predictions", "decoded again, predictions differ: example 0"),
    "decoding_by_order": ("decode.order", "added from last to first: example"),
    "random_huge": ("decode.predictions", "random: n is 1152921504606846976"),
    "random_no_place": ("decode.predictions", "random needs a place"),
    "random_not_utf8": ("decode.predictions", "the name of a stream isn't UTF-8"),
    "search_side": ("decode.predictions", "side must be 0 or 1, is 2"),
    "search_no_place": ("decode.predictions", "count needs a place"),
    "search_k0": ("decode.predictions", "k must be 1 to"),
    "search_k_large": ("decode.predictions", "is 4000000000"),
    "search_from": ("decode.predictions", "side must be 0 or 1, is -1"),
    "search_csls_side": ("decode.predictions", "side must be 0 or 1, is 7"),
    "search_csls_k0": ("decode.predictions", "k must be 1 to"),
    "search_csls_none": ("decode.predictions", "csls needs vectors and a neighbourhood"),
    "search_rows": ("decode.predictions", "there is no vector 99 among"),
    "search_no_rows": ("decode.predictions", "ranks needs rows and targets"),
    "search_huge_n": ("decode.predictions", "ranks: n is 1152921504606846976"),
    "search_mean_side": ("decode.predictions", "side must be 0 or 1, is 2"),
    "score_crashes": ("score.any-prediction", "in score"),
    "score_unset": ("score.any-prediction", "statistic 'total' isn't a number"),
    "score_nan": ("score.any-prediction", "statistic 'correct' isn't a number"),
    "score_running_total": ("score.pure", "have other statistics when scored again"),
    "score_too_many": ("contract.errors", "score wrote more numbers than the 2 statistics"),
    "open_leaks": ("close.memory", "bytes more in use after each round"),
    "open_leaks_files": ("close.descriptors", "16 more open files after 16 rounds"),
    "open_leaks_threads": ("close.threads", "16 more threads after 16 rounds"),
    "end_crashes": ("close.exit", "in the end of the process"),
}

# Whole libraries of fakes/refused.c.
REFUSED = {
    "no_entry": ("load.exports", "it exports no sojourn_plugin_entry_v1"),
    "null_entry": ("load.entry", "it returns nothing"),
    "other_major": ("load.description", "made for plugin ABI 2"),
    "newer_minor": ("load.description", "needs plugin ABI 1.7 or newer"),
    "small": ("load.description", "describes itself in 40 bytes"),
    "no_version": ("load.description", "has no version"),
    "no_task": ("load.description", "has no task"),
    "small_task": ("load.description", "describes itself in 64 bytes"),
    "null_callback": ("load.description", "has no callback featurize"),
    "headless": ("load.manifest", "not all callbacks of a head"),
    "bad_manifest": ("load.manifest", "no key"),
    "refuses_to_start": ("load.manifest", "not all callbacks of a head"),  # which comes first
}


def check(library, data, tests, mode):
    limit = "5" if "hangs" in mode else "300"
    arguments = [BINARY, "check", str(library), "--data", str(data), "--time-limit", limit, "--json"]
    for test in tests:
        arguments += ["--test", test]
    environment = os.environ | {"SOJOURN_UNRULY": mode}
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    shutil.copytree(TEMPLATE_DATA, root / "unruly")
    return root


def expect(checked, test, said):
    assert checked.returncode == 3, checked.stdout + checked.stderr
    report = json.loads(checked.stdout)
    found = {entry["test"]: entry for entry in report["tests"] if entry["outcome"] == "failed"}
    assert test == "contract.errors" or list(found) == [test], found  # that one is a summary
    assert said in found[test]["found"]
    assert found[test]["rule"] and found[test]["fix"]


@pytest.mark.parametrize("mode", UNRULY_MODES)
def test_check_names_the_test_and_what_was_found(data, mode):
    test, said = UNRULY_MODES[mode]
    if SANITIZED and test == "close.memory":
        pytest.skip("SKIPPED: the sanitizer has an allocator of its own")
    tests = [test]
    if test == "contract.errors":  # which looks at what other tests have seen
        tests += ["data.empty-file", "head.forward", "score.any-prediction"]
    expect(check(UNRULY, data, tests, mode), test, said)


@pytest.mark.parametrize("name", REFUSED)
def test_check_names_what_is_wrong_with_a_library(data, name):
    test, said = REFUSED[name]
    expect(check(FAKES / name / f"{name}.so", data, [test], ""), test, said)


def test_the_remaining_tests_go_on_after_each_crash(data, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    checked = check(UNRULY, data, [], "score_crashes")
    assert not list(tmp_path.iterdir())  # nothing of the process that died stays
    report = json.loads(checked.stdout)
    outcomes = {entry["test"]: entry["outcome"] for entry in report["tests"]}
    assert outcomes["score.any-prediction"] == "failed"
    assert outcomes["score.pure"] == outcomes["score.additive"] == "skipped"
    assert outcomes["close.descriptors"] == outcomes["close.exit"] == "passed"
    assert sum(outcome == "failed" for outcome in outcomes.values()) == 1


# What a run says, in one sentence with the plugin's name, and its exit code.
IN_A_RUN = {
    "entry_crashes": (4, "unruly.so crashed (SIGSEGV, a wrong address or a full stack) in sojourn_plugin_entry_v1"),
    "absurd_tasks": (2, "unruly.so: this plugin has 1152921504606846976 tasks"),
    "manifest_huge": (2, "unruly.so: task 0 of this plugin has a manifest of"),
    "manifest_lies": (2, "unruly.json: describes another version of the plugin beside it"),
    "init_fails": (2, "unruly.so: this plugin doesn't start: status 13"),
    "init_aborts": (4, "plugin unruly 6.6.6 crashed (SIGABRT, as of abort() or an exception that nobody caught) in init"),
    "open_hangs": (4, "plugin unruly 6.6.6 has given no sign of life for 2 s in dataset_open"),
    "count_impossible": (3, "plugin unruly 6.6.6, dataset_open: an impossible number of examples"),
    "features_too_long": (3, "unruly.so): featurize: a feature of 1000 pieces, max_tokens is 32"),
    "ids_outside": (3, "unruly.so): featurize: input id 1073741824 is outside the encoder's"),
    "too_few_fields": (3, "plugin unruly 6.6.6, featurize: "),
    "featurize_overflows_stack": (4, "plugin unruly 6.6.6 crashed (SIGSEGV, a wrong address or a full stack) in featurize"),
    "featurize_aborts": (4, "plugin unruly 6.6.6 crashed (SIGABRT"),
    "binds_unknown": (3, "plugin unruly 6.6.6, head_create: "),
    "forged_tensor": (3, "plugin unruly 6.6.6, head_forward: argument 0 is no tensor of this call"),
    "other_thread": (3, "plugin unruly 6.6.6, head_forward: failed with status 9"),
    "forward_hangs": (4, "plugin unruly 6.6.6 has given no sign of life for 2 s in head_forward"),
    "forward_throws": (4, "plugin unruly 6.6.6 crashed (SIGABRT"),
    "loss_no_scalar": (3, "plugin unruly 6.6.6, head_loss: "),
    "backward_crashes": (4, "plugin unruly 6.6.6 crashed (SIGSEGV, a wrong address or a full stack) in autograd_fn.backward"),
    "predicts_none": (3, "plugin unruly 6.6.6, decode_finish: no prediction for example 0"),
    "random_huge": (3, "plugin unruly 6.6.6, decode_finish: random: n is"),
    "score_nan": (3, "plugin unruly 6.6.6, score: statistic 'correct' isn't a number"),
}


@pytest.mark.parametrize("mode", IN_A_RUN)
def test_a_run_names_the_plugin(tmp_path, monkeypatch, mode):
    code, said = IN_A_RUN[mode]
    world = World(tmp_path)
    shutil.copytree(TEMPLATE_DATA, world.data / "unruly")
    text = world.study.read_text()
    world.study.write_text(text[: text.index("\n[[") + 1] + '[[target]]\ntask = "unruly"\n')
    monkeypatch.setenv("SOJOURN_UNRULY", mode)
    result = world.run("--plugin-path", str(UNRULY), "--callback-limit", "2")
    assert result.returncode == code, result.stderr
    assert said in result.stderr
