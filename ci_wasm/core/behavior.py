"""Behavior: what is asked of a module when it runs, as ci-wasm.yml says it. -> Behavior.

Each scenario has an instance of its own, in which its calls are made one after the other; a call that stands alone is a
scenario of one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from msgspec import Struct

from ci_wasm.core.module import FuncType

# A call that must trap, in whatever way.
ANY_TRAP = "any"
# An import was called that no stub speaks for.
MISSING_IMPORT = "missing import"
# What the bytes ABI counts as a trap: bytes at the null pointer, or outside of the memory.
BAD_POINTER = "bad pointer"
# The ways in which a call can trap, most in the words of the specification's own tests.
TRAPS = (
    "unreachable",
    "integer divide by zero",
    "integer overflow",
    "invalid conversion to integer",
    "out of bounds memory access",
    "out of bounds table access",
    "uninitialized element",
    "indirect call type mismatch",
    "null reference",
    "cast failure",
    "call stack exhausted",
    "unaligned atomic",
    "uncaught exception",
    MISSING_IMPORT,
    BAD_POINTER,
)
# The type of a function that takes and gives bytes, as `handle` of the bytes ABI (docs/shim.md) does, and its helpers.
BYTES_FUNCTION = FuncType(("i32", "i32"), ("i64",))
BYTES_HELPERS = {"alloc": FuncType(("i32",), ("i32",)), "dealloc": FuncType(("i32", "i32"), ())}


class Payload(Struct, frozen=True):
    """Bytes that go in or should come out; `label` is how a report names them."""

    label: str
    content: bytes

    def __repr__(self) -> str:
        """Without the bytes."""
        return f"Payload({self.label!r}, {len(self.content):,} bytes)"


class OutputRule(Struct, frozen=True):
    """What bytes that come out must be; exactly one is set. `sha256` is in lower-case hexadecimal digits."""

    equals: Payload | None = None
    contains: Payload | None = None
    sha256: str = ""


class Call(Struct, frozen=True):
    """One call: of numbers (`args`, `expect`, `ulp`), or of bytes (`input`, `output`).

    `name` is unique among a Worker's calls. `expect` and `output` None leave the results open. `trap` is the trap that
    must end it, `any`, or empty.
    """

    name: str
    export: str
    args: tuple[str, ...] = ()
    expect: tuple[str, ...] | None = None
    ulp: int | None = None
    input: Payload | None = None
    output: OutputRule | None = None
    trap: str = ""
    max_fuel: int | None = None
    max_memory: int | None = None


class Scenario(Struct, frozen=True):
    """Calls that are made in one instance, in their order."""

    calls: tuple[Call, ...]


class Stub(Struct, frozen=True):
    """What an imported function returns, or an imported global holds; None for a function that returns nothing.

    `glob` is over `module.name`, as in contracts.
    """

    glob: str
    value: str | None


class Behavior(Struct, frozen=True):
    """Everything that is asked of one Worker's module when it runs.

    `measures_startup` says whether the start alone is a reason to run it.
    """

    scenarios: tuple[Scenario, ...] = ()
    stubs: tuple[Stub, ...] = ()
    max_startup_fuel: int | None = None
    measures_startup: bool = False

    @property
    def is_asked(self) -> bool:
        """Whether the module has to run at all: compiling it takes about half a second for each megabyte."""
        return bool(self.scenarios) or self.measures_startup or self.max_startup_fuel is not None

    @property
    def calls(self) -> Iterator[Call]:
        """All calls, in the order of the configuration."""
        return (call for scenario in self.scenarios for call in scenario.calls)


def describe_call(call: Call) -> str:
    """The call as one writes it, `add(2, 3)` or `handle("hello")`."""
    return f"{call.export}({call.input.label if call.input else ', '.join(call.args)})"


def digest_calls(scenario: Scenario, stubs: tuple[Stub, ...]) -> Iterator[str]:
    """For each call of a scenario, what stands for everything that led to its cost: itself, those before it, the host."""
    digest = hashlib.sha256(digest_stubs(stubs).encode())
    for call in scenario.calls:
        content = hashlib.sha256(call.input.content).hexdigest() if call.input else None
        digest.update(repr((call.export, call.args, content)).encode())
        yield digest.hexdigest()[:16]


def digest_stubs(stubs: tuple[Stub, ...]) -> str:
    """The same for the start of the module, which may ask its host, too."""
    return hashlib.sha256(repr([(stub.glob, stub.value) for stub in stubs]).encode()).hexdigest()[:16]
