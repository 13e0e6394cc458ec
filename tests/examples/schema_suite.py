"""JSON-Schema-Test-Suite: the official cases, out of jsonschema's source distribution. requirements/dev.txt -> cases.

The distribution is fetched once into .cache, by pip and by the hash that is locked; nothing of it is committed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "dev.txt"
CACHE = ROOT / ".cache" / "json-schema-test-suite"
DRAFTS = {
    "draft4": "http://json-schema.org/draft-04/schema#",
    "draft6": "http://json-schema.org/draft-06/schema#",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}


@dataclass(frozen=True)
class Case:
    """One instance against one schema."""

    name: str
    schema: Any
    instance: Any
    valid: bool


def locked_requirement() -> tuple[str, str]:
    """The version of jsonschema and its locked line, hashes included."""
    found = re.search(
        r"^jsonschema==(\S+) \\\n(?:    --hash=\S+(?: \\)?\n)+", LOCK.read_text("utf-8"), re.MULTILINE
    )
    assert found, f"{LOCK} locks no jsonschema"
    return found[1], found[0]


def fetch_suite() -> Path:
    """The folder of a draft's folders; pip fails where the hash is not the locked one."""
    version, requirement = locked_requirement()
    folder = CACHE / version
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            wanted = Path(scratch, "wanted.txt")
            wanted.write_text(requirement, encoding="utf-8")
            # Its build tools are locked, too, and installed: pip asks them for the distribution's name.
            options = ["--no-deps", "--no-binary=jsonschema", "--no-build-isolation", "--require-hashes"]
            command = [sys.executable, "-m", "pip", "download", "--quiet", *options, f"--dest={scratch}"]
            subprocess.run([*command, f"--requirement={wanted}"], check=True, timeout=300)
            prefix = f"jsonschema-{version}/json/tests/"
            with tarfile.open(Path(scratch, f"jsonschema-{version}.tar.gz")) as archive:
                members = [member for member in archive.getmembers() if member.name.startswith(prefix)]
                archive.extractall(scratch, members, filter="data")
            Path(scratch, prefix).replace(folder)
    return folder


def cases(draft: str) -> list[Case]:
    """Every case that a validator of this draft has to get right; `optional/` is left out."""
    files = sorted(Path(fetch_suite(), draft).glob("*.json"))
    return [
        Case(
            f"{draft}/{file.stem}: {group['description']}: {test['description']}",
            with_draft(group["schema"], DRAFTS[draft]),
            test["data"],
            test["valid"],
        )
        for file in files
        for group in json.loads(file.read_text(encoding="utf-8"))
        for test in group["tests"]
    ]


def with_draft(schema: Any, draft: str) -> Any:
    """The schema as somebody writes it who wants this draft; the suite's older files leave it to the runner."""
    if isinstance(schema, dict) and "$schema" not in schema:
        return {"$schema": draft, **schema}
    return schema
