"""check_layers.py finds each kind of violation, at its line, and nothing in a tree that is right."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECKER = Path(__file__).with_name("check_layers.py")
CLEAN = {
    "app/main.cpp": '#include <CLI/CLI.hpp>\n#include "plugins/loader.h"\n#include "core/run/run.h"\n',
    "core/base/error.h": "#include <string>\n",
    "core/config/toml.cpp": '#include <toml++/toml.h>\n#include "core/base/error.h"\n',
    "core/model/layer.cpp": '#include <ATen/ops/linear.h>\n#include "core/model/layer.h"\n',
    "core/model/layer.h": '#include "core/base/error.h"\n',
    "core/run/run.h": '#include "core/model/layer.h"\n',
    "core/statistics/normal.cpp": "#include <boost/math/distributions/normal.hpp>\n",
    "core/text/pieces.cpp": "#include <sentencepiece_processor.h>\n",
    "plugins/loader.cpp": "#include <boost/dll.hpp>\n#include <sojourn/abi.h>\n",
    "plugins/loader.h": '#include "core/model/layer.h"\n',
    "sdk/include/sojourn/abi.h": "#include <stddef.h>\n",
    "sdk/include/sojourn/json.h": "#include <nlohmann/json.hpp>\n#include <sojourn/abi.h>\n",
    "sdk/tools/describe.c": "#include <dlfcn.h>\n#include <sojourn/abi.h>\n",
    "tasks/colours/plugin.cpp": '#include <vector>\n#include <sojourn/json.h>\n#include "reader.h"\n',
    "tasks/colours/reader.h": "#include <string_view>\n",
    # Neither built nor foreign things are looked at, and what only looks like a task's name is none.
    "build/dev/core/base/made.cpp": "#include <boost/dll.hpp>\n",
    "core/base/note.h": "// decolours, coloursome\n",
    "tests/core/long_name.cpp": "#include <boost/dll.hpp>\n",
}


def findings(**changes):
    """Lines that the checker prints for the clean tree with some files written over."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**CLEAN, **changes}.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        command = [sys.executable, str(CHECKER), folder]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = result.stdout.splitlines()
    assert result.returncode == bool(lines), result.stderr
    return lines


class CheckLayers(unittest.TestCase):
    def expect(self, file, text, *said):
        """One finding, at the last line of `text` in `file`, that says each of `said`."""
        lines = findings(**{file: text})
        self.assertEqual(len(lines), 1, lines)
        self.assertTrue(lines[0].startswith(f"{file}:{len(text.splitlines())}: "), lines)
        for word in said:
            self.assertIn(word, lines[0])

    def test_a_tree_that_is_right_has_no_finding(self):
        self.assertEqual(findings(), [])

    def test_a_layer_includes_no_later_one(self):
        text = '#include <string>\n#include "core/run/run.h"\n'
        self.expect("core/base/error.h", text, "core/base", "core/run")

    def test_a_layer_by_a_relative_path_is_the_same_layer(self):
        self.expect("core/base/error.h", '#include "../run/run.h"\n', "core/run")

    def test_a_folder_of_core_that_is_no_layer_is_named(self):
        self.expect("core/extra/a.cpp", '#include "core/base/error.h"\n', "core/extra")

    def test_core_sees_neither_plugins_nor_app_nor_sdk(self):
        self.expect("core/run/run.h", '#include "plugins/loader.h"\n', "plugins/")
        self.expect("core/run/run.h", "#include <sojourn/abi.h>\n", "sdk/")

    def test_plugins_do_not_see_app_or_tasks(self):
        self.expect("plugins/loader.h", '#include "app/main.cpp"\n', "app/")
        # Named otherwise than a task, whose name alone would be a finding.
        text = '#include "../tasks/common.h"\n'
        lines = findings(**{"plugins/loader.h": text, "tasks/common.h": "\n"})
        self.assertEqual(lines, ["plugins/loader.h:1: plugins/ may not include tasks/"])

    def test_sdk_and_tasks_do_not_see_the_host(self):
        self.expect("sdk/include/sojourn/abi.h", '#include "core/base/error.h"\n', "core/")
        self.expect("tasks/colours/reader.h", '#include "../../plugins/loader.h"\n', "plugins/")
        self.expect("sdk/include/sojourn/abi.h", '#include "tasks/colours/reader.h"\n', "tasks/")

    def test_sdk_and_tasks_see_no_library_but_the_standard_one(self):
        for header in ("ATen/ops/linear.h", "torch/torch.h", "c10/core/Device.h", "boost/dll.hpp",
                       "spdlog/spdlog.h", "dlfcn.h", "unistd.h", "nlohmann/json.hpp"):
            self.expect("tasks/colours/reader.h", f"\n  # include <{header}>\n", header)
        for header in "ATen/core/Tensor.h", "sys/stat.h":
            self.expect("sdk/include/sojourn/abi.h", f"#include <{header}>\n", header)

    def test_one_header_of_the_sdk_has_each_library(self):
        text = "#include <nlohmann/json.hpp>\n"
        self.expect("sdk/include/sojourn/rows.h", text, "sdk/include/sojourn/json.h")
        self.expect("tasks/colours/reader.h", "#include <unicode/uchar.h>\n", "unicode/uchar.h")

    def test_a_library_with_a_home_stays_there(self):
        for header, home in (("boost/dll/shared_library.hpp", "plugins/"), ("toml++/toml.h", "core/config/"),
                             ("sentencepiece_processor.h", "core/text/"), ("CLI/CLI.hpp", "app/")):
            self.expect("core/model/layer.cpp", f"#include <{header}>\n", header, home)

    def test_headers_with_all_of_libtorch_are_refused(self):
        self.expect("core/model/layer.cpp", "#include <torch/torch.h>\n", "torch/torch.h")
        self.expect("plugins/loader.cpp", "#include <ATen/ATen.h>\n", "ATen/ATen.h")

    def test_the_host_names_no_task(self):
        self.expect("core/base/error.h", "\n// unlike Colours\n", "Colours")
        self.expect("app/main.cpp", "int colours_seen;\n", "colours")
        self.expect("plugins/CMakeLists.txt", "# COLOURS\n", "COLOURS")
        self.expect("core/data/colours.cpp", "\n", "colours")

    def test_a_long_file_is_found_in_every_room(self):
        for file in ("core/base/long.cpp", "tests/a/long.py", "scripts/long", ".ci/run", "docs/tool.sh"):
            self.assertEqual(findings(**{file: "#\n" * 400}), [])
            self.expect(file, "#\n" * 401, "401 lines")


if __name__ == "__main__":
    unittest.main()
