"""Contract file: put a module's contract into ci-wasm.yml. (file, Worker, Module) -> the file's text.

What a person wrote stays: `exact`, `forbid-features` and `breaking`, comments, and everything outside of the contract.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from ci_wasm.config.edit import Uneditable, block_lines, set_entry
from ci_wasm.config.file import Document, parse_document
from ci_wasm.config.settings import Settings, WorkerSettings
from ci_wasm.core.build import PrebuiltSource
from ci_wasm.core.module import Module, require_core_module
from ci_wasm.errors import ConfigError
from ci_wasm.ports import World
from ci_wasm.render.contract import contract_entry


class Target(Struct, frozen=True):
    """Whose contract it is: a Worker by its place in the file, or a new entry for one that has none there."""

    index: int
    source: dict[str, str]


def chosen_worker(settings: Settings, name: str | None) -> WorkerSettings:
    """The Worker of that name, or the only one; raises ConfigError."""
    names = [worker.name for worker in settings.workers]
    if name is None and len(names) > 1:
        raise ConfigError(
            f"{settings.document.name} has {len(names)} Workers: {', '.join(names)}",
            cure="Say with `--worker NAME` whose contract is meant.",
        )
    if name is not None and name not in names:
        raise ConfigError(
            f"{settings.document.name} has no Worker called `{name}`",
            cure=f"There are: {', '.join(names)}.",
        )
    return settings.workers[0 if name is None else names.index(name)]


def built_module(world: World, root: Path, worker: WorkerSettings) -> Module:
    """The module that the Worker ships, built or read."""
    if isinstance(worker.source, PrebuiltSource):
        build = world.toolchain.read_prebuilt(root, worker.source)
    else:
        build = world.toolchain.build(root, worker.source)
    return require_core_module(world.reader.read(build.wasm, functions=0), build.path)


def with_contract(document: Document, target: Target, module: Module) -> str:
    """The file's text with the contract; raises ConfigError where it must be put there by hand."""
    contract = contract_entry(module)
    worker = ("workers", target.index)
    if worker not in document.places:
        return _with_first_worker(document, target, contract)
    path = (*worker, "contract")
    try:
        if path not in document.places:
            return set_entry(document, worker, "contract", contract)
        for key, value in contract.items():
            if _standing(document, target.index).get(key) != value:
                document = parse_document(document.name, set_entry(document, path, key, value))
    except Uneditable as error:
        raise ConfigError(
            f"the contract cannot be written into {document.name}: {error}",
            cure="Put it there by hand: `ci-wasm contract FILE.wasm` prints it.",
        ) from None
    return document.text


def _standing(document: Document, index: int) -> dict[str, object]:
    value: dict[str, list[dict[str, dict[str, object]]]] = document.value  # type: ignore[assignment]
    return value["workers"][index]["contract"]


def _with_first_worker(
    document: Document, target: Target, contract: dict[str, dict[str, str] | list[str]]
) -> str:
    """A file that lists no Workers yet, or an empty one."""
    text = document.text + ("" if document.text.endswith("\n") or not document.text else "\n")
    return text + "\n".join([*block_lines({"workers": [{**target.source, "contract": contract}]}), ""])
