"""A private JupyterLab on a loopback port, with its token, on copied notebooks."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from rlnotes.scripts.lab import write_config

ROOT = Path(__file__).parents[2]
START_SECONDS = 60


class Lab:
    """Context manager: `url(name)` is the address of a notebook while it is open.

    Args:
        folder: a new folder; gets notebooks/ and docs/ as they are in the repository.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.notebooks = folder / "notebooks"
        shutil.copytree(ROOT / "notebooks", self.notebooks)
        shutil.copytree(ROOT / "docs", folder / "docs")
        write_config(folder / "config_path")
        self.token = secrets.token_hex(16)
        self.port = _free_port()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/lab/tree/notebooks/{name}?token={self.token}&reset"

    def __enter__(self) -> "Lab":
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser"),
            *("--allow-root", "--expose-app-in-browser", "--ip=127.0.0.1"),
            f"--port={self.port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.folder}",
            f"--IdentityProvider.token={self.token}",
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ]
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            # Settings of the person who runs the tests must not matter.
            "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
            "JUPYTER_CONFIG_PATH": str(self.folder / "config_path"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.folder / "workspaces"),
            "JUPYTERLAB_SETTINGS_DIR": str(self.folder / "settings"),
        }
        self.log = (self.folder / "lab.log").open("w")
        self.process = subprocess.Popen(
            command, env=environment, stdout=self.log, stderr=subprocess.STDOUT
        )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def _wait(self) -> None:
        address = f"http://127.0.0.1:{self.port}/api/status?token={self.token}"
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(address, timeout=2):
                    return
            except OSError:
                time.sleep(0.2)
        log = (self.folder / "lab.log").read_text()[-2000:]
        raise RuntimeError(f"JupyterLab did not start:\n{log}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
