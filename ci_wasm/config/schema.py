"""Schema: the keys of ci-wasm.yml, their types and defaults. -> ConfigFile and its JSON Schema."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

Size = Annotated[int | str, Meta(description="Bytes, or a text such as `900 KiB` or `1.5 MB`.")]
Growth = Annotated[int | str, Meta(description="Bytes, a text such as `2 KiB`, or a percentage such as `2%`.")]


class _Section(Struct, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    pass


class BudgetEntry(_Section):
    """A limit on one metric."""

    metric: Annotated[str, Meta(description="raw, gzip, section.NAME, function.max, crate.NAME, data, memory, …")]
    max: Size | UnsetType = UNSET
    warn: Size | UnsetType = UNSET
    max_growth: Growth | UnsetType = UNSET


class ContractEntry(_Section):
    """What the module must offer and may ask for."""

    exports: dict[str, str] = field(default_factory=dict)
    imports: list[str] | UnsetType = UNSET
    exact: bool = False
    forbid_features: list[str] = field(default_factory=list)
    breaking: Literal["fail", "warn", "allow"] = "fail"


class SmokeEntry(_Section):
    """One HTTP request to the preview."""

    path: str
    method: str = "GET"
    status: Annotated[int, Meta(ge=100, le=599)] = 200
    contains: str = ""


class WorkerEntry(_Section):
    """One Worker: where its module comes from, and what is asked of it."""

    name: str | UnsetType = UNSET
    crate: Annotated[str, Meta(description="Folder of the Cargo.toml.")] | UnsetType = UNSET
    wasm: Annotated[str, Meta(description="A prebuilt module, instead of `crate`.")] | UnsetType = UNSET
    features: list[str] = field(default_factory=list)
    profile: str = "release"
    budgets: list[BudgetEntry] = field(default_factory=list)
    contract: ContractEntry = field(default_factory=ContractEntry)
    smoke: list[SmokeEntry] = field(default_factory=list)
    cache_control: Annotated[str, Meta(description="Cache-Control of the generated shim's answers.")] | UnsetType = UNSET


class PreviewEntry(_Section):
    """Where previews live."""

    strategy: Literal["auto", "previews", "local", "none"] = "auto"


class BaselineEntry(_Section):
    """Where the measurements of merged commits come from: the data branch, or a build of the base each time."""

    store: Literal["branch", "rebuild"] = "branch"


class ConfigFile(_Section):
    """The whole file."""

    workers: list[WorkerEntry] = field(default_factory=list)
    preview: PreviewEntry = field(default_factory=PreviewEntry)
    baseline: BaselineEntry = field(default_factory=BaselineEntry)
