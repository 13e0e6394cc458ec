"""Places: a broken rule is shown on its line of ci-wasm.yml."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_wasm.config.inputs import read_inputs
from ci_wasm.config.places import locate
from ci_wasm.config.resolve import load_settings
from ci_wasm.config.settings import WorkerSettings
from ci_wasm.core.finding import Finding, FindingKind, Severity

CONFIG = """\
workers:
  - wasm: a.wasm
    budgets:
      - {metric: raw, max: 5}
      - metric: gzip
        max: 5
      - {metric: raw, max-growth: 2%}
    contract:
      exports:
        add: "(i32, i32) -> i32"
      forbid-features: [threads]
    behavior:
      - {call: add}
      - sequence:
          - call: add
            max-fuel: 5
    startup: {max-fuel: 5}
    stubs: {env.now: 1}
  - wasm: b.wasm
    budgets: [{metric: gzip, max: 7}]
"""


def workers(root: Path, config: str = CONFIG) -> tuple[WorkerSettings, ...]:
    (root / "ci-wasm.yml").write_text(config, encoding="utf-8")
    return load_settings(root, read_inputs({})).workers


@pytest.mark.parametrize(
    ("worker", "kind", "subject", "line"),
    [
        (0, FindingKind.BUDGET_EXCEEDED, "raw", 4),
        (0, FindingKind.BUDGET_UNMEASURED, "gzip", 5),
        (0, FindingKind.BUDGET_EXCEEDED, "brotli", None),
        (0, FindingKind.EXPORT_MISSING, "add", 10),
        (0, FindingKind.EXPORT_UNLISTED, "sub", 8),
        (0, FindingKind.FEATURE_FORBIDDEN, "threads", 8),
        (0, FindingKind.BREAKING_CHANGE, "memory", 8),
        (0, FindingKind.BEHAVIOR_BROKEN, "add", 13),
        (0, FindingKind.BEHAVIOR_INVALID, "add#2", 15),
        (0, FindingKind.BUDGET_EXCEEDED, "fuel.add#2", 16),
        (0, FindingKind.BUDGET_EXCEEDED, "startup.fuel", 17),
        (0, FindingKind.BEHAVIOR_INVALID, "stubs.env.now", 18),
        (0, FindingKind.BEHAVIOR_INVALID, "stubs.env.other", 12),
        (0, FindingKind.BEHAVIOR_BROKEN, "startup", 17),
        (0, FindingKind.PLATFORM_LIMIT, "upload", None),
        (1, FindingKind.BUDGET_WARNING, "gzip", 20),
        (1, FindingKind.BUDGET_WARNING, "raw", None),
        (1, FindingKind.BREAKING_CHANGE, "add", None),
    ],
)
def test_a_rule_is_found_on_its_line(
    tmp_path: Path, worker: int, kind: FindingKind, subject: str, line: int | None
) -> None:
    settings = workers(tmp_path)[worker]
    finding = Finding(kind, Severity.ERROR, subject, "it is wrong", "Mend it.")

    (found,) = locate([finding], settings.config_file, settings.places)

    assert (found.file, found.line) == ((None, None) if line is None else ("ci-wasm.yml", line))


def test_rules_that_stand_in_no_file_have_no_place(tmp_path: Path) -> None:
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "a"\n', encoding="utf-8")

    (worker,) = load_settings(tmp_path, read_inputs({})).workers

    assert worker.places == {}
