"""Changes that would break plugins are found, whichever look finds them, and those that wouldn't are not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
HEADER = (ROOT / "sdk/include/sojourn/task_abi.h").read_text()

CHANGES = {
    "a member in the middle": ("  uint64_t struct_size;\n  uint64_t flags;", "  uint64_t struct_size;\n  uint64_t more;\n  uint64_t flags;"),
    "a member less": ("  SOJOURN_FN(void, dataset_close, void* dataset);\n", ""),
    "a host function less": ("  SOJOURN_FN(void, log, sojourn_ctx*, int32_t level, sojourn_str message);\n", ""),
    "an argument more": ("SOJOURN_FN(void, dataset_close, void* dataset)", "SOJOURN_FN(void, dataset_close, void* dataset, int why)"),
    "another type of the same size": ("  int64_t hidden_size;\n", "  uint64_t hidden_size;\n"),
    "a frozen structure that grows": ("  double number;\n  sojourn_str text;", "  double number;\n  sojourn_str text, unit;"),
    "a member at the end that isn't hidden": ("  SOJOURN_FN(void, shutdown, void* self);\n", "  SOJOURN_FN(void, shutdown, void* self);\n  SOJOURN_FN(void, restart, void* self);\n"),
    "another number of a status": ("SOJOURN_NOT_FOUND = 5", "SOJOURN_NOT_FOUND = 6"),
    "another major": ("#define SOJOURN_ABI_MAJOR 1u", "#define SOJOURN_ABI_MAJOR 2u"),
}


def check(include: Path, release: Path = ROOT / "sdk/abi/1.0") -> subprocess.CompletedProcess:
    command = [sys.executable, HERE / "check_abi.py", release, include]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def with_header(tmp_path: Path, text: str) -> Path:
    (tmp_path / "sojourn").mkdir()
    (tmp_path / "sojourn/task_abi.h").write_text(text)
    return tmp_path


@pytest.mark.parametrize("change", CHANGES)
def test_a_breaking_change_is_found(tmp_path, change):
    before, after = CHANGES[change]
    assert HEADER.count(before) == 1
    result = check(with_header(tmp_path, HEADER.replace(before, after)))
    needs_abidiff = change in ("an argument more", "another type of the same size")
    if needs_abidiff and shutil.which("abidiff") is None:
        pytest.skip("SKIPPED: abidiff isn't installed")
    assert result.returncode == 1, result.stdout
    assert "isn't compatible with plugin ABI 1.0" in result.stdout
    assert "Instead (docs/abi.md" in result.stdout


def test_a_member_that_only_newer_plugins_see_is_compatible(tmp_path):
    before = "  SOJOURN_FN(void, shutdown, void* self);\n"
    after = before + "#if SOJOURN_TARGET_MINOR >= 1\n  SOJOURN_FN(void, restart, void* self);\n#endif\n"
    newer = HEADER.replace(before, after).replace("#define SOJOURN_ABI_MINOR 0u", "#define SOJOURN_ABI_MINOR 1u")
    assert check(with_header(tmp_path, newer)).returncode in (0, 77)


def test_a_released_file_that_was_edited_is_found(tmp_path):
    release = tmp_path / "1.0"
    shutil.copytree(ROOT / "sdk/abi/1.0", release)
    (release / "layout.h").write_text("")
    result = check(ROOT / "sdk/include", release)
    assert result.returncode == 1
    assert "layout.h isn't as it was released" in result.stdout
