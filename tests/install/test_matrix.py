"""Whichever compiler, language and release of the header a plugin was built with, it gives the same bits."""

import os
import resource
import shutil
import subprocess
import time

import pytest

from prefix import SOURCE

COMPILERS = {
    "gcc": {"C": "gcc", "CXX": "g++", "flags": ""},
    "clang": {"C": "clang", "CXX": "clang++", "flags": "-stdlib=libc++"},
}
LANGUAGES = {"c": "C", "cpp": "CXX"}
HEADERS = ["newest", *sorted(folder.name for folder in (SOURCE / "sdk" / "abi").glob("[0-9]*"))]


def find(program):
    """A compiler by its name, or by that and a version."""
    named = [program, *(f"{program}-{version}" for version in range(30, 13, -1))]
    return next(filter(None, map(shutil.which, named)), None)


def missing(compiler):
    wanted = COMPILERS[compiler]
    if not find(wanted["CXX"]):
        return f"no {wanted['CXX']}; scripts/setup --lint installs it"
    probe = subprocess.run([find(wanted["CXX"]), *wanted["flags"].split(), "-x", "c++", "-", "-shared", "-o", os.devnull],
                           input="#include <string>\n", text=True, capture_output=True)
    return "" if probe.returncode == 0 else f"no libc++ for {wanted['CXX']}; scripts/setup --lint installs it"


def built(prefix, folder, language, compiler, header):
    """A new project, built; with the compiler's own defaults for all that the SDK leaves open."""
    folder.mkdir(exist_ok=True)
    assert prefix.sojourn("new-task", "same", "--lang", language, cwd=folder).returncode == 0
    chosen, kind = COMPILERS[compiler], LANGUAGES[language]
    flags = chosen["flags"] if kind == "CXX" else ""
    if header != "newest":  # found before the installed one, which stands beside the C++ layer
        shutil.copytree(SOURCE / "sdk" / "abi" / header / "sojourn", folder / "released" / "sojourn")
        flags += f" -I{folder}/released"
    prefix.build(folder / "same", f"-DCMAKE_{kind}_COMPILER={find(chosen[kind])}", f"-DCMAKE_{kind}_FLAGS={flags}")
    included = "".join(file.read_text() for file in (folder / "same" / "build").rglob("*.d"))
    assert ("released/sojourn/task_abi.h" in included) == (header != "newest")
    return folder / "same"


def outcome(prefix, project):
    """Every byte of a run that depends on the plugin's work."""
    run = prefix.sojourn("run", "study.toml", "--plugin-path", "build", "--threads", "1", cwd=project)
    assert run.returncode == 0, run.stderr
    out = project / "runs" / "same"
    files = [out / "results.jsonl", *(out / "predictions").rglob("*.jsonl"), *(out / "training").rglob("*.jsonl")]
    return {str(file.relative_to(out)): file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def reference(prefix, tmp_path_factory):
    return outcome(prefix, built(prefix, tmp_path_factory.mktemp("reference"), "cpp", "gcc", "newest"))


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("compiler", COMPILERS)
def test_equal_bits(prefix, tmp_path, reference, compiler, language, header):
    if reason := missing(compiler):
        pytest.skip(reason)
    project = built(prefix, tmp_path, language, compiler, header)
    needed = subprocess.run(["readelf", "-d", project / "build" / "same.so"], capture_output=True, text=True).stdout
    assert ("libc++.so" in needed) == (compiler == "clang" and language == "cpp")
    assert "libstdc++.so" not in needed or compiler == "gcc"
    assert len(reference) > 3 and outcome(prefix, project) == reference


@pytest.mark.parametrize("language", LANGUAGES)
def test_gcc_builds_the_template_small_and_says_in_what_time(prefix, tmp_path, capsys, language):
    project = built(prefix, tmp_path, language, "gcc", "newest")
    source = next(project.glob("plugin.c*"))
    command = {"c": ["gcc", "-std=c11"], "cpp": ["g++", "-std=c++17"]}[language]
    times = []
    for _ in range(3):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run([*command, "-Os", "-DNDEBUG", "-fPIC", "-I", prefix.path / "include", "-c", source, "-o",
                        tmp_path / "plugin.o"], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append((after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, time.monotonic() - start))
    size = (project / "build" / "same.so").stat().st_size
    processor, clock = min(times)
    with capsys.disabled():
        print(f"\n{language} template: {size / 1000:.0f} kB, compiled in {processor:.1f} s of processor, {clock:.1f} s by the clock")
    assert size < 200_000
