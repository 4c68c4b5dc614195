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
        self.environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache")}

    def sojourn(self, *arguments, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.program, *arguments], cwd=cwd, env=self.environment | environment, capture_output=True, text=True,
            timeout=600,
        )

    def build(self, project: Path, *options: str) -> Path:
        """Builds a project in its folder `build`, with nothing but the installation to find; returns that folder."""
        configure = ["cmake", "-S", project, "-B", project / "build", f"-DCMAKE_PREFIX_PATH={self.path}",
                     "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", *options]
        for command in (configure, ["cmake", "--build", project / "build"]):
            done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
        commands = (project / "build" / "compile_commands.json").read_text()
        assert str(SOURCE) not in commands and "torch" not in commands
        return project / "build"
