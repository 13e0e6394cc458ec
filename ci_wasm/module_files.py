"""Module files: what `ci-wasm measure`, `diff` and `contract` do, for files without a configuration. paths -> text.

Most of what these commands take is the start of Python: the analyzer is loaded first, and works while everything else is
imported, each where it is needed.
"""

from __future__ import annotations

import os
import stat

from ci_wasm.adapters.background import start
from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from ci_wasm.errors import ArtifactError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from ci_wasm.core.matching import Matching
    from ci_wasm.core.module import Module
    from ci_wasm.core.sizes import Sizes

# How many imports and exports a reader is shown.
ENTRIES = 60


def measure(path: str, format_: str, shown: tuple[int, int], brotli: str | None) -> str:
    """One module's facts. JSON has everything.

    `shown` is how many of the largest functions, and of the generic functions with the most code, a reader sees;
    `brotli` is a name of BROTLI_QUALITIES, None to compress nothing.
    """
    if format_ == "json":
        return _measure_all(path, brotli)
    reader = WasmtimeModuleReader().load()
    reading = start(lambda: _read(reader, path, shown, brotli))
    from ci_wasm.core.module import require_core_module
    from ci_wasm.render.measurement import render_measurement

    module, sizes = reading()
    return render_measurement(path, require_core_module(module, path), sizes(), format_)


def explain(path: str, name: str, format_: str) -> str:
    """How the crate or function called `name` is reached."""
    with _open(path) as file:
        reader = WasmtimeModuleReader().load()
        reading = start(lambda: reader.explain(_content(file, None), name))
        from ci_wasm.core.module import require_core_module
        from ci_wasm.render.why import render_why

        module, why = reading()
    require_core_module(module, path)
    return render_why(name, why, format_)


def contract(path: str) -> str:
    """The contract that holds for a module, as YAML for ci-wasm.yml."""
    from ci_wasm.render.contract import render_contract

    return render_contract(read_module(path))


def read_module(path: str) -> Module:
    """A module without its lists of functions; raises ArtifactError."""
    with _open(path) as file:
        module = WasmtimeModuleReader().read(_content(file, None), functions=0, check_bodies=False)
    from ci_wasm.core.module import require_core_module

    return require_core_module(module, path)


def diff(base: str, head: str, format_: str, brotli: str | None) -> str:
    """Two modules' difference; a breaking change is told, not judged: that is what `check` does."""
    reader = WasmtimeModuleReader().load()
    reading = start(lambda: _read_both(reader, base, head, brotli))
    from ci_wasm.core.compatibility import compatibility_changes
    from ci_wasm.core.growth import make_growth
    from ci_wasm.core.measurement import make_measurement
    from ci_wasm.core.module import require_core_module
    from ci_wasm.render.difference import render_difference

    before, after, matching, sizes = reading()
    older, newer = (
        make_measurement(require_core_module(module, path), weighed())
        for module, path, weighed in zip((before, after), (base, head), sizes, strict=True)
    )
    changes = compatibility_changes(before, after)
    return render_difference(make_growth(older, newer, matching()), changes, format_)


def _measure_all(path: str, brotli: str | None) -> str:
    import hashlib

    from ci_wasm.core.module import require_core_module
    from ci_wasm.render.measurement import render_measurement_json

    with _open(path) as file:
        wasm = file.read()
    weighing = _weigh(wasm, brotli)
    # Type-checking every body doubles the time and tells nothing that is shown here; `check` and `run` do it.
    module = WasmtimeModuleReader().read(wasm, functions=None, monomorphizations=None, check_bodies=False)
    require_core_module(module, path)
    sizes = weighing() if weighing else _unweighed(module)
    return render_measurement_json(path, module, sizes, hashlib.sha256(wasm).hexdigest())


def _read(
    reader: WasmtimeModuleReader, path: str, shown: tuple[int, int], brotli: str | None
) -> tuple[Module, Callable[[], Sizes]]:
    with _open(path) as file:
        wasm = _content(file, brotli)
        weighing = _weigh(wasm, brotli)
        module = reader.read(
            wasm, functions=shown[0], entries=ENTRIES, monomorphizations=shown[1], check_bodies=False
        )
    return module, weighing or (lambda: _unweighed(module))


def _read_both(
    reader: WasmtimeModuleReader, base: str, head: str, brotli: str | None
) -> tuple[Module, Module, Callable[[], Matching | None], tuple[Callable[[], Sizes], ...]]:
    with _open(base) as base_file, _open(head) as head_file:
        wasms = [_content(file, brotli) for file in (base_file, head_file)]
        weighing = [_weigh(wasm, brotli) for wasm in wasms]
        before, after, matching = reader.diff(*wasms)
    sizes = tuple(
        weighed or (lambda module=module: _unweighed(module))  # type: ignore[misc]
        for weighed, module in zip(weighing, (before, after), strict=True)
    )
    return before, after, matching, sizes


def _unweighed(module: Module) -> Sizes:
    from ci_wasm.core.sizes import Sizes

    return Sizes(module.size, None, "")


def _weigh(wasm: bytes | BinaryIO, brotli: str | None) -> Callable[[], Sizes] | None:
    """Begin to compress, where that was asked for."""
    if brotli is None or not isinstance(wasm, bytes):
        return None
    from ci_wasm.adapters.compression import ThreadedScales

    return ThreadedScales(brotli).start(wasm)


def _content(file: BinaryIO, brotli: str | None) -> bytes | BinaryIO:
    """The file itself where nothing but the analyzer needs its bytes, and where its size is known (a pipe has none)."""
    is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    return file if brotli is None and is_file else file.read()


def _open(path: str) -> BinaryIO:
    try:
        return open(path, "rb")  # noqa: PTH123  (pathlib is not needed for anything else here)
    except OSError as error:
        raise ArtifactError(
            f"{path} cannot be read: {error.strerror}", cure="Give the path of a `.wasm` file that exists."
        ) from None
