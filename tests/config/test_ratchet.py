"""Ratchet: which ceilings come down, how far, and what becomes of the file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_wasm.config.file import write_document
from ci_wasm.config.inputs import read_inputs
from ci_wasm.config.ratchet import Proposal, propose_ceilings
from ci_wasm.config.resolve import load_settings
from ci_wasm.config.settings import Settings
from ci_wasm.core.budget import judge_budget
from ci_wasm.core.group import judge_group
from ci_wasm.core.report import Report, Subject, WorkerReport, make_report
from ci_wasm.errors import ConfigError
from ci_wasm.outcome import Done, Skipped
from tests.modules import make_measured


def load(root: Path, text: str, folder: str = "") -> Settings:
    (root / folder).mkdir(exist_ok=True)
    (root / folder / "ci-wasm.yml").write_bytes(text.encode())
    return load_settings(root / folder, read_inputs({"INPUT_WORKING-DIRECTORY": folder}))


def judged(settings: Settings, size: int) -> Report:
    """Every Worker's module has this size."""
    head = make_measured(size, gzip=size)
    workers = [
        WorkerReport(
            worker.name,
            Done(head),
            Skipped("-"),
            budgets=tuple(judge_budget(budget, None, head) for budget in worker.budgets),
        )
        for worker in settings.workers
    ]
    heads = {worker.name: head for worker in settings.workers}
    groups = [judge_group(group, {}, heads) for group in settings.groups]
    return make_report(Subject(""), workers, groups=groups, version="0")


def propose(root: Path, text: str, size: int, folder: str = "") -> Proposal | None:
    settings = load(root, text, folder)
    return propose_ceilings(settings, judged(settings, size))


def one(budget: str) -> str:
    return f"workers: [{{wasm: a.wasm, budgets: [{budget}]}}]\n"


@pytest.mark.parametrize(
    ("budget", "size", "lowered"),
    [
        ("{metric: raw, max: 900 KiB, ratchet: true}", 831_898, "{metric: raw, max: 815 KiB, ratchet: true}"),
        ("{metric: raw, max: '1024', ratchet: true}", 500, "{metric: raw, max: '500', ratchet: true}"),
        ("{metric: raw, max: 0x400, ratchet: true}", 500, "{metric: raw, max: 500, ratchet: true}"),
        # The noise stays in the ceiling.
        ("{metric: gzip, max: 1 MB, ratchet: true}", 500_000, "{metric: gzip, max: 510 KB, ratchet: true}"),
        # Above `warn`.
        ("{metric: raw, max: 900, warn: 800, ratchet: true}", 10, "{metric: raw, max: 805, warn: 800, ratchet: true}"),
        # Nothing to do: as low as it gets, less than 1 %, and without a ratchet.
        ("{metric: raw, max: 815 KiB, ratchet: true}", 831_898, None),
        ("{metric: raw, max: 1000, ratchet: true}", 991, None),
        ("{metric: raw, max: 900 KiB}", 1, None),
        ("{metric: raw, max: 0, ratchet: true}", 0, None),
    ],
)  # fmt: skip
def test_a_ceiling_comes_down(tmp_path: Path, budget: str, size: int, lowered: str | None) -> None:
    proposal = propose(tmp_path, one(budget), size)

    assert (proposal and proposal.text) == (lowered and one(lowered))


TWO = """workers:
  - wasm: a.wasm
    budgets:
      - {metric: raw, max: 900 KiB, ratchet: true}   # measured in May
  - wasm: b.wasm
    budgets:
      - metric: raw
        ratchet: true
        # the page must load on a train
        max: "2 MB"
groups:
  - name: all
    budgets: [{metric: raw, max: 3 MB, ratchet: true}]
"""


def test_workers_and_groups_come_down_together(tmp_path: Path) -> None:
    proposal = propose(tmp_path, TWO, 300_000)

    assert proposal is not None
    assert [(each.owner, each.before, each.after) for each in proposal.ratchet.ceilings] == [
        ("`a`", "900 KiB", "294 KiB"),
        ("`b`", "2 MB", "300 KB"),
        ("the group `all`", "3 MB", "600 KB"),
    ]
    changes = {"900 KiB": "294 KiB", "2 MB": "300 KB", "3 MB": "600 KB"}
    expected = TWO
    for before, after in changes.items():
        expected = expected.replace(before, after)
    assert proposal.text == expected


@pytest.mark.parametrize("folder", ["", "crates"])
@pytest.mark.parametrize("text", [TWO, TWO.rstrip("\n")])
def test_git_applies_the_diff(tmp_path: Path, text: str, folder: str) -> None:
    proposal = propose(tmp_path, text, 300_000, folder)
    assert proposal is not None

    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply"], cwd=tmp_path, input=proposal.ratchet.diff.encode(), check=True)

    assert (tmp_path / folder / "ci-wasm.yml").read_bytes() == proposal.text.encode()


def test_a_ceiling_behind_an_anchor_is_told_and_left_alone(tmp_path: Path) -> None:
    text = (
        "workers:\n- wasm: a.wasm\n  budgets: [{metric: raw, max: &m 900 KiB, ratchet: true}]\n"
        "- wasm: b.wasm\n  budgets: [{metric: raw, max: *m}]\n"
    )
    proposal = propose(tmp_path, text, 1024)

    assert proposal is not None
    (ceiling,) = proposal.ratchet.ceilings
    assert "anchor" in ceiling.problem
    assert (ceiling.after, proposal.text, proposal.ratchet.diff) == ("1030", text, "")


@given(
    st.integers(0, 10**8),
    st.integers(0, 10**8),
    st.sampled_from(["B", "KB", "KiB", "MB", ""]),
    st.sampled_from(["raw", "gzip"]),
)
def test_a_lower_ceiling_holds_and_is_proposed_once(
    tmp_path_factory: pytest.TempPathFactory, size: int, ceiling: int, unit: str, metric: str
) -> None:
    root = tmp_path_factory.mktemp("ratchet")
    proposal = propose(root, one(f"{{metric: {metric}, max: {ceiling} {unit}, ratchet: true}}"), size)
    if proposal is None:
        return
    settings = load(root, proposal.text)

    assert judged(settings, size).workers[0].budgets[0].findings == ()
    assert propose_ceilings(settings, judged(settings, size)) is None


def test_a_file_that_changed_meanwhile_is_not_written(tmp_path: Path) -> None:
    settings = load(tmp_path, TWO)
    (tmp_path / "ci-wasm.yml").write_text("workers: []\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="changed meanwhile"):
        write_document(tmp_path, settings.document, TWO + "# more\n")

    assert (tmp_path / "ci-wasm.yml").read_text(encoding="utf-8") == "workers: []\n"
