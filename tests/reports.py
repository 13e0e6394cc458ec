"""Reports: a report for each way in which a run can end, for the tests of renderers. -> Report."""

from __future__ import annotations

from msgspec.structs import replace

from ci_wasm.config.settings import WorkerSettings
from ci_wasm.core.behavior import Behavior, Call, Payload, Scenario
from ci_wasm.core.budget import Budget
from ci_wasm.core.build import Build, PrebuiltSource
from ci_wasm.core.call_result import Answer, CallResult, Output
from ci_wasm.core.contract import Contract, ExportRule, ImportRule
from ci_wasm.core.dependencies import Dependencies, LockedPackage
from ci_wasm.core.group import Group, judge_group
from ci_wasm.core.history import Point
from ci_wasm.core.measurement import Base, Measurement, Upload
from ci_wasm.core.metric import Margin
from ci_wasm.core.module import ExternType, FuncType, Module
from ci_wasm.core.pattern import parse_pattern
from ci_wasm.core.preview import Deployment, Preview, SmokeAnswer, SmokeRequest
from ci_wasm.core.ratchet import Ceiling, Ratchet
from ci_wasm.core.rehearsal import rehearse
from ci_wasm.core.report import Report, Subject, WorkerReport, make_report
from ci_wasm.core.startup import Startup, StartupLimits, StartupTimes, startup_findings
from ci_wasm.core.trial import Run, Trial, make_trial
from ci_wasm.core.waiver import Allowance, Waiver
from ci_wasm.head import Head
from ci_wasm.judge import comparable, judge
from ci_wasm.outcome import Done, Failed, Outcome, Skipped
from ci_wasm.waive import waive_report
from tests.modules import ADD, MEMORY, READER, make_measured, make_module

COMMIT = "4f5e6d7c8b9a0f1e2d3c4b5a69788796a5b4c3d2"
SUBJECT = Subject(
    COMMIT,
    "octo-org/crates",
    12,
    "https://github.com/octo-org/crates/pull/12",
    "https://github.com/octo-org/crates/actions/runs/77",
)
SETTINGS = WorkerSettings(
    "add",
    PrebuiltSource("add.wasm"),
    budgets=(
        Budget("raw", maximum=1024, warn=900),
        Budget("gzip", max_growth=Margin(percent=5)),
        Budget("exports", maximum=3),
    ),
    contract=Contract(
        exports=(ExportRule("add", parse_pattern("(i32, i32) -> i32")),),
        imports=(ImportRule("env.*"),),
        forbid_features=("threads",),
    ),
)
BASE = make_measured(
    610,
    make_module(
        exports={"memory": MEMORY, "add": ADD},
        sections={"type": 40, "code": 400, "custom.name": 162},
        functions={"add": 30, "core::fmt::write": 300, "core::panicking::panic": 60},
        fingerprints={"core::panicking::panic": "0f1e2d3c4b5a6978"},
        crates={"core": 360, "add": 30},
    ),
    gzip=330,
)
GROWN = make_measured(
    1300,
    make_module(
        exports={"memory": MEMORY, "add": FuncType(("i64", "i64"), ("i64",)), "sub": ADD},
        imports={"wasi_snapshot_preview1.fd_write": FuncType(("i32", "i32", "i32", "i32"), ("i32",))},
        features=("bulk-memory", "threads"),
        sections={"type": 60, "code": 900, "custom.name": 332},
        functions={
            "add": 90,
            "core::fmt::write": 300,
            "core::fmt::num::imp::<impl Display for i64>::fmt": 410,
            "core::panicking::panic_nounwind": 61,
        },
        fingerprints={"core::panicking::panic_nounwind": "0f1e2d3c4b5a6978"},
        crates={"core": 771, "add": 90},
    ),
    gzip=700,
)


def passing() -> Report:
    """Everything holds, and the preview answers."""
    worker = _judged(replace(BASE, sizes=replace(BASE.sizes, raw=650, gzip=340)), _base(BASE))
    return _report(replace(worker, preview=Done(_preview(public=True))))


def broken() -> Report:
    """Budget, contract, import and feature are broken; the preview lived on the runner."""
    worker = _judged(GROWN, _base(BASE, recorded=True))
    note = "GitHub gives no secrets to pull requests from forks, so the preview ran on the runner instead of on Cloudflare."
    return _report(replace(worker, preview=Done(_preview(public=False))), note=note)


def waived() -> Report:
    """The same, and a person with write access let both the growth and the contract pass for this commit."""
    (worker,) = broken().workers
    waivers = {
        allowance: Waiver(allowance, f"ci-wasm:allow-{allowance.value}", "mona", at, COMMIT)
        for allowance, at in (
            (Allowance.GROWTH, "2026-11-24T10:00:00Z"),
            (Allowance.BREAKING, "2026-11-24T10:05:30Z"),
        )
    }
    return _report(waive_report(worker, waivers))


def outdated() -> Report:
    """The label was set for an earlier commit."""
    note = (
        "The label `ci-wasm:allow-growth` waives nothing here: it was set at 2026-11-24 10:00 UTC, and `4f5e6d7` came at "
        "2026-11-24 10:20 UTC. Take it off and set it again to waive this commit."
    )
    return replace(broken(), notes=(note,))


def trend() -> Report:
    """The twelfth commit of a branch on which a size went up and down, with a budget within sight."""
    sizes = (610, 612, 640, 640, 702, 690, 955, 961, 900, 905, 1010, 650)
    points = tuple(
        Point(
            f"{0x1A2B3C4D5E6F * (index + 1) % 16**12:012x}",
            1763942400 + 86_400 * index,
            raw,
            raw // 2,
            raw * 2 // 5,
            390,
        )
        for index, raw in enumerate(sizes)
    )
    report = passing()
    (worker,) = report.workers
    points = (*points[:-1], replace(points[-1], commit=COMMIT[:12]))
    return replace(report, workers=(replace(worker, history=points),))


def started() -> Report:
    """A start that became slower here, and one that Cloudflare itself found too slow."""
    report = passing()
    (worker,) = report.workers
    limits = StartupLimits(platform_max=10)
    startup = Startup(
        StartupTimes((29.4, 31.0, 28.9)), StartupTimes((20.1, 20.4, 22.0)), StartupTimes((25.0, 24.1, 33.3))
    )
    found = startup_findings(Done(startup), 12, limits)
    return _report(
        replace(worker, startup=Done(startup), preview=Done(_preview(public=True)), findings=tuple(found))
    )


def upgraded() -> Report:
    """A new package and what it needs, updates and what only tests need: Cargo.lock explains the growth."""
    base = make_measured(
        50_000,
        make_module(functions={"add": 40_000}, crates={"add": 40_000 - 9300, "serde": 5000, "syn": 4300}),
        dependencies=_locked("serde 1.0.1", "syn 1.0.109", "syn 2.0.1", "fastrand 2.5.0*", "old 0.3.0"),
        upload=Upload(59_521, 21_000),
    )
    crates: dict[str | None, int] = {
        "add": 30_700,
        "serde": 5100,
        "syn": 4100,
        "regex": 2007,
        "regex_automata": 112_640,
    }
    head = make_measured(
        191_000,
        make_module(functions={"add": 40_000, "regex": 114_547}, crates=crates),
        dependencies=_locked(
            "serde 1.0.2",
            "syn 2.0.5",
            "fastrand 1.9.0*",
            "regex 1.11.1",
            "regex-automata 0.4.9",
            "memchr 2.7.4*",
        ),
        upload=Upload(200_521, 74_000),
    )
    settings = replace(SETTINGS, budgets=(Budget("upload", maximum=150_000),), contract=Contract())
    return _report(_judged(head, _base(base), settings))


def grouped() -> Report:
    """Two Workers and their sum: what is inherited, what is noise, and a ceiling that may come down."""
    budgets = (
        Budget("raw", maximum=600, max_growth=Margin(amount=100)),
        Budget("gzip", maximum=335, noise=Margin(percent=1.5)),
        Budget("brotli", max_growth=Margin(percent=1), warn_growth=Margin(amount=1), noise=Margin(percent=5)),
        Budget("data", min_shrink=Margin(percent=5)),
    )
    settings = [replace(SETTINGS, budgets=budgets), replace(SETTINGS, name="edge", budgets=())]
    head = replace(BASE, sizes=replace(BASE.sizes, raw=640, gzip=338, brotli=249))
    workers = [_judged(head, _base(BASE), each) for each in settings]
    names = tuple(worker.name for worker in settings)
    group = Group(
        "all",
        names,
        (Budget("raw", maximum=4096, max_growth=Margin(percent=1)), Budget("exports", maximum=10)),
    )
    lost = Group("lost", (*names, "gone"), (Budget("raw", maximum=4096),))
    bases, heads = dict.fromkeys(names, BASE), dict.fromkeys(names, head)
    groups = [judge_group(each, bases, heads) for each in (group, lost)]
    return make_report(SUBJECT, workers, groups=groups, version="0.1.0")


def ratcheted() -> Report:
    """All holds with room to spare, and the file may say so."""
    ceilings = (
        Ceiling("`add`", "raw", "900 KiB", "815 KiB"),
        Ceiling(
            "the group `all`", "gzip", "2 MB", "1.5 MB", "it has an anchor or a tag, or more than one line"
        ),
    )
    diff = (
        "--- a/crates/ci-wasm.yml\n+++ b/crates/ci-wasm.yml\n@@ -1,3 +1,3 @@\n workers:\n   - budgets:\n"
        "-      - {metric: raw, max: 900 KiB, ratchet: true}   # measured in May\n"
        "+      - {metric: raw, max: 815 KiB, ratchet: true}   # measured in May\n"
    )
    return replace(passing(), ratchet=Ratchet("crates/ci-wasm.yml", ceilings, diff))


def called() -> Report:
    """Calls that became dearer, one that is new, one that is wrong, and one that the module has no export for."""
    behavior = Behavior(
        (
            Scenario((Call("add", "add", ("2", "3"), ("5",), max_fuel=100),)),
            Scenario((Call("sub", "sub", ("2", "3"), ("-1",)),)),
            Scenario((Call("resize", "resize", input=Payload("the file photo.png", b"photo")),)),
            Scenario((Call("add#2", "add", ("1", "1"), ("3",)),)),
            Scenario((Call("gone", "gone"),)),
        ),
        max_startup_fuel=10_000,
    )
    bytes_function = FuncType(("i32", "i32"), ("i64",))
    helpers: dict[str, ExternType] = {
        "alloc": FuncType(("i32",), ("i32",)),
        "dealloc": FuncType(("i32", "i32"), ()),
    }
    module = make_module(
        exports={"memory": MEMORY, "add": ADD, "sub": ADD, "resize": bytes_function, **helpers}
    )
    before = _tried(behavior, module, (8003, 4, None, 812_400), 1 << 20)
    after = _tried(behavior, module, (9005, 4, 5, 1_012_733), 17 << 16)
    settings = replace(
        SETTINGS, budgets=(Budget("fuel.resize", max_growth=Margin(percent=10)),), behavior=behavior
    )
    base = replace(make_measured(700, module), execution=before.execution)
    head = replace(make_measured(700, module), execution=after.execution)
    return _report(_judged(head, _base(base, recorded=True), settings, after))


def _tried(behavior: Behavior, module: Module, fuel: tuple[int | None, ...], memory: int) -> Trial:
    """A run with fuel for the start and the first three calls, None for one that was not made then."""
    start, add, sub, resize = fuel
    answers = (
        Answer(("5",), fuel=add or 0, memory=memory),
        Answer(("-1",), fuel=sub or 0, memory=memory)
        if sub
        else Answer(is_made=False, failure="it was not made"),
        Answer(output=b"\x89PNG\r\n", fuel=resize or 0, memory=4 * memory),
        Answer(("2",), fuel=4, memory=memory),
    )
    return make_trial(
        behavior,
        rehearse(behavior, module),
        Run("wasmtime 50.0.1", Answer(fuel=start or 0, memory=memory), answers),
    )


def no_base() -> Report:
    """The first pull request of a repository."""
    return _report(_judged(BASE, Skipped("`crates/add` does not exist in the base commit")))


def does_not_build() -> Report:
    """The compiler's error is all there is to tell."""
    detail = "error[E0425]: cannot find value `x` in this scope\n --> src/lib.rs:4:5\n  |\n4 |     x\n  |     ^ not found"
    failed = Failed(
        "build",
        4,
        "add does not compile",
        "Correct the error.",
        "docs/errors.md#build",
        detail,
        "src/lib.rs",
        4,
    )
    return _report(WorkerReport("add", failed, _base(BASE), preview=Skipped("there is no module to deploy")))


def refused() -> Report:
    """Cloudflare refuses the upload."""
    failed = Failed(
        "deploy",
        6,
        "Cloudflare refused the upload (10000)",
        "Give the token Workers Scripts: Edit.",
        "docs/errors.md#deploy",
    )
    return _report(replace(_judged(BASE, _base(BASE)), preview=failed))


def ended_early() -> Report:
    """The configuration is wrong, so there are no Workers."""
    failed = Failed(
        "config", 2, "ci-wasm.yml has 2 problems", "Correct them.", "docs/errors.md#config", "line 1\nline 2"
    )
    return make_report(SUBJECT, [], failures=[failed], version="0.1.0")


def hostile(name: str, rows: int = 1) -> Report:
    """Every name that a pull request controls is `name`; `rows` of them in each list."""
    names = {f"{name}{index}": 10 + index for index in range(rows)}
    module = make_module(
        exports=dict.fromkeys(names, ADD),
        imports={f"m.{export}": ADD for export in names},
        sections={f"custom.{section}": size for section, size in names.items()},
        functions=names,
        crates={crate: size for crate, size in names.items()},  # noqa: C416 (the keys' type is wider here),
    )
    settings = replace(SETTINGS, name=name or "x", contract=replace(SETTINGS.contract, exact=True))
    locked = Dependencies(tuple(LockedPackage(each, name, name, (), each) for each in names))
    head = make_measured(5000, module, dependencies=locked)
    worker = _judged(head, _base(replace(BASE, dependencies=Dependencies(()))), settings)
    called = CallResult(name, f"{name}({name})", failure=name, as_expected=False)
    given = replace(called, failure="", output=Output(7, "", name))
    worker = replace(worker, behavior=(called, given, replace(called, failure="", results=(name,))) * rows)
    url = f"https://pr-1-{name}.acme.workers.dev"
    answer = SmokeAnswer(SmokeRequest(f"/{name}", contains=name), 500, name, name, 1.5)
    preview = Preview(Deployment(url, url, name), (answer,), public=True)
    failure = Failed("build", 4, f"{name} does not compile", name, "docs/errors.md#build", name)
    return make_report(
        replace(SUBJECT, repository=name, pull_request_url=name, run_url=name),
        [replace(worker, preview=Done(preview))],
        notes=[name],
        failures=[failure],
        version="0.1.0",
    )


def comparison(head: Measurement, base: Measurement) -> Report:
    """A pull request that turns `base` into `head`, whatever they are."""
    return _report(_judged(head, _base(base)))


def _locked(*packages: str) -> Dependencies:
    """Packages as `name version`; those with a star are not in the module. `regex` needs what else is new here."""
    entries = (package.split() for package in packages)
    return Dependencies(
        tuple(
            LockedPackage(
                name,
                version.rstrip("*"),
                "registry+https://example.org/index",
                ("regex-automata 0.4.9", "memchr 2.7.4") if name == "regex" else (),
                "" if version.endswith("*") else name.replace("-", "_"),
            )
            for name, version in entries
        )
    )


def _judged(
    head: Measurement,
    base: Outcome[Base],
    settings: WorkerSettings = SETTINGS,
    trial: Trial = Trial(),  # noqa: B008 (frozen)
) -> WorkerReport:
    build = Build(b"", b"", None, "add.wasm", "rustc 1.95.0", 1.0)
    before = base.value.measurement.module if isinstance(base, Done) else None
    matching = READER.match(before, head.module) if before else None
    made = Head(build, head, trial)
    return judge(settings, Done(made), comparable(base, Done(made)), matching)


def _base(measurement: Measurement, *, recorded: bool = False) -> Done[Base]:
    return Done(Base("1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d", measurement, recorded))


def _preview(*, public: bool) -> Preview:
    host = "acme.workers.dev" if public else "edge.localhost:40123"
    scheme = "https" if public else "http"
    deployment = Deployment(f"{scheme}://pr-12-add.{host}", f"{scheme}://4f5e6d7c-add.{host}", "id", 12)
    answer = SmokeAnswer(SmokeRequest("/add?a=2&b=3", contains="5"), 200, '{"result":5}', COMMIT, 12.4)
    return Preview(deployment, (answer,), public)


def _report(worker: WorkerReport, note: str = "") -> Report:
    return make_report(SUBJECT, [worker], notes=[note] if note else [], version="0.1.0")
