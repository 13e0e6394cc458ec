"""Resolve: ci-wasm.yml, inputs and wrangler config to Settings; all problems at once, with their lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ci_wasm.config.inputs import read_inputs
from ci_wasm.config.resolve import load_settings
from ci_wasm.config.settings import Setting, Settings
from ci_wasm.core.behavior import Behavior, Call, OutputRule, Payload, Scenario, Stub
from ci_wasm.core.budget import Budget
from ci_wasm.core.build import CommandSource, CrateSource, PrebuiltSource, Source
from ci_wasm.core.metric import Margin
from ci_wasm.core.plan import Strategy
from ci_wasm.core.startup import StartupLimits
from ci_wasm.core.waiver import Allowance
from ci_wasm.errors import ConfigError

MANIFEST = '[package]\nname = "image_resize"\nversion = "1.0.0"\n'


def settings(
    root: Path, config: str | None = None, environ: Mapping[str, str] | None = None, **files: str
) -> Settings:
    if config is not None:
        (root / "ci-wasm.yml").write_text(config, encoding="utf-8")
    for name, text in files.items():
        (root / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return load_settings(root, read_inputs(environ or {}))


def alone(*fields: Any, **more: Any) -> Scenario:
    return Scenario((Call(*fields, **more),))


def problems(root: Path, config: str) -> str:
    with pytest.raises(ConfigError) as caught:
        settings(root, config)
    return f"{caught.value.message}\n{caught.value.detail}"


def test_a_bare_crate_needs_no_configuration(tmp_path: Path) -> None:
    resolved = settings(tmp_path, Cargo__toml=MANIFEST)

    (worker,) = resolved.workers
    assert (worker.name, worker.source) == ("image-resize", CrateSource("."))
    assert (resolved.strategy, resolved.records_baseline) == (Strategy.AUTO, True)


def test_a_full_entry(tmp_path: Path) -> None:
    config = """
workers:
  - name: resize
    crate: crates/resize
    features: [webp]
    profile: small
    budgets:
      - {metric: raw, max: 900 KiB, warn: 800 KiB}
      - {metric: gzip, max-growth: 2%}
    contract:
      exports: {add: "(i32, i32) -> i32", memory: "memory min<=17"}
      imports: ["env.log: (i32, i32) -> ()", "__wbindgen_placeholder__.*"]
      forbid-features: [threads]
      breaking: warn
    behavior:
      - {call: add, args: [2, 3], expect: [5], max-fuel: 100, max-memory: 2 MiB}
      - {call: half, args: [1.5, .nan, "inf"], trap: true}
      - {call: half, args: [-0.0], expect: [18446744073709551615], ulp: 2, trap: false}
      - {call: handle, input: "hé", output: {contains: h}}
      - {call: handle, name: digest, input: {hex: "00 ff"}, output: {sha256: "@"}}
      - {call: handle, input: {file: in.bin}, output: {base64: aGk=}}
      - sequence:
          - {call: add, name: first}
          - {call: add, trap: integer overflow}
    stubs: {env.now: 42, "env.*": null}
    startup: {max-fuel: 1000, runs: 3, rebuild-base: true, warn-growth: 10%, platform-max: 200, platform-margin: 12.5%}
    smoke:
      - {path: "/add?a=2&b=3", contains: "5"}
preview: {strategy: local}
baseline: {store: rebuild}
"""
    resolved = settings(tmp_path, config.replace("@", "AB" * 32), in__bin="photo")

    (worker,) = resolved.workers
    assert worker.source == CrateSource("crates/resize", ("webp",), "small")
    assert worker.budgets == (
        Budget("raw", maximum=900 * 1024, warn=800 * 1024),
        Budget("gzip", max_growth=Margin(percent=2.0), noise=Margin(percent=1.5)),
    )
    assert [rule.name for rule in worker.contract.exports] == ["add", "memory"]
    assert worker.contract.imports is not None
    assert [rule.glob for rule in worker.contract.imports] == ["env.log", "__wbindgen_placeholder__.*"]
    assert worker.behavior == Behavior(
        (
            alone("add", "add", ("2", "3"), ("5",), max_fuel=100, max_memory=2 << 20),
            alone("half", "half", ("1.5", "nan", "inf"), trap="any"),
            alone("half#2", "half", ("-0.0",), (str(2**64 - 1),), ulp=2),
            alone(
                "handle",
                "handle",
                input=Payload('"hé"', "hé".encode()),
                output=OutputRule(contains=Payload('"h"', b"h")),
            ),
            alone(
                "digest",
                "handle",
                input=Payload("hex 00ff", b"\x00\xff"),
                output=OutputRule(sha256="ab" * 32),
            ),
            alone(
                "handle#2",
                "handle",
                input=Payload("the file in.bin", b"photo"),
                output=OutputRule(equals=Payload("hex 6869", b"hi")),
            ),
            Scenario(
                (
                    Call("first", "add"),
                    Call("add#2", "add", trap="integer overflow"),
                )
            ),
        ),
        (Stub("env.now", "42"), Stub("env.*", None)),
        max_startup_fuel=1000,
    )
    assert worker.startup == StartupLimits(
        3, rebuilds_base=True, warn_growth=10.0, platform_max=200, platform_margin=12.5
    )
    assert (resolved.strategy, resolved.records_baseline) == (Strategy.LOCAL, False)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("", {Allowance.GROWTH: "ci-wasm:allow-growth", Allowance.BREAKING: "ci-wasm:allow-breaking"}),
        (
            "exceptions: {growth-label: size ok}",
            {Allowance.GROWTH: "size ok", Allowance.BREAKING: "ci-wasm:allow-breaking"},
        ),
        ("exceptions: {growth-label: false}", {Allowance.BREAKING: "ci-wasm:allow-breaking"}),
        ("exceptions: {growth-label: null, breaking-label: ~}", {}),
    ],
)
def test_labels_of_exceptions(tmp_path: Path, config: str, expected: dict[Allowance, str]) -> None:
    resolved = settings(tmp_path, config, Cargo__toml=MANIFEST)

    assert resolved.exceptions == expected
    told = {row.name: row.value for row in resolved.origins if row.name.startswith("exceptions")}
    assert told == {
        f"exceptions.{allowance.value}-label": expected.get(allowance, "none") for allowance in Allowance
    }


def test_an_input_beats_the_file_and_the_origin_is_told(tmp_path: Path) -> None:
    resolved = settings(
        tmp_path, "workers: [{wasm: a.wasm}]\npreview: {strategy: local}\n", {"INPUT_PREVIEW": "none"}
    )

    assert resolved.strategy is Strategy.NONE
    assert Setting("preview.strategy", "none", "input preview") in resolved.origins
    assert Setting("workers[0].name", "a", "file name") in resolved.origins


def test_the_wrangler_config_names_the_worker_and_its_date(tmp_path: Path) -> None:
    resolved = settings(
        tmp_path,
        Cargo__toml=MANIFEST,
        wrangler__toml='name = "edge"\ncompatibility_date = "2026-01-01"\n[vars]\nMODE = "x"\n',
    )

    (worker,) = resolved.workers
    assert (worker.name, worker.compatibility_date, dict(worker.vars)) == (
        "edge",
        "2026-01-01",
        {"MODE": "x"},
    )


@pytest.mark.parametrize(
    ("wrangler", "word"),
    [
        ('[[d1_databases]]\nbinding = "DB"\n', "d1_databases"),
        ('[[kv_namespaces]]\nbinding = "KV"\nid = "x"\n', "kv_namespaces"),
    ],
)
def test_what_cannot_be_previewed_says_why(tmp_path: Path, wrangler: str, word: str) -> None:
    resolved = settings(tmp_path, Cargo__toml=MANIFEST, wrangler__toml=wrangler)

    assert word in resolved.workers[0].unpreviewable


@pytest.mark.parametrize(
    ("config", "wrangler", "source"),
    [
        ("workers: [{crate: crate}]", "", CrateSource("crate")),
        (
            "workers: [{crate: crate}]",
            'main = "./src/index.js"',
            CrateSource("crate", main="crate/src/index.js"),
        ),
        ("workers: [{wasm: crate/a.wasm}]", 'main = "a.js"', PrebuiltSource("crate/a.wasm", "crate/a.js")),
        (
            "workers: [{build: {command: make worker, main: out/a.js}}]",
            "",
            CommandSource("make worker", main="out/a.js"),
        ),
        (
            "workers: [{build: {command: [make, worker], wasm: out/a.wasm}}]",
            "",
            CommandSource(("make", "worker"), "out/a.wasm"),
        ),
    ],
)
def test_what_a_worker_is_built_from(tmp_path: Path, config: str, wrangler: str, source: Source) -> None:
    (tmp_path / "crate").mkdir()
    (tmp_path / "crate/wrangler.toml").write_text(wrangler, encoding="utf-8")

    assert settings(tmp_path, config).workers[0].source == source


def test_the_wrangler_config_beside_ci_wasm_yml_gives_a_build_its_main(tmp_path: Path) -> None:
    resolved = settings(
        tmp_path,
        "workers: [{build: {command: make}}]",
        wrangler__toml='name = "edge"\nmain = "build/index.js"\n',
    )

    assert (resolved.workers[0].name, resolved.workers[0].source) == (
        "edge",
        CommandSource("make", main="build/index.js"),
    )


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("worker: []", "ci-wasm.yml:1:1: worker: unknown key `worker`; did you mean `workers`?"),
        ("workers: [{crate: ., budgts: []}]", "unknown key `budgts`; did you mean `budgets`?"),
        ("workers: [{crate: ., zzz: 1}]", "unknown key `zzz`; known here: name, crate"),
        ("workers: [{crate: ., budgets: [{max: 1 KB}]}]", "workers[0].budgets[0]: `metric` is missing"),
        ("workers: [{crate: ., budgets: [{metric: raw}]}]", "a budget needs a limit"),
        (
            "workers: [{crate: ., startup: {warn-growth: 5 ms}}]",
            "workers[0].startup.warn-growth: `5 ms` is no percentage; write it as in `25%`",
        ),
        ("workers: [{crate: ., startup: {runs: 100}}]", "a number from 0 to 99 is needed, `100` was found"),
        (
            "workers: [{crate: ., budgets: [{metric: raws, max: 1}]}]",
            "unknown metric `raws`; did you mean `raw`?",
        ),
        ("workers: [{crate: ., budgets: [{metric: raw, max: -3 KB}]}]", "`-3 KB` is no size"),
        ("workers: [{crate: ., budgets: [{metric: raw, max: -3}]}]", "-3 is negative"),
        (
            "workers: [{crate: ., budgets: [{metric: raw, max: [1]}]}]",
            "a number or a text is needed, a list was found",
        ),
        (
            "workers: [{crate: ., budgets: [{metric: raw, max: 5, warn: 9}]}]",
            "`warn` (9) must be below `max` (5)",
        ),
        ("workers: [{crate: ., contract: {exports: {f: '(i33)'}}}]", "`i33` is no value type"),
        ("workers: [{crate: ., contract: {exact: 1}}]", "true or false is needed, `1` was found"),
        (
            "workers: [{crate: ., contract: {breaking: no}}]",
            "one of allow, fail, warn is needed, `false` was found",
        ),
        ("workers: [{crate: ., smoke: [{path: add}]}]", "`add` must start with `/`"),
        (
            "workers: [{crate: ., smoke: [{path: /, status: 99}]}]",
            "a number from 100 to 599 is needed, `99` was found",
        ),
        ("workers: [{crate: ., smoke: [{path: /, method: FETCH}]}]", "`FETCH` is none of GET"),
        ("workers: [{crate: ., wasm: a.wasm}]", "`crate` and `wasm` are given"),
        ("workers: [{name: x}]", "neither `crate` nor `wasm` nor `build` is given"),
        ("workers: [{crate: ., build: {command: make, wasm: a.wasm}}]", "`crate` and `build` are given"),
        ("workers: [{build: {wasm: a.wasm}}]", "workers[0].build: `command` is missing"),
        ("workers: [{build: {command: make}}]", "workers[0].build: `wasm`, `main` or both are needed"),
        ("workers: [{build: {command: '', wasm: a.wasm}}]", "build.command: a command is needed"),
        ("workers: [{build: {command: [], wasm: a.wasm}}]", "build.command: a command is needed"),
        (
            "workers: [{build: {command: [1], wasm: a.wasm}}]",
            "build.command[0]: a text is needed, `1` was found",
        ),
        ("workers: [{build: {command: {a: b}, wasm: a}}]", "a text or a list is needed, a mapping was found"),
        ("workers: [{build: {command: make, main: ../a.js}}]", "build.main: `../a.js` leaves the repository"),
        ("workers: [{build: {command: make, wasm: /etc/x}}]", "build.wasm: `/etc/x` leaves the repository"),
        ("workers: [{crate: ., smoke: [{path: /, headers: {'a b': x}}]}]", "`a b` cannot be a header's name"),
        ("workers: [{crate: ., smoke: [{path: /, headers: {Host: x}}]}]", "`Host` is set by ci-wasm itself"),
        (
            "workers: [{crate: ., smoke: [{path: /, headers: {a: 'ä'}}]}]",
            "a header's value is one line of ASCII",
        ),
        ("workers: [{crate: ../elsewhere}]", "`../elsewhere` leaves the repository"),
        (
            "workers: [{crate: a, name: x}, {crate: b, name: x}]",
            "ci-wasm.yml:1:43: workers[1].name: the Worker workers[0] is called `x`, too; names must differ",
        ),
        ("workers: {crate: .}", "a list is needed, a mapping was found"),
        (
            "preview: {strategy: wherever}",
            "one of auto, local, none, previews is needed, `wherever` was found",
        ),
        ("exceptions: {growth-label: true}", "exceptions.growth-label: a label's name is needed, or `false`"),
        ("exceptions: {growth-label: 5}", "a text or true or false or nothing is needed, `5` was found"),
        ("exceptions: {breaking-label: ''}", "`` cannot be a label: 1 to 50 characters are needed"),
        ("exceptions: {breaking-label: ' x'}", "` x` cannot be a label"),
        (
            "exceptions: {growth-label: OK, breaking-label: ok}",
            "`ok` is the growth label already; a contract needs a label of its own",
        ),
        ("exceptions: {grow-label: x}", "unknown key `grow-label`; did you mean `growth-label`?"),
        ("- 1", "a mapping is needed, a list was found"),
        ("workers: [", "ci-wasm.yml:1:11 is not valid YAML"),
    ],
)
def test_bad_input_gets_one_clear_line(tmp_path: Path, config: str, expected: str) -> None:
    (tmp_path / "Cargo.toml").write_text(MANIFEST, encoding="utf-8")

    assert expected in problems(tmp_path, config)


def test_all_problems_come_at_once_with_their_lines(tmp_path: Path) -> None:
    config = "workers:\n  - crate: .\n    budgets:\n      - {metric: raw, max: ten}\n      - {metric: raws, max: 1}\n"

    text = problems(tmp_path, config)

    assert "ci-wasm.yml has 2 problems" in text
    assert "ci-wasm.yml:4:23: workers[0].budgets[0].max: `ten` is no size" in text
    assert "ci-wasm.yml:5:10: workers[0].budgets[1].metric: unknown metric" in text


@pytest.mark.parametrize("name", ["ci-wasm.yml", "wrangler.toml"])
def test_a_configuration_that_links_out_of_the_repository_is_not_read(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary: 1", encoding="utf-8")
    root = tmp_path / "root"
    root.mkdir()
    (root / name).symlink_to(secret)

    with pytest.raises(ConfigError, match="leaves the repository") as caught:
        settings(root, Cargo__toml=MANIFEST)

    assert "canary" not in f"{caught.value.message}{caught.value.detail}"


def test_nothing_to_build_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path)

    assert "nothing to build" in caught.value.message
    assert "working-directory" in caught.value.cure


def test_a_named_configuration_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"other\.yml"):
        settings(tmp_path, environ={"INPUT_CONFIG": "other.yml"})
