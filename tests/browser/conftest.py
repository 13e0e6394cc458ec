"""The browser of these tests: Debian's Chromium, installed where that may be done, one process for all."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.browser.chromium import Browser

INSTALL = ["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"]


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-q"], INSTALL):
            subprocess.run(command, env=environ, capture_output=True, check=False, timeout=500)
        found = shutil.which("chromium")
    if found is None:
        pytest.skip(
            "there is no Chromium: `apt-get install chromium` brings it, and did not work or needs root"
        )
    return found


@pytest.fixture(scope="session")
def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(chromium, tmp_path_factory.mktemp("profile")) as started:
        yield started
