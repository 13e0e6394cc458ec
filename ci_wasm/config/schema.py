"""Schema: the keys of ci-wasm.yml, their types and defaults. -> ConfigFile and its JSON Schema."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from ci_wasm.core.startup import DEFAULT_STARTUP

# Bytes, or a text such as `900 KiB`; a margin may be a percentage, too. config/quantities.py reads them.
Size = int | str
Margin = int | str
Number = int | float | str
Percent = str


class _Section(Struct, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    pass


class BudgetEntry(_Section):
    """Limits on one metric."""

    metric: Annotated[str, Meta(description="What is limited; the metrics are listed below.")]
    max: Annotated[Size, Meta(description="More than this fails the run.")] | UnsetType = UNSET
    warn: Annotated[Size, Meta(description="More than this is a warning.")] | UnsetType = UNSET
    max_growth: (
        Annotated[
            Margin,
            Meta(description="More than this on top of the base fails the run: a size, or a percentage."),
        ]
        | UnsetType
    ) = UNSET
    warn_growth: (
        Annotated[Margin, Meta(description="More than this on top of the base is a warning.")] | UnsetType
    ) = UNSET
    min_shrink: (
        Annotated[
            Margin,
            Meta(description="Less than this off the base fails the run: a size, or a percentage of it."),
        ]
        | UnsetType
    ) = UNSET
    noise: (
        Annotated[
            Margin, Meta(description="What a change must exceed to count. Default: the metric's own, below.")
        ]
        | UnsetType
    ) = UNSET
    inherited: Annotated[
        Literal["fail", "warn"], Meta(description="What it means when the base is over `max` already.")
    ] = "warn"
    ratchet: Annotated[
        bool, Meta(description="Propose a lower `max` where less is needed by now; see below.")
    ] = False


class GroupEntry(_Section):
    """Limits on the sum over several Workers."""

    name: Annotated[str, Meta(description="What reports call it.")]
    workers: Annotated[
        list[str], Meta(description="Names of Workers, or globs over them. Default: all of them.")
    ] = field(default_factory=lambda: ["*"])
    budgets: Annotated[list[BudgetEntry], Meta(description="Limits on the sum of each metric.")] = field(
        default_factory=list
    )


class ContractEntry(_Section):
    """What the module must offer and may ask for."""

    exports: Annotated[dict[str, str], Meta(description="Name to signature; these must be exported.")] = (
        field(default_factory=dict)
    )
    imports: (
        Annotated[
            list[str], Meta(description="`module.name` globs, with a signature or without; others fail.")
        ]
        | UnsetType
    ) = UNSET
    exact: Annotated[bool, Meta(description="An export that is not listed fails.")] = False
    forbid_features: Annotated[
        list[str], Meta(description="WebAssembly features that the module must not need.")
    ] = field(default_factory=list)
    breaking: Annotated[
        Literal["fail", "warn", "allow"], Meta(description="What a breaking change against the base means.")
    ] = "fail"


class InputEntry(_Section):
    """Bytes that go in, in one of four spellings; a text alone is short for `{text: …}`."""

    text: Annotated[str, Meta(description="The bytes of this text in UTF-8.")] | UnsetType = UNSET
    hex: Annotated[str, Meta(description="Hexadecimal digits; spaces are free.")] | UnsetType = UNSET
    base64: Annotated[str, Meta(description="Base64, padded.")] | UnsetType = UNSET
    file: (
        Annotated[str, Meta(description="A file of the repository, relative to the configuration's folder.")]
        | UnsetType
    ) = UNSET


class OutputEntry(InputEntry):
    """Bytes that must come out: all of them, a part, or their hash; a text alone is short for `{text: …}`."""

    contains: Annotated[str, Meta(description="A text that must be in it.")] | UnsetType = UNSET
    sha256: Annotated[str, Meta(description="The SHA-256 of all bytes, in 64 digits.")] | UnsetType = UNSET


class CallEntry(_Section):
    """One call of an export, in the instance of its sequence."""

    call: Annotated[str, Meta(description="The export's name.")] | UnsetType = UNSET
    name: (
        Annotated[str, Meta(description="How reports and budgets name the call. Default: the export's name.")]
        | UnsetType
    ) = UNSET
    args: (
        Annotated[list[Number], Meta(description="Its arguments; `nan` and `inf` as texts.")] | UnsetType
    ) = UNSET
    expect: Annotated[list[Number], Meta(description="Its results, exactly.")] | UnsetType = UNSET
    ulp: (
        Annotated[int, Meta(ge=0, description="How many steps a float result may lie from `expect`.")]
        | UnsetType
    ) = UNSET
    input: (
        Annotated[
            str | InputEntry, Meta(description="Bytes that go in, by the bytes ABI, instead of `args`.")
        ]
        | UnsetType
    ) = UNSET
    output: (
        Annotated[str | OutputEntry, Meta(description="Bytes that must come out, instead of `expect`.")]
        | UnsetType
    ) = UNSET
    trap: Annotated[
        bool | str, Meta(description="It must trap, instead of giving results: `true`, or the kind of trap.")
    ] = False
    max_fuel: Annotated[int, Meta(ge=0, description="How much fuel it may use.")] | UnsetType = UNSET
    max_memory: Annotated[Size, Meta(description="How large the memory may be afterwards.")] | UnsetType = (
        UNSET
    )


class BehaviorEntry(CallEntry):
    """One call of an export in an instance of its own, or a sequence of calls in one instance."""

    sequence: (
        Annotated[
            list[CallEntry], Meta(description="Calls that are made one after the other, in one instance.")
        ]
        | UnsetType
    ) = UNSET


class StartupEntry(_Section):
    """Limits on the start: of the module in wasmtime, of the Worker on workerd, and of the upload at Cloudflare."""

    max_fuel: (
        Annotated[
            int, Meta(ge=0, description="How much fuel the module's start may use: see docs/behavior.md.")
        ]
        | UnsetType
    ) = UNSET
    runs: Annotated[
        int,
        Meta(ge=0, le=99, description="How many processes of workerd start the Worker; 0 measures nothing."),
    ] = DEFAULT_STARTUP.runs
    rebuild_base: Annotated[
        bool, Meta(description="Build the base to start it, too, where its baseline is only recorded.")
    ] = DEFAULT_STARTUP.rebuilds_base
    warn_growth: Annotated[
        Percent,
        Meta(description="How much more CPU than the base's the start may take before it is a warning."),
    ] = f"{DEFAULT_STARTUP.warn_growth:g}%"
    platform_max: (
        Annotated[int, Meta(ge=0, description="Milliseconds that Cloudflare may need to start the upload.")]
        | UnsetType
    ) = UNSET
    platform_margin: Annotated[
        Percent, Meta(description="How far above `platform-max` it is a warning still.")
    ] = f"{DEFAULT_STARTUP.platform_margin:g}%"


class SmokeEntry(_Section):
    """One HTTP request to the preview."""

    path: Annotated[str, Meta(description="Path and query, from `/`.")]
    method: Annotated[str, Meta(description="HTTP method.")] = "GET"
    status: Annotated[int, Meta(ge=100, le=599, description="The status that the answer must have.")] = 200
    contains: Annotated[str, Meta(description="A text that the body must contain.")] = ""
    headers: Annotated[dict[str, str], Meta(description="Headers to send.")] = field(default_factory=dict)
    expect_headers: Annotated[
        dict[str, str],
        Meta(
            description="A text that each of these headers of the answer must contain; empty: it must be there."
        ),
    ] = field(default_factory=dict)


class BuildEntry(_Section):
    """A build command of your own, run in the sandbox, in the folder of this file."""

    command: Annotated[
        str | list[str],
        Meta(description="What to run: a program and its arguments, or one text for `sh -c`."),
    ]
    wasm: Annotated[
        str, Meta(description="The module that it makes. Default: the only one that `main` imports.")
    ] = ""
    main: Annotated[
        str,
        Meta(
            description="The Worker's main module, JavaScript. Default: the wrangler config's, else the shim."
        ),
    ] = ""


class WorkerEntry(_Section):
    """One Worker: where its module comes from, and what is asked of it."""

    name: (
        Annotated[
            str, Meta(description="The Worker's name. Default: the wrangler config's, else the crate's.")
        ]
        | UnsetType
    ) = UNSET
    crate: Annotated[str, Meta(description="Folder of the Cargo.toml.")] | UnsetType = UNSET
    wasm: (
        Annotated[str, Meta(description="A module that an earlier step built, instead of `crate`.")]
        | UnsetType
    ) = UNSET
    build: (
        Annotated[BuildEntry, Meta(description="A build command of your own, instead of `crate`.")]
        | UnsetType
    ) = UNSET
    features: Annotated[list[str], Meta(description="Cargo features to build with.")] = field(
        default_factory=list
    )
    profile: Annotated[str, Meta(description="Cargo profile to build with.")] = "release"
    strip_names: Annotated[
        bool,
        Meta(description="Leave the names of functions out of the module that is deployed and measured."),
    ] = False
    budgets: Annotated[list[BudgetEntry], Meta(description="Limits on the module.")] = field(
        default_factory=list
    )
    contract: Annotated[ContractEntry, Meta(description="The module's interface.")] = field(
        default_factory=ContractEntry
    )
    behavior: Annotated[list[BehaviorEntry], Meta(description="Calls and what they must give.")] = field(
        default_factory=list
    )
    stubs: Annotated[
        dict[str, Number | None],
        Meta(description="What imports give while calls are made: `module.name` to a number, or `null`."),
    ] = field(default_factory=dict)
    startup: Annotated[StartupEntry, Meta(description="Limits on the start.")] | UnsetType = UNSET
    smoke: Annotated[list[SmokeEntry], Meta(description="Requests that the preview must answer.")] = field(
        default_factory=list
    )
    cache_control: (
        Annotated[str, Meta(description="Cache-Control of the generated shim's good answers.")] | UnsetType
    ) = UNSET


class PreviewEntry(_Section):
    """Where previews live."""

    strategy: Annotated[
        Literal["auto", "previews", "local", "none"],
        Meta(
            description="`previews` on Cloudflare, `local` on the runner's workerd; `auto` takes what the credentials allow."
        ),
    ] = "auto"


class BaselineEntry(_Section):
    """Where the measurements of merged commits come from."""

    store: Annotated[
        Literal["branch", "rebuild"],
        Meta(
            description="`branch` keeps them on the branch `ci-wasm-data`; `rebuild` builds the base each time."
        ),
    ] = "branch"


class ExceptionsEntry(_Section):
    """Labels that let one commit of a pull request pass; who sets them needs write access. `false` turns one off."""

    growth_label: Annotated[
        str | bool | None,
        Meta(description="Turns broken budgets into warnings."),
    ] = "ci-wasm:allow-growth"
    breaking_label: Annotated[
        str | bool | None,
        Meta(description="Turns a broken contract and breaking changes into warnings."),
    ] = "ci-wasm:allow-breaking"


class ConfigFile(_Section):
    """The whole file."""

    workers: Annotated[
        list[WorkerEntry], Meta(description="The Workers. Default: the crate in the folder itself.")
    ] = field(default_factory=list)
    groups: Annotated[list[GroupEntry], Meta(description="Budgets on the sum over Workers.")] = field(
        default_factory=list
    )
    preview: Annotated[PreviewEntry, Meta(description="Where previews live.")] = field(
        default_factory=PreviewEntry
    )
    baseline: Annotated[BaselineEntry, Meta(description="Where base measurements come from.")] = field(
        default_factory=BaselineEntry
    )
    exceptions: Annotated[
        ExceptionsEntry, Meta(description="Labels that let one commit of a pull request pass all the same.")
    ] = field(default_factory=ExceptionsEntry)
