#!/usr/bin/env python3
"""Fails where a source file sees a room or a library that its own may not see, names a task in the
host, or is too long.

    check_layers.py ROOT

Prints one line "file:line: what is wrong" for each finding. The rules are those of the rooms, as
docs/architecture.md explains them; the tables below are where they are changed.
"""

import os
import re
import sys
from pathlib import Path

# A folder of core/ may include itself and those before it.
LAYERS = "base config text data model train eval statistics plan report run".split()
# The other rooms that a room may include.
MAY_SEE = {
    "sdk": set(),
    "tasks": {"sdk"},
    "core": set(),
    "plugins": {"core", "sdk"},
    "app": {"core", "plugins", "sdk"},
}
# The start of an include, and the one folder that has it; of several that fit, the first.
ONLY_IN = {"boost/math/": "core/statistics", "boost/": "plugins", "sentencepiece": "core/text",
           "toml++/": "core/config", "CLI/": "app"}
# They pull in all of LibTorch, and every file that includes them compiles slowly.
TOO_BROAD = {"torch/torch.h", "torch/all.h", "torch/extension.h", "ATen/ATen.h", "ATen/Functions.h"}
# sdk/ and tasks/ see nothing but the standard library, and each of these through one header of the SDK.
PLUGIN_ROOMS = "sdk", "tasks"
SDK_LIBRARIES = {"nlohmann/": "nlohmann-json", "unicode/": "ICU"}
C_HEADERS = {f"{name}.h" for name in """assert complex ctype errno fenv float inttypes iso646 limits
    locale math setjmp signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn
    string tgmath threads time uchar wchar wctype""".split()}
LOADER = "sdk/tools/", "dlfcn.h"  # a tool that looks into a finished plugin has to load it
CPP_HEADER = re.compile(r"[a-z_0-9]+")

HOST_ROOMS = "core", "plugins", "app"
SOURCES = {".h", ".hpp", ".c", ".cpp"}
SCRIPTS = {".py", ".sh"}
MAX_LINES = 400
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def all_files(root):
    """Paths relative to root, without what is built, downloaded or produced."""
    for folder, names, files in os.walk(root):
        names[:] = sorted(n for n in names if n not in {".git", ".venv", "runs", "__pycache__"}
                          and not n.startswith(("build", "cmake-build")))
        for file in sorted(files):
            yield Path(folder, file).relative_to(root)


def is_source_or_script(path):
    return path.suffix in SOURCES | SCRIPTS or path.parts[0] in {"scripts", ".ci"}


def lines_of(root, path):
    """The numbered lines of a text file; none of a file that isn't text."""
    try:
        return list(enumerate((root / path).read_text(encoding="utf-8").splitlines(), 1))
    except UnicodeDecodeError:
        return []


def resolve(root, path, bracket, target):
    """The project's file that an include means, relative to root, or None."""
    folders = [root, root / "sdk" / "include"]
    if bracket == '"':
        folders.insert(0, root / path.parent)
    for folder in folders:
        found = Path(os.path.normpath(folder / target))
        if found.is_file() and found.is_relative_to(root):
            return found.relative_to(root)
    return None


def room_problem(path, seen):
    """Why the file `path` may not include the project's file `seen`, or None."""
    room, other = path.parts[0], seen.parts[0]
    if room != other:
        return None if other in MAY_SEE[room] else f"{room}/ may not include {other}/"
    if room == "core":
        here, there = path.parts[1], seen.parts[1]
        for layer in here, there:
            if layer not in LAYERS:
                return f"core/{layer} is not a layer that this check knows"
        if LAYERS.index(there) > LAYERS.index(here):
            return f"core/{here} may not include core/{there}, which comes after it"
    return None


def sdk_library(target):
    """The library that `target` belongs to, if the SDK may use it."""
    return next((name for start, name in SDK_LIBRARIES.items() if target.startswith(start)), None)


def library_problem(path, target):
    """Why the file `path` may not include `target` of a library, or None."""
    here, room = path.as_posix(), path.parts[0]
    if room in PLUGIN_ROOMS:
        if room == "sdk" and sdk_library(target):
            return None  # include_findings allows it in one header
        if here.startswith(LOADER[0]) and target == LOADER[1]:
            return None
        if not CPP_HEADER.fullmatch(target) and target not in C_HEADERS:
            return f"{room}/ includes the SDK and the standard library only, not {target}"
    home = next((home for start, home in ONLY_IN.items() if target.startswith(start)), None)
    if home and not here.startswith(home + "/"):
        return f"only {home}/ includes {target}"
    if target in TOO_BROAD:
        return f"{target} is too broad: include the narrow header, such as ATen/ops/linear.h"
    return None


def include_findings(root, paths):
    users = {}
    for path in paths:
        if path.parts[0] not in MAY_SEE or path.suffix not in SOURCES:
            continue
        for number, line in lines_of(root, path):
            match = INCLUDE.match(line)
            if not match:
                continue
            seen = resolve(root, path, *match.groups())
            problem = room_problem(path, seen) if seen else library_problem(path, match[2])
            if problem:
                yield path, number, problem
            library = sdk_library(match[2]) if path.parts[0] == "sdk" else None
            if library and users.setdefault(library, path) != path:
                yield path, number, f"one header of the SDK includes {library}, and {users[library]} does"


def task_name_findings(root, paths):
    """A task is a folder of tasks/ with sources. The host knows tasks by their manifests alone."""
    tasks = {path.parts[1] for path in paths
             if path.parts[0] == "tasks" and len(path.parts) > 2 and path.suffix in SOURCES}
    if not tasks:
        return
    # An underscore is no letter: name_reader is found, renamed isn't.
    names = "|".join(map(re.escape, sorted(tasks)))
    pattern = re.compile(rf"(?<![^\W_])({names})(?![^\W_])", re.IGNORECASE)
    for path in paths:
        if path.parts[0] not in HOST_ROOMS:
            continue
        if match := pattern.search(path.as_posix()):
            yield path, 1, f"the host may not name a task: {match[0]}"
        for number, line in lines_of(root, path):
            if match := pattern.search(line):
                yield path, number, f"the host may not name a task: {match[0]}"


def length_findings(root, paths):
    for path in filter(is_source_or_script, paths):
        length = len(lines_of(root, path))
        if length > MAX_LINES:
            yield path, MAX_LINES + 1, f"{length} lines, more than {MAX_LINES}"


def main():
    if len(sys.argv) != 2 or not Path(sys.argv[1], "core").is_dir():
        sys.exit("usage: check_layers.py ROOT, the folder with core/ in it")
    root = Path(sys.argv[1]).resolve()
    paths = list(all_files(root))
    found = [finding for rule in (include_findings, task_name_findings, length_findings)
             for finding in rule(root, paths)]
    for path, number, problem in sorted(found):
        print(f"{path}:{number}: {problem}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
