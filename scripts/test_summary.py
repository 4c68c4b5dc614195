#!/usr/bin/env python3
"""Says what ctest skipped and what failed; the last line is "N passed, M failed, K skipped".

    test_summary.py [--check NAME=STATUS]... [JUNIT]...

JUNIT are the files of ctest --output-junit; their folder's name tells them apart. A --check is a step
that isn't a test, such as a lint, with its exit status; it counts as one test. Exit code 1 if
anything failed.
"""

import argparse
import collections
import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def outcome(case):
    """("passed" | "failed" | "skipped", reason) of one <testcase>."""
    status, note = case.get("status"), case.find("skipped")
    if status == "run":
        return "passed", ""
    if status == "disabled":
        return "skipped", "disabled"
    if note is None or not note.get("message", "").startswith("SKIP_"):
        return "failed", "" if note is None else note.get("message", "")  # ctest: "notrun" is both
    lines = (case.findtext("system-out") or "").splitlines()
    # Ours, then that of pytest: "SKIPPED [1] file.py:12: reason".
    reasons = [line.split("SKIPPED:", 1)[1].strip() for line in lines if "SKIPPED:" in line]
    reasons += [line.split(": ", 1)[-1].strip() for line in lines if line.startswith("SKIPPED [")]
    return "skipped", reasons[0] if reasons else "no reason given"


def collect(files):
    """{"passed" | "failed" | "skipped": [(test, reason)]}"""
    found = collections.defaultdict(list)
    for file in files:
        try:
            cases = ET.parse(file).iter("testcase")
        except (OSError, ET.ParseError) as error:
            found["failed"].append((f"{file.parent.name}: all tests", f"no result of ctest: {error}"))
            continue
        for case in cases:
            kind, reason = outcome(case)
            found[kind].append((f"{file.parent.name}: {case.get('name')}", reason))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="append", default=[], metavar="NAME=STATUS")
    parser.add_argument("junit", nargs="*", type=Path, metavar="JUNIT")
    args = parser.parse_args()
    found = collect(args.junit)
    for check in args.check:
        name, status = check.rsplit("=", 1)
        found["passed" if status == "0" else "failed"].append((name, ""))

    by_reason = collections.defaultdict(list)
    for name, reason in found["skipped"]:
        by_reason[reason].append(name)
    for reason, names in sorted(by_reason.items()):
        print(f"Skipped, {reason}:", *names, sep="\n  ")
    if found["failed"]:
        lines = [f"{name} ({reason})" if reason else name for name, reason in found["failed"]]
        print("Failed:", *lines, sep="\n  ")
    print(", ".join(f"{len(found[kind])} {kind}" for kind in ("passed", "failed", "skipped")))
    sys.exit(bool(found["failed"]))


if __name__ == "__main__":
    main()
