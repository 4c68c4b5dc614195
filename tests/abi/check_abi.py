"""Compares today's plugin header with a released one: nothing that a plugin was built on may have changed.

    check_abi.py sdk/abi/1.0 sdk/include

Three looks, each of which sees what another may miss: the released files are as they were released; every member lies
where layout.h says, to a C compiler; and abidiff, without suppressions, finds no difference between two libraries that
hold all structures. Exit code 0: compatible; 1: not, with what to do instead; 77: abidiff isn't there, the rest holds.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
ADVICE = """A plugin that was built against this release would break. Instead (docs/abi.md, "How it stays so"):
 - a new member goes to the end of its structure, inside #if SOJOURN_TARGET_MINOR >= N, and SOJOURN_ABI_MINOR becomes N;
 - a structure marked FROZEN, an argument or a meaning never changes: add another function beside it;
 - a released file under sdk/abi/ is never edited: a new release gets a folder of its own."""

LAYOUT = """#include <sojourn/task_abi.h>
#define SOJOURN_LAYOUT_STRUCT(S, size) _Static_assert(sizeof(S) == (size), "the size of " #S " has changed");
#define SOJOURN_LAYOUT_MEMBER(S, m, offset, size) \\
  _Static_assert(offsetof(S, m) == (offset) && sizeof(((S*)0)->m) == (size), #S "." #m " has moved or changed size");
#define SOJOURN_LAYOUT_NUMBER(name, value) _Static_assert((name) == (value), #name " has another value");
#include "layout.h"
"""


class Broken(Exception):
    """The contract has changed; the text says where."""


def check_release(release: Path) -> None:
    """Whether the released files have the hashes that they were released with."""
    for line in (release / "SHA256SUMS").read_text().splitlines():
        expected, name = line.split()
        if hashlib.sha256((release / name).read_bytes()).hexdigest() != expected:
            raise Broken(f"{release / name} isn't as it was released")


def check_layout(release: Path, include: Path, folder: Path) -> None:
    source = folder / "layout.c"
    source.write_text(LAYOUT)
    command = ["cc", "-std=c11", "-fsyntax-only", f"-I{include}", f"-I{release}", str(source)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return
    findings = re.findall(r'static assertion failed: "(.*?)"', result.stderr)
    findings += re.findall(r"error: (.*(?:no member named|unknown type name|undeclared).*)", result.stderr)
    raise Broken("\n".join(findings) or result.stderr)


def probe(release: Path, include: Path, library: Path) -> Path:
    command = ["cc", "-std=c11", "-g", "-shared", "-fPIC", f"-I{include}", "-o", library, release / "probe.c"]
    subprocess.run(command, check=True)
    return library


def check_types(release: Path, include: Path, folder: Path) -> None:
    released = probe(release, release, folder / "released.so")
    newest = probe(release, include, folder / "newest.so")
    result = subprocess.run(["abidiff", released, newest], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise Broken(result.stdout + result.stderr)


def check_versions(release: Path, include: Path) -> None:
    major, minor = release.name.split(".")
    header = (include / "sojourn/task_abi.h").read_text()
    now = [int(re.search(rf"SOJOURN_ABI_{part} (\d+)u", header).group(1)) for part in ("MAJOR", "MINOR")]
    if now[0] != int(major) or now[1] < int(minor):
        raise Broken(f"the header says {now[0]}.{now[1]}, which no longer serves plugins of {release.name}")


def main(release: Path, include: Path) -> int:
    has_abidiff = shutil.which("abidiff") is not None
    try:
        with tempfile.TemporaryDirectory() as folder:
            check_release(release)
            check_versions(release, include)
            check_layout(release, include, Path(folder))
            if has_abidiff:
                check_types(release, include, Path(folder))
    except Broken as broken:
        print(f"{include / 'sojourn/task_abi.h'} isn't compatible with plugin ABI {release.name}:\n{broken}\n\n{ADVICE}")
        return 1
    if not has_abidiff:
        print("SKIPPED: abidiff isn't installed (Debian: abigail-tools)")
        return SKIPPED
    print(f"compatible with plugin ABI {release.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
