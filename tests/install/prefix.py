"""An installation that was moved, as the only thing that a third party has."""

import os
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(os.environ["SOJOURN_SOURCE"])
BUILD = Path(os.environ["SOJOURN_BUILD"])


class Prefix:
    def __init__(self, folder: Path):
        self.path = folder / "moved here"
        shutil.copytree(os.environ["SOJOURN_PREFIX"], self.path, copy_function=os.link)
        self.program = self.path / "bin" / "sojourn"
        # The compiler cache serves the next call, too, whose folders have other names.
        self.environment = os.environ | {
            "XDG_CACHE_HOME": str(folder / "cache"),
            "CCACHE_DIR": os.environ.get("CCACHE_DIR") or str(Path.home() / ".cache" / "ccache"),
            "CCACHE_BASEDIR": str(folder.parent),
            "CCACHE_NOHASHDIR": "1",
        }

    def sojourn(self, *arguments, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.program, *arguments], cwd=cwd, env=self.environment | environment, capture_output=True, text=True,
            timeout=600,
        )

    def build(self, project: Path, *options: str) -> Path:
        """Builds a project in its folder `build`, with nothing but the installation to find; returns that folder."""
        build = project / "build"
        configure = ["cmake", "-S", project, "-B", build, f"-DCMAKE_PREFIX_PATH={self.path}", *options]
        if shutil.which("ccache"):
            configure += ["-DCMAKE_C_COMPILER_LAUNCHER=ccache", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"]
        for command in (configure, ["cmake", "--build", build]):
            done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
        included = [file.read_text() for file in build.rglob("*.d")]
        assert included and not [text for text in included if str(SOURCE) in text or "torch" in text]
        return build
