"""Module reader: what the analyzer says of modules, as the core's records. bytes -> Module, two Modules -> Matching."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property

from ci_wasm.adapters.analyzer import ANALYZER, Analyzer, Limits, size_of
from ci_wasm.adapters.background import start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import BinaryIO, Self

    from ci_wasm.adapters.analyzer import Instance
    from ci_wasm.core.matching import Matching
    from ci_wasm.core.module import Module
    from ci_wasm.core.why import Why

# A real module takes 1.1 to 2.4 times its size and 0.02 s for each MiB; the rest is room for slow machines.
MEMORY_FACTOR = 10
MEMORY_FLOOR = 64 << 20
# A 32-bit memory ends here.
MEMORY_CEILING = (4 << 30) - 65536
DEADLINE_FLOOR = 2.0
DEADLINE_PER_MIB = 0.25


class WasmtimeModuleReader:
    """Keeps the `ModuleReader` port. Safe to use from several threads.

    `memory_limit` is in bytes (None: ten times the module and 64 MiB, below 4 GiB), `deadline` in seconds for one
    module (None: 2 s and a quarter of a second for each MiB).
    """

    def __init__(
        self, analyzer: Path = ANALYZER, *, memory_limit: int | None = None, deadline: float | None = None
    ) -> None:
        self._path = analyzer
        self._memory_limit = memory_limit
        self._deadline = deadline

    def read(
        self,
        wasm: bytes | BinaryIO,
        *,
        functions: int | None = 50,
        entries: int | None = None,
        monomorphizations: int | None = 0,
        check_bodies: bool = True,
    ) -> Module:
        """See the port; an open file is read to its end, straight into the analyzer's memory.

        `entries` is how many imports, and how many exports, to list (None for all), `monomorphizations` how many groups of
        instances of a generic function. Without `check_bodies`, function
        bodies are decoded but not type-checked: a third of the time on a large module, and enough for one that a
        compiler has just made. Raises ArtifactError where the analyzer gives up, ToolMissingError where there is none.
        """
        with self._analyzer.instance(self._limits(size_of(wasm))) as instance:
            return _analyze(
                instance,
                wasm,
                functions=functions,
                entries=entries,
                monomorphizations=monomorphizations,
                check_bodies=check_bodies,
            )

    def explain(self, wasm: bytes | BinaryIO, name: str) -> tuple[Module, Why]:
        """The module without its lists, and how the crate or function of that name is reached; raises as `read` does."""
        # Asked for one by one, because each reads the module itself.
        with self._analyzer.instance(self._limits(size_of(wasm))) as instance:
            module = _analyze(instance, wasm, functions=0, entries=0, check_bodies=False)
        if not isinstance(wasm, bytes):
            wasm.seek(0)
        with self._analyzer.instance(self._limits(size_of(wasm))) as instance:
            answer = instance.call("why", *_request(instance, name.encode(errors="replace"), wasm))
        from ci_wasm.adapters.analyzer_answer import decode_why

        return module, decode_why(answer)

    def match(self, base: Module, head: Module) -> Matching | None:
        """See the port."""
        if not (base.functions.named and head.functions.named):
            return None
        from ci_wasm.adapters.analyzer_answer import write_list

        lists = write_list(base), write_list(head)
        with self._analyzer.instance(self._limits(sum(map(len, lists)))) as instance:
            return _matching(instance, *map(instance.give, lists), everything=True)

    def diff(
        self, base: bytes | BinaryIO, head: bytes | BinaryIO
    ) -> tuple[Module, Module, Callable[[], Matching | None]]:
        """Read two modules side by side; their functions are matched while the caller goes on, and only the changed ones
        come out.

        Function bodies are not type-checked. Raises as `read` does, and so does the answer where it is asked for.
        """
        reading = start(lambda: self._read_listed(base))
        with ExitStack() as stack:
            # Matched where the head was read: its own list is there, and memory that is in use already.
            limits = self._limits(size_of(base) + size_of(head))
            instance = stack.enter_context(self._analyzer.instance(limits))
            after = _analyze(instance, head, functions=0, check_bodies=False, list=True)
            head_list = instance.answer("list")
            before, base_list = reading()
            if not (before.functions.named and after.functions.named):
                return before, after, lambda: None
            opened = stack.pop_all()

        def match() -> Matching:
            with opened:
                return _matching(instance, instance.give(base_list), head_list, everything=False)

        return before, after, start(match)

    def _read_listed(self, wasm: bytes | BinaryIO) -> tuple[Module, bytes]:
        with self._analyzer.instance(self._limits(size_of(wasm))) as instance:
            module = _analyze(instance, wasm, functions=0, check_bodies=False, list=True)
            return module, instance.call("list")

    def _limits(self, size: int) -> Limits:
        memory = min(MEMORY_FACTOR * size + MEMORY_FLOOR, MEMORY_CEILING)
        seconds = DEADLINE_FLOOR + DEADLINE_PER_MIB * size / (1 << 20)
        return Limits(
            memory if self._memory_limit is None else self._memory_limit,
            seconds if self._deadline is None else self._deadline,
        )

    def load(self) -> Self:
        """Load the analyzer now, not with the first module; raises ToolMissingError where there is none."""
        self._analyzer  # noqa: B018 (asking for it is what loads it)
        return self

    @cached_property
    def _analyzer(self) -> Analyzer:
        return Analyzer(self._path)


def _analyze(instance: Instance, wasm: bytes | BinaryIO, **options: bool | int | None) -> Module:
    answer = instance.call("analyze", *_request(instance, _options(options), wasm))
    from ci_wasm.adapters.analyzer_answer import MODULE

    return MODULE.decode(answer)


def _matching(
    instance: Instance, base: tuple[int, int], head: tuple[int, int], *, everything: bool
) -> Matching:
    answer = instance.call("diff", *base, *head, int(everything))
    from ci_wasm.adapters.analyzer_answer import decode_matching

    return decode_matching(answer)


def _options(options: Mapping[str, bool | int | None]) -> bytes:
    """As JSON. What makes any other JSON is imported while the analyzer works."""
    fields = (
        f'"{name}": {"null" if value is None else str(value).lower()}' for name, value in options.items()
    )
    return f"{{{', '.join(fields)}}}".encode()


def _request(instance: Instance, text: bytes, wasm: bytes | BinaryIO) -> tuple[int, int]:
    # A zero byte in a name would end it: no name that is asked for has one.
    return instance.give(text.replace(b"\0", b"") + b"\0", wasm)
