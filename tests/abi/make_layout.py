"""Writes layout.h of a release: offset and size of every member of every structure in its header, and all constants.

    python tests/abi/make_layout.py sdk/abi/1.0/sojourn/task_abi.h > sdk/abi/1.0/layout.h

Run once, when a minor version is released; the file is kept as it is from then on.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

STRUCT = re.compile(r"typedef struct (sojourn_\w+) \{(.*?)\n?\} \1;", re.DOTALL)


def members(body: str) -> list[str]:
    """The names of a structure's members; a union's is the name behind it."""
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL)
    body = re.sub(r"union \{.*?\}", "union_type", body, flags=re.DOTALL)
    body = re.sub(r"SOJOURN_FN\(\s*[^,]+,\s*(\w+),.*?\);", r"function \1;", body, flags=re.DOTALL)
    names = []
    for declaration in filter(None, (part.strip() for part in body.split(";"))):
        first, *others = declaration.split(",")
        names.append(re.search(r"(\w+)$", first.strip()).group(1))
        names += [other.strip().lstrip("*").strip() for other in others]
    return names


def printed(header: Path, statements: list[str]) -> list[list[str]]:
    """The words of each line that a C program with this header prints."""
    lines = [f'#include "{header.resolve()}"', "#include <stdio.h>", "int main(void) {", *statements, "return 0; }"]
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder) / "layout.c", Path(folder) / "layout"
        source.write_text("\n".join(lines))
        subprocess.run(["cc", "-std=c11", "-o", program, source], check=True)
        output = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return [line.split() for line in output.splitlines()]


def valued(header: Path, names: list[str]) -> list[list[str]]:
    return printed(header, [f'printf("{name} %lld\\n", (long long){name});' for name in names])


def measured(header: Path, structs: dict[str, list[str]]) -> dict[tuple[str, str], tuple[int, int]]:
    lines = []
    for struct, names in structs.items():
        lines.append(f'printf("{struct} . 0 %zu\\n", sizeof({struct}));')
        lines += [
            f'printf("{struct} {name} %zu %zu\\n", offsetof({struct}, {name}), sizeof((({struct}*)0)->{name}));'
            for name in names
        ]
    rows = printed(header, lines)
    return {(struct, name): (int(offset), int(size)) for struct, name, offset, size in rows}


def numbers(header: str) -> list[str]:
    """The names of all constants of enumerations."""
    bodies = re.findall(r"\benum \{(.*?)\}", header, re.DOTALL)
    return [name for body in bodies for name in re.findall(r"\b(SOJOURN_\w+)\b", body)]


def main() -> None:
    header = Path(sys.argv[1])
    version = header.parent.parent.name
    structs = {name: members(body) for name, body in STRUCT.findall(header.read_text())}
    print(f"/* Where everything lies in plugin ABI {version}. Written when it was released; never changed since. */")
    for (struct, name), (offset, size) in measured(header, structs).items():
        if name == ".":
            print(f"SOJOURN_LAYOUT_STRUCT({struct}, {size})")
        else:
            print(f"SOJOURN_LAYOUT_MEMBER({struct}, {name}, {offset}, {size})")
    for name, value in valued(header, numbers(header.read_text())):
        print(f"SOJOURN_LAYOUT_NUMBER({name}, {value})")


if __name__ == "__main__":
    main()
