#!/usr/bin/env python3
"""Writes the reference part of docs/abi.md from the comments of sdk/include/sojourn/task_abi.h.

    scripts/abi_reference.py

A comment belongs to the declaration behind it, or where it stands at the end of a line to the one in front. A thread role,
"[step]", holds for the members that follow it up to a blank line; one in the comment of a structure holds for all of it.
"""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = ROOT / "sdk" / "include" / "sojourn" / "task_abi.h"
PAGE = ROOT / "docs" / "abi.md"
BEGIN = "<!-- From here to the end: scripts/abi_reference.py, from the header. -->\n"

COMMENT = r"/\*(?:(?!\*/).)*\*/"
IN_FRONT = rf"^(?P<comments>(?:{COMMENT}\s*\n)*)"  # comments that begin a line
STRUCTURE = re.compile(IN_FRONT + r"typedef struct (?P<name>\w+) \{(?P<body>.*?)\n\} (?P=name);", re.S | re.M)
ENUMERATION = re.compile(IN_FRONT + r"enum \{(?P<body>.*?)\};", re.S | re.M)
TOKEN = re.compile(rf"({COMMENT})|(\n[ \t]*\n)|(\n)|([^\n/]+|/)", re.S)
FUNCTION = re.compile(r"SOJOURN_FN\(([^,]+), (\w+)(?:, (.*))?\)$")
ROLE = re.compile(r"\[(data|step|autograd|eval|any)\]")


def escaped(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def text_of(comment):
    """A comment as one line of Markdown."""
    lines = (line.strip().removeprefix("*").strip() for line in comment[2:-2].splitlines())
    return escaped(" ".join(filter(None, lines)))


def comments_of(found):
    texts = map(text_of, re.findall(COMMENT, found["comments"], re.S))
    return [text for text in texts if not text.startswith("----")]  # a heading


def without_roles(text):
    return re.sub(rf" ?{ROLE.pattern}(?: and {ROLE.pattern})?[,;:]?", "", text).strip()


@dataclass
class Declaration:
    """What ends with a semicolon (or a comma, in an enumeration), with its comments."""

    code: str
    comments: list
    role: str

    def signature(self):
        """As in C, without the macro."""
        found = FUNCTION.match(self.code)
        plain = re.sub(r"SOJOURN_EXPORT | SOJOURN_NX", "", self.code)
        return f"{found[1]} {found[2]}({found[3] or 'void'})" if found else plain


def declarations(text, end, role=""):
    """Those of a structure, an enumeration or the header itself, in order; role: of functions that say nothing else."""
    found, code, comments, depth, in_group, line_of_last = [], "", [], 0, "", False

    def finish():
        tidy = re.sub(r"\s+", " ", code).strip()
        of_function = "SOJOURN_FN" in tidy
        found.append(Declaration(tidy, comments, (in_group or role) if of_function else ""))

    for comment, blank, newline, piece in TOKEN.findall(text):
        if comment:
            in_group = " ".join(ROLE.findall(comment)) or in_group
            (found[-1].comments if line_of_last and not code.strip() else comments).append(text_of(comment))
        elif blank or newline:
            code += " "
            line_of_last = False
            in_group = "" if blank else in_group
        for character in piece:
            depth += (character in "({") - (character in ")}")
            if character == end and depth == 0:
                finish()
                code, comments, line_of_last = "", [], True
            else:
                code += character
    if code.strip():
        finish()
    return found


def table(title, rows):
    threads = any(row.role for row in rows)
    lines = [f"| {title} | thread | meaning |" if threads else f"| {title} | meaning |",
             "|---" * (3 if threads else 2) + "|"]
    for row in rows:
        meaning = " ".join(map(without_roles, row.comments))
        lines.append(f"| `{row.signature()}` | " + (f"{row.role} | " if threads else "") + f"{meaning} |")
    return "\n".join(lines) + "\n"


def structure(found):
    body, comments = found["body"], comments_of(found)
    opening = re.match(rf"[ \t]*({COMMENT})[ \t]*\n", body, re.S)
    if opening:  # behind the brace
        comments.append(text_of(opening[1]))
        body = body[opening.end() :]
    said = "\n\n".join(comments)
    members = declarations(body, ";", " ".join(ROLE.findall(said)))
    return f"### `{found['name']}`\n" + (said + "\n\n" if said else "") + table("member", members)


def enumeration(found):
    said = "".join(comment + "\n\n" for comment in comments_of(found))
    return said + table("constant", declarations(found["body"], ","))


def clean(header):
    """The declarations alone: without the preprocessor, and what is for a linter or C++."""
    text = re.sub(r"^#ifdef __cplusplus.*?#endif\n", "", header, flags=re.S | re.M)
    text = re.sub(r"/\* NOLINT.*?\*/", "", text)
    return re.sub(r"^#(?:.*\\\n)*.*\n", "", text, flags=re.M)


def rules(comment):
    """The comment at the top: its rules as a list, then who calls on which thread."""
    lines = [line.strip().removeprefix("*").strip() for line in escaped(comment[2:-2]).splitlines()]
    intro, rest = "\n".join(lines).split("RULES\n")
    numbered, threads = rest.split("THREADS")
    flat = re.sub(r"\s+", " ", numbered)
    items = re.split(r" ?(?<![\w.])\d\. (?=[A-Z])", flat)[1:]
    roles = re.sub(r"\s+", " ", threads).strip()
    entries = "".join(f"{i}. {item.strip()}\n" for i, item in enumerate(items, 1))
    return f"{' '.join(intro.split())}\n\n{entries}\nThreads: {roles}\n"


def reference(header):
    top, rest = re.match(rf"({COMMENT})(.*)", header, re.S).groups()
    text = clean(rest)
    alone = ENUMERATION.sub("\n\n", STRUCTURE.sub("\n\n", text))
    types = [row for row in declarations(alone, ";") if row.code]
    return "\n".join([
        "## The header\n" + rules(top),
        "### Types and the entry\n" + table("declaration", types),
        "### Constants\n" + "\n".join(map(enumeration, ENUMERATION.finditer(text))),
        *map(structure, STRUCTURE.finditer(text)),
    ])


def page_with_reference():
    by_hand = PAGE.read_text().split(BEGIN)[0].rstrip("\n")
    return by_hand + "\n\n" + BEGIN + reference(HEADER.read_text())


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    PAGE.write_text(page_with_reference())
