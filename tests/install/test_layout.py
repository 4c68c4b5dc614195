"""The installation: what is there, and that it works wherever it is moved."""

import re

from prefix import BUILD, SOURCE


def test_everything_is_there(prefix):
    for name in ("bin/sojourn", "include/sojourn/task_abi.h", "lib/cmake/SojournSdk/SojournSdkConfig.cmake",
                 "lib/sojourn/tasks/xnli.so", "lib/sojourn/tasks/xnli.json", "share/doc/sojourn/docs/abi.md",
                 "share/doc/sojourn/LICENSE", "share/sojourn/tiny-encoder/model.safetensors"):
        assert (prefix.path / name).is_file(), name
    installed = {file.stem for file in (prefix.path / "lib/sojourn/tasks").glob("*.so")}
    assert installed == {file.parent.name for file in (SOURCE / "tasks").glob("*/plugin.cpp")}


def test_links_in_the_docs_lead_somewhere(prefix):
    docs = prefix.path / "share/doc/sojourn"
    for page in docs.rglob("*.md"):
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.relative_to(docs)}: {link}"


def test_the_program_uses_the_tasks_beside_it(prefix, tmp_path):
    link = tmp_path / "sojourn"
    link.symlink_to(prefix.program)
    listed = prefix.sojourn("tasks")
    assert listed.returncode == 0, listed.stderr
    assert f"{prefix.path}/lib/sojourn/tasks/xnli.so" in listed.stdout
    prefix.program, program = link, prefix.program  # as from a folder of PATH
    assert prefix.sojourn("tasks").stdout == listed.stdout
    prefix.program = program


def test_the_sdk_names_no_place_of_the_build(prefix):
    for folder in ("include", "lib/cmake", "share/sojourn/templates"):
        for file in (prefix.path / folder).rglob("*"):
            if file.is_file():
                text = file.read_bytes()
                assert str(SOURCE).encode() not in text and str(BUILD).encode() not in text, file


def test_a_missing_libtorch_is_one_sentence_that_says_what_to_do(prefix, tmp_path):
    result = prefix.sojourn("tasks", SOJOURN_LIBTORCH=str(tmp_path))
    assert result.returncode == 2 and result.stdout == ""
    assert result.stderr.startswith(f"error: {tmp_path}: no LibTorch, expected 2.") and result.stderr.count("\n") == 1
    assert "set SOJOURN_LIBTORCH to the folder of torch==2." in result.stderr


def test_another_version_of_libtorch_is_refused(prefix, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libtorch_cpu.so").write_text("")
    (tmp_path / "version.py").write_text("from typing import Optional\n__version__ = '1.13.1+cpu'\n")
    result = prefix.sojourn("tasks", SOJOURN_LIBTORCH=str(tmp_path))
    assert result.returncode == 2 and f"error: {tmp_path}: LibTorch 1.13, expected 2." in result.stderr
