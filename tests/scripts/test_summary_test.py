"""scripts/test_summary.py counts what ctest says, and a test that couldn't run has failed."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "test_summary.py"
JUNIT = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite>
  <testcase name="good" status="run"/>
  <testcase name="bad" status="fail"><failure message=""/></testcase>
  <testcase name="no data" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
    <system-out>words\nSKIPPED: no folder "shared"\nwords</system-out></testcase>
  <testcase name="off" status="disabled"/>
  <testcase name="gone" status="notrun"><skipped message="Unable to find executable"/></testcase>
</testsuite>
"""


def summary(*arguments, junit=None):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "dev", "junit.xml")
        file.parent.mkdir()
        if junit:
            file.write_text(junit)
        command = [sys.executable, str(SCRIPT), *arguments, str(file)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout.splitlines()


class TestSummary(unittest.TestCase):
    def test_every_outcome_is_counted_and_reasons_are_given(self):
        status, lines = summary("--check", "lint=0", "--check", "format=2", junit=JUNIT)
        self.assertEqual(status, 1)
        self.assertEqual(lines, [
            "Skipped, disabled:", "  dev: off",
            'Skipped, no folder "shared":', "  dev: no data",
            "Failed:", "  dev: bad", "  dev: gone (Unable to find executable)", "  format",
            "2 passed, 3 failed, 2 skipped"])

    def test_nothing_failed(self):
        one = JUNIT.splitlines()[2]
        self.assertEqual(summary(junit=f"<testsuite>{one}</testsuite>"), (0, ["1 passed, 0 failed, 0 skipped"]))

    def test_no_result_is_a_failure(self):
        status, lines = summary()
        self.assertEqual((status, lines[-1]), (1, "0 passed, 1 failed, 0 skipped"))
        self.assertEqual(summary(junit="<testsuite><testcase")[0], 1)


if __name__ == "__main__":
    unittest.main()
