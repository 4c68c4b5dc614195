"""scripts/setup on machines that are played here: a PATH with nothing but the named commands."""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
BASICS = "bash cat chmod cp dirname env grep head mkdir mktemp mv rm sed sha256sum".split()
# Each writes what it was asked to $LOG.
PROGRAMS = {
    "dpkg-query": 'cat "$HERE/packages"',
    "apt-get": """
        echo "apt-get $*" >>"$LOG"
        [ ! -e "$HERE/broken" ] || { rm -f "$HERE/broken$(cat "$HERE/broken")"; echo "no network"; exit 100; }
        [ "$1" = update ] || for p in "$@"; do echo "$p installed" >>"$HERE/packages"; done""",
    "npm": ': >"$(echo "$3" | tr @ -).tgz"',
    "sha512sum": '[ ! -e "$HERE/other-content" ]',
    "tar": 'mkdir -p "$4"/package/dist "$4"/package/build/dist; cd "$4"; shift 4; for f; do echo >"$f"; done',
    "sudo": 'exec "$@"',
    "sleep": "",
    # A Python whose modules are there; `-` is the question for torch, pip notes what it installs.
    "python3": """
        case "$1 ${2:-}" in
          "-m venv") mkdir -p "$3/bin" && cp "$HERE/bin/python3" "$3/bin/python" ;;
          "-m pip") [ ! -e "$HERE/no-index" ] || exit 1
                    for f; do :; done; echo "pip $(grep -v '^#' "$f" | sed 's/=.*//' | tr '\\n' ' ')" >>"$LOG" ;;
          "-c import sysconfig"*) echo "$HERE/project/.venv" ;;
          "-c import site"*) echo /active/site-packages ;;
        esac""",
}


class Setup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.here = Path(folder.name)
        shutil.copytree(SCRIPTS, self.here / "project" / "scripts")
        (self.here / "bin").mkdir()
        (self.here / "packages").write_text("python3 installed\nzlib1g installed\n")
        for name in [*BASICS, "tr"]:
            (self.here / "bin" / name).symlink_to(shutil.which(name))
        for name, text in PROGRAMS.items():
            self.program(self.here / "bin" / name, text)
        self.environment = {"PATH": str(self.here / "bin"), "HERE": str(self.here), "HOME": str(self.here),
                            "LOG": str(self.here / "log")}

    @staticmethod
    def program(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{shutil.which('bash')}\n{text}\n")
        path.chmod(0o755)

    def setup_script(self, *arguments, **environment):
        """(exit code, what it said, what apt-get and pip were asked)"""
        log = self.here / "log"
        log.write_text("")
        command = [self.here / "bin" / "bash", self.here / "project" / "scripts" / "setup", *arguments]
        result = subprocess.run(command, env=self.environment | environment, text=True, check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return result.returncode, result.stdout, log.read_text().splitlines()

    def test_what_is_missing_is_installed_and_then_it_is_silent(self):
        status, _, asked = self.setup_script()
        self.assertEqual(status, 0)
        self.assertEqual(asked[0], "apt-get update -qq")
        self.assertIn(" libsentencepiece-dev", asked[1])
        self.assertNotIn("python3", asked[1])
        self.assertEqual(asked[2:], ["pip torch numpy "])
        self.assertEqual(self.setup_script(), (0, "", []))

    def test_a_library_of_charts_with_other_content_is_refused(self):
        (self.here / "other-content").touch()
        status, said, _ = self.setup_script()
        self.assertEqual(status, 1)
        self.assertIn("another SHA-512", said)
        self.assertEqual(list(self.here.glob("project/.venv/share/*/echarts.min.js")), [])

    def test_only_what_is_missing_is_installed(self):
        self.setup_script()
        packages = (self.here / "packages").read_text()
        (self.here / "packages").write_text(packages.replace("catch2 installed", "catch2 config-files"))
        _, _, asked = self.setup_script()
        self.assertEqual(asked[-1].split()[-1], "catch2")
        self.assertEqual(asked[-1].count("dev"), 0)

    def test_tests_need_more_which_stays(self):
        self.setup_script()
        self.assertIn("pip torch numpy transformers tokenizers safetensors pytest snakemake jsonschema peft tensorboard "
                      "selenium ", self.setup_script("--tests")[2])
        self.assertEqual(self.setup_script("--tests"), (0, "", []))
        self.assertEqual(self.setup_script(), (0, "", []))
        # A new requirement: what the tests need is installed again with it.
        with (self.here / "project" / "scripts" / "requirements.txt").open("a") as file:
            file.write("extra==1\n")
        self.assertEqual(self.setup_script()[2], ["pip torch numpy extra transformers tokenizers safetensors pytest snakemake jsonschema peft tensorboard "
                      "selenium "])

    def test_a_failed_apt_get_is_tried_once_more(self):
        (self.here / "broken").write_text("")  # goes away after one failure
        status, said, asked = self.setup_script()
        self.assertEqual((status, asked.count("apt-get update -qq")), (0, 2))
        (self.here / "packages").write_text("")
        (self.here / "broken").write_text("-stays")
        status, said, asked = self.setup_script()
        self.assertEqual((status, asked.count("apt-get update -qq")), (1, 2))
        self.assertIn("no network", said)
        self.assertIn("setup: could not install g++ cmake", said)

    def test_a_failed_pip_is_no_finished_setup(self):
        (self.here / "no-index").write_text("")
        status, said, _ = self.setup_script()
        self.assertEqual(status, 1)
        self.assertIn("pip could not install", said)
        (self.here / "no-index").unlink()
        self.assertEqual(self.setup_script()[2], ["pip torch numpy "])

    def test_the_torch_of_an_active_environment_is_used_as_it_is(self):
        shutil.copy(self.here / "bin" / "python3", self.program_folder() / "python")
        _, said, asked = self.setup_script(VIRTUAL_ENV=str(self.here / "active"))
        self.assertEqual(asked[-1], "pip numpy ")
        self.assertIn(f"the torch of {self.here}/active", said)
        self.assertEqual((self.here / "project/.venv/active_environment.pth").read_text(), "/active/site-packages\n")
        self.assertEqual(self.setup_script(VIRTUAL_ENV=str(self.here / "active")), (0, "", []))
        self.assertEqual(self.setup_script(), (0, "", []))  # still good when it isn't active

    def test_an_active_environment_without_torch_is_not_used(self):
        self.program(self.program_folder() / "python", "exit 1")
        self.assertEqual(self.setup_script(VIRTUAL_ENV=str(self.here / "active"))[2][-1], "pip torch numpy ")

    def program_folder(self):
        folder = self.here / "active" / "bin"
        folder.mkdir(parents=True)
        return folder

    def test_another_system_is_told_what_to_install(self):
        for name in "apt-get", "dpkg-query":
            (self.here / "bin" / name).unlink()
        self.program(self.here / "bin" / "cmake", "")
        status, said, asked = self.setup_script()
        self.assertEqual((status, asked), (1, []))
        self.assertIn(" - toml++ 3.3 or newer\n", said)
        self.assertIn(" - Ninja\n", said)
        self.assertNotIn("CMake", said)
        self.assertNotIn("Python", said)

    def test_an_unknown_argument_is_named(self):
        status, said, _ = self.setup_script("--test")
        self.assertEqual((status, said), (1, "setup: unknown argument --test; expected --tests or --lint\n"))


if __name__ == "__main__":
    unittest.main()
