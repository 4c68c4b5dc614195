"""The reference in docs/abi.md is that of the header."""

import re
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import abi_reference

HEADER = """/* What it is.
 *
 * RULES
 *  1. Structs grow
 * at the end.
 *  2. Nothing else.
 *
 * THREADS  [data] any thread. */
#ifdef __cplusplus
extern "C" {
#endif
typedef uint64_t sojourn_op; /* a
                                handle */
/* Given
 * once. */
enum { A = 0, B = 2 /* the | other */ };
typedef struct one { /* FROZEN 16 */
  int64_t a, b; /* both */
  SOJOURN_FN(void, go, void* self,
             int32_t n); /* at once */
  /* [eval] Waits. */
  SOJOURN_FN(int32_t, wait);
  SOJOURN_FN(int32_t, wait_more, void* self);

  const void* self;
} one;
#ifdef __cplusplus
}
#endif
"""
REFERENCE = """## The header
What it is.

1. Structs grow at the end.
2. Nothing else.

Threads: [data] any thread.

### Types and the entry
| declaration | meaning |
|---|---|
| `typedef uint64_t sojourn_op` | a handle |

### Constants
Given once.

| constant | meaning |
|---|---|
| `A = 0` |  |
| `B = 2` | the \\| other |

### `one`
FROZEN 16

| member | thread | meaning |
|---|---|---|
| `int64_t a, b` |  | both |
| `void go(void* self, int32_t n)` |  | at once |
| `int32_t wait(void)` | eval | Waits. |
| `int32_t wait_more(void* self)` | eval |  |
| `const void* self` |  |  |
"""


class Reference(unittest.TestCase):
    def test_it_says_what_the_comments_say(self):
        self.maxDiff = None
        self.assertEqual(abi_reference.reference(HEADER), REFERENCE)

    def test_the_page_is_up_to_date(self):
        written = abi_reference.page_with_reference()
        self.assertTrue(written == abi_reference.PAGE.read_text(), "call scripts/abi_reference.py")

    def test_no_function_is_left_out(self):
        page = abi_reference.PAGE.read_text()
        names = re.findall(r"SOJOURN_FN\([^,]+, (\w+)", abi_reference.clean(abi_reference.HEADER.read_text()))
        self.assertGreater(len(names), 30)
        self.assertEqual([name for name in names if f" {name}(" not in page], [])


if __name__ == "__main__":
    unittest.main()
