"""`ci-wasm check` and `ci-wasm contract` as a person runs them: bad input, groups, the ratchet, and a written contract."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from tests.e2e.conftest import ADD, WIDE_ADD
from tests.e2e.test_cli import ci_wasm

WORKER = "workers:\n  - wasm: add.wasm\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "add.wasm").write_bytes(wat2wasm(ADD))
    (tmp_path / "wide.wasm").write_bytes(wat2wasm(WIDE_ADD))
    return tmp_path


def config(folder: Path, text: str) -> Path:
    path = folder / "ci-wasm.yml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            WORKER + "    contract: {exports: {add: '(i33) -> i32'}}\n",
            "3:26: workers[0].contract.exports.add: `i33` is no value type",
        ),
        (
            WORKER + "    contract:\n      imports:\n        - 'env.*: (i32) -> i33'\n",
            "5:11: workers[0].contract.imports[0]: `i33` is no value type",
        ),
        (
            WORKER + "    contract: {forbid-features: [simd, thread]}\n",
            "3:40: workers[0].contract.forbid-features[1]: unknown feature `thread`; did you mean `threads`?",
        ),
        (
            WORKER + "    contract: {exports: {memory: memory min=none}}\n",
            "workers[0].contract.exports.memory: `min=none`: every memory has a minimum",
        ),
        (
            WORKER + "    budgets:\n      - {metric: raw, max: -3 KB}\n",
            "4:23: workers[0].budgets[0].max: `-3 KB` is no size",
        ),
        (WORKER + "    budgets: [{metric: raw, max: -3}]\n", "workers[0].budgets[0].max: -3 is negative"),
        (
            WORKER + "    budgets: [{metric: raw, max-growth: -2%}]\n",
            "3:29: workers[0].budgets[0].max-growth: `-2%` is no percentage",
        ),
        (
            WORKER + "    budgets: [{metric: raw, min-shrink: 100%}]\n",
            "workers[0].budgets[0].min-shrink: nothing can shrink by 100 % and be there",
        ),
        (
            WORKER + "    budgets: [{metric: raw, max-growth: 1%, warn-growth: 2%}]\n",
            "workers[0].budgets[0].warn-growth: `warn-growth` must be below `max-growth`",
        ),
        (
            WORKER + "    budgets: [{metric: raw, warn: 5, ratchet: true}]\n",
            "3:15: workers[0].budgets[0]: `ratchet` lowers `max`, and there is none",
        ),
        (
            WORKER + "    budgets: [{metric: raw, max: 5, inherited: maybe}]\n",
            "workers[0].budgets[0].inherited: one of fail, warn is needed, `maybe` was found",
        ),
        (
            WORKER + "    budgets: [{metric: fuel, max: 5}]\n",
            "workers[0].budgets[0].metric: unknown metric `fuel`",
        ),
        (
            "workers:\n  - {wasm: add.wasm, name: x}\n  - {wasm: wide.wasm, name: x}\n",
            "3:23: workers[1].name: the Worker workers[0] is called `x`, too; names must differ",
        ),
        (
            WORKER + "groups: [{name: all, workers: [ad], budgets: [{metric: raw, max: 5}]}]\n",
            "3:32: groups[0].workers[0]: no Worker is called `ad`; did you mean `add`?",
        ),
        (
            WORKER + "groups: [{name: all, workers: ['edge-*'], budgets: [{metric: raw, max: 5}]}]\n",
            "groups[0].workers[0]: no Worker is called `edge-*`; there are add",
        ),
        (WORKER + "groups: [{name: all}]\n", "3:10: groups[0]: a group needs `budgets`"),
        (
            WORKER + "groups:\n- {name: a, budgets: [{metric: raw, max: 1}]}\n- {name: a, budgets: [{metric: raws, max: 1}]}\n",
            "5:4: groups[1].name: the group groups[0] is called `a`, too",
        ),
        (
            WORKER + "    budgets: []\n    budgets: [{metric: raw, max: 1}]\n",
            "4:5: workers[0].budgets: the key stands here a second time; the first one would be lost",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_with_its_place(folder: Path, text: str, line: str) -> None:
    config(folder, text)

    done = ci_wasm(folder, "check")

    said = [each for each in done.stderr.splitlines() if line in each]
    assert (done.returncode, len(said), done.stdout) == (2, 1, ""), done.stderr
    assert "ci-wasm.yml:" in said[0]


def test_all_of_it_is_said_at_once_in_the_order_of_the_file(folder: Path) -> None:
    """What does not fit the schema does not keep the rest from being read, and says nothing twice."""
    config(
        folder,
        """workers:
  - wasm: add.wasm
    nmae: x
    budgets:
      - {max: -3 KB}
      - {metric: gzip, max: [1], ratchet: true}
      - {metric: raws, max: 1}
      - 5
    contract: {exports: {add: (i33), ok: 3}, exact: maybe}
  - wasm: add.wasm
    name: add
  - crate: 3
groups:
  - {name: g, workers: [gone], budgets: []}
""",
    )

    done = ci_wasm(folder, "check")

    places = [
        line.partition("ci-wasm.yml:")[2] for line in done.stderr.splitlines() if "ci-wasm.yml:" in line
    ]
    assert [place.split(": ")[0] + ": " + place.split(": ")[1] for place in places][:-1] == [
        "3:5: workers[0].nmae",
        "5:9: workers[0].budgets[0]",
        "5:10: workers[0].budgets[0].max",
        "6:24: workers[0].budgets[1].max",
        "7:10: workers[0].budgets[2].metric",
        "8:9: workers[0].budgets[3]",
        "9:26: workers[0].contract.exports.add",
        "9:38: workers[0].contract.exports.ok",
        "9:46: workers[0].contract.exact",
        "11:5: workers[1].name",
        "12:5: workers[2].crate",
        "14:5: groups[0]",
        "14:25: groups[0].workers[0]",
    ], done.stderr
    assert "ci-wasm.yml has 13 problems" in done.stderr


GROUPED = """workers:
  - {wasm: add.wasm}
  - {wasm: wide.wasm}
groups:
  - {name: all, budgets: [{metric: raw, max: %s, ratchet: true}]}
"""


def test_a_group_is_judged_and_reported(folder: Path) -> None:
    size = sum((folder / name).stat().st_size for name in ("add.wasm", "wide.wasm"))
    config(folder, GROUPED % (size - 1))

    done = ci_wasm(folder, "check", "--format", "json")

    report = json.loads(done.stdout)
    (group,) = report["groups"]
    assert (done.returncode, group["name"], group["workers"]) == (1, "all", ["add", "wide"])
    assert (group["budgets"][0]["measured"], group["budgets"][0]["state"]) == (size, "broken")
    assert report["verdict"]["headline"].startswith(
        f"`raw` of the group `all` is {size:,} bytes, 1 byte over"
    )


def test_a_stored_report_with_groups_and_ceilings_is_read_again(folder: Path) -> None:
    config(folder, GROUPED % "1 MB")
    printed = ci_wasm(folder, "check", "--format", "json").stdout
    (folder / "report.json").write_text(printed, encoding="utf-8")

    assert json.loads(printed)["ratchet"]["ceilings"][0]["before"] == "1 MB"
    assert ci_wasm(folder, "report", "report.json", "--format", "json").stdout == printed


def test_update_budgets_lowers_what_has_a_ratchet(folder: Path) -> None:
    size = (folder / "add.wasm").stat().st_size
    text = (
        WORKER
        + "    budgets:\n      - {metric: raw, max: 1 KiB, ratchet: true}  # why\n      - {metric: gzip, max: 1 KiB}\n"
    )
    path = config(folder, text)

    shown = ci_wasm(folder, "check")
    unchanged = path.read_text(encoding="utf-8")
    done = ci_wasm(folder, "check", "--update-budgets")

    assert f"raw of add: 1 KiB → {size} B" in shown.stdout
    assert (unchanged, done.returncode) == (text, 0)
    assert path.read_text(encoding="utf-8") == text.replace("1 KiB, ratchet", f"{size} B, ratchet")
    assert "1 lower ceiling" in done.stderr
    assert ci_wasm(folder, "check", "wide.wasm").returncode == 1


@pytest.mark.parametrize(
    ("budgets", "file", "reason"),
    [
        ("[{metric: raw, max: 1 KiB, ratchet: true}, {metric: exports, max: 0}]", "add.wasm", "something is broken"),
        ("[{metric: raw, max: 1 KiB}]", "add.wasm", "no budget has `ratchet: true`"),
        ("[{metric: exports, max: 1, ratchet: true}]", "add.wasm", "no ceiling can come down"),
    ],
)  # fmt: skip
def test_update_budgets_leaves_the_file_and_says_why(
    folder: Path, budgets: str, file: str, reason: str
) -> None:
    text = f"{WORKER}    budgets: {budgets}\n"
    path = config(folder, text)

    done = ci_wasm(folder, "check", file, "--update-budgets")

    assert path.read_text(encoding="utf-8") == text
    assert reason in done.stderr


@pytest.mark.parametrize(
    ("budgets", "options", "compressed"),
    [
        ("[{metric: raw, max: 1 MB}]", [], set()),
        ("[{metric: gzip, max: 1 MB}]", [], {"gzip"}),
        ("[{metric: raw, max: 1 MB}]", ["--compression"], {"gzip", "brotli"}),
        ("[{metric: raw, max: 1 MB}]", ["--format", "json"], {"gzip", "brotli"}),
        ("[{metric: brotli, max: 1 MB}]", ["--format", "json", "--no-compression"], {"brotli"}),
    ],
)
def test_check_compresses_what_is_limited_or_shown(
    folder: Path, budgets: str, options: list[str], compressed: set[str]
) -> None:
    config(folder, f"{WORKER}    budgets: {budgets}\n")

    printed = ci_wasm(folder, "check", *options).stdout

    if "json" in options:
        sizes = json.loads(printed)["workers"][0]["head"]["value"]["sizes"]
        shown = {name for name in ("gzip", "brotli") if sizes[name] is not None}
    else:
        shown = set(re.findall(r"(?m)^  (gzip|brotli) ", printed))
    assert shown == compressed


def test_a_contract_is_written_and_holds_for_its_module_alone(folder: Path) -> None:
    text = "# ours\nworkers:\n  - wasm: add.wasm  # built before\n    contract: {exact: true}\n"
    path = config(folder, text)

    done = ci_wasm(folder, "contract", "--write")
    written = path.read_text(encoding="utf-8")

    assert (done.returncode, done.stdout) == (0, "")
    assert written == text.replace(
        "{exact: true}", '{exact: true, exports: {"add": "(i32, i32) -> i32"}, imports: []}'
    )
    assert ci_wasm(folder, "check").returncode == 0
    assert ci_wasm(folder, "check", "wide.wasm").returncode == 1
    assert "already" in ci_wasm(folder, "contract", "--write").stderr
    assert path.read_text(encoding="utf-8") == written


def test_a_contract_is_written_for_the_worker_that_is_named(folder: Path) -> None:
    path = config(folder, "workers:\n- wasm: add.wasm\n- wasm: wide.wasm\n")

    unnamed = ci_wasm(folder, "contract", "--write")
    misnamed = ci_wasm(folder, "contract", "--write", "--worker", "wid")
    named = ci_wasm(folder, "contract", "--write", "--worker", "wide")

    assert (unnamed.returncode, misnamed.returncode, named.returncode) == (2, 2, 0)
    assert "--worker NAME" in unnamed.stderr
    assert "There are: add, wide" in misnamed.stderr
    assert path.read_text(encoding="utf-8") == (
        "workers:\n- wasm: add.wasm\n- wasm: wide.wasm\n  contract:\n    exports:\n"
        '      "add": "(i64, i64) -> i64"\n    imports: []\n'
    )


def test_a_contract_makes_the_file_where_there_is_none(folder: Path) -> None:
    done = ci_wasm(folder, "contract", "add.wasm", "--write")

    assert done.returncode == 0, done.stderr
    assert ci_wasm(folder, "check").returncode == 0
    assert ci_wasm(folder, "check", "wide.wasm").returncode == 1


def test_a_contract_without_a_file_is_that_of_the_worker(folder: Path) -> None:
    config(folder, WORKER)

    assert ci_wasm(folder, "contract").stdout == ci_wasm(folder, "contract", "add.wasm").stdout


def test_a_contract_behind_an_alias_is_left_to_its_author(folder: Path) -> None:
    text = "workers:\n- wasm: add.wasm\n  contract: &c {exact: false}\n- wasm: wide.wasm\n  contract: *c\n"
    path = config(folder, text)

    done = ci_wasm(folder, "contract", "--write", "--worker", "wide")

    assert (done.returncode, path.read_text(encoding="utf-8")) == (2, text)
    assert "Put it there by hand" in done.stderr


def test_check_imports_what_it_uses(folder: Path) -> None:
    config(folder, WORKER + "    budgets: [{metric: raw, max: 1 MB}]\n")
    script = (
        "import sys; from ci_wasm.__main__ import main; code = main(['check']); "
        "print(*sys.modules, file=sys.stderr); sys.exit(code)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True
    )

    imported = set(done.stderr.split())
    unused = {
        "brotli",
        "tomllib",
        "httpx",
        "github",
        "difflib",
        "ci_wasm.config.shape",
        "ci_wasm.config.edit",
        "ci_wasm.adapters.cargo_toolchain",
        "ci_wasm.render.comment",
        "ci_wasm.render.trend",
        "ci_wasm.core.check_run",
    }
    assert {"ci_wasm.pipeline", "wasmtime", "yaml"} <= imported
    assert imported & unused == set()
