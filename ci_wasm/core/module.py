"""Module: the facts of one WebAssembly module, as the analyzer tells them. bytes -> Module.

All sizes and offsets are in bytes. Names are demangled where they were mangled, and may be any text: a module's author
chooses them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FuncType:
    """A function's type; value types in the text format's spelling, such as `i32` or `(ref null 3)`."""

    params: tuple[str, ...]
    results: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MemoryType:
    """A memory's type; the limits count pages of `page_size` bytes, `maximum` None means that there is none."""

    minimum: int
    maximum: int | None
    shared: bool = False
    memory64: bool = False
    page_size: int = 65536


@dataclass(frozen=True, slots=True)
class TableType:
    """A table's type; the limits count elements."""

    element: str
    minimum: int
    maximum: int | None
    table64: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True)
class GlobalType:
    """A global's type."""

    value: str
    mutable: bool
    shared: bool = False


@dataclass(frozen=True, slots=True)
class TagType:
    """A tag's type, that of the exceptions it marks."""

    params: tuple[str, ...]
    results: tuple[str, ...]


ExternType = FuncType | MemoryType | TableType | GlobalType | TagType


@dataclass(frozen=True, slots=True)
class ModuleError:
    """The first thing that is wrong with a module, and where: the file offset and, where known, the section."""

    message: str
    offset: int
    section: str | None


@dataclass(frozen=True, slots=True)
class Section:
    """One section with its header. `name` is `type`, `import`, …, `custom.NAME`, or `preamble` and `unreadable`."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Import:
    """Something that the module needs from its host."""

    module: str
    name: str
    type: ExternType


@dataclass(frozen=True, slots=True)
class Export:
    """Something that the module offers."""

    name: str
    type: ExternType


@dataclass(frozen=True, slots=True)
class Memory:
    """A memory, imported or the module's own; the fields are those of MemoryType."""

    minimum: int
    maximum: int | None
    shared: bool
    memory64: bool
    page_size: int
    imported: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table, imported or the module's own; the fields are those of TableType."""

    element: str
    minimum: int
    maximum: int | None
    table64: bool
    shared: bool
    imported: bool


@dataclass(frozen=True, slots=True)
class Count:
    """How many of a kind the module imports and defines."""

    imported: int
    defined: int


@dataclass(frozen=True, slots=True)
class Functions:
    """The module's own functions: how many, how many have names, and the bytes of their bodies."""

    count: int
    imported: int
    size: int
    named: int


@dataclass(frozen=True, slots=True)
class Function:
    """One function. `name` has no compiler's hash; `symbol` is the raw name where it differs.

    `retained` is what would go with it: its size and that of all functions that only it reaches; None where nothing
    reaches it. `fingerprint` is the same for bodies that differ only in indices and addresses; None for small bodies.
    """

    index: int
    name: str
    symbol: str | None
    crate: str | None
    size: int
    retained: int | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Crate:
    """The code charged to one crate; `name` None holds the functions whose crate cannot be told."""

    name: str | None
    size: int
    functions: int


@dataclass(frozen=True, slots=True)
class Garbage:
    """The functions that no export, start function or segment leads to."""

    functions: int
    size: int


@dataclass(frozen=True, slots=True)
class Data:
    """The data segments."""

    segments: int
    size: int


@dataclass(frozen=True, slots=True)
class Module:
    """The whole answer. `layout` is core, component or unknown; `names` is name-section or none.

    `sections` add up to `size`, whatever is wrong with the file. `largest` is sorted by size and may be cut.
    """

    schema: int
    layout: str
    size: int
    error: ModuleError | None
    features: tuple[str, ...]
    sections: tuple[Section, ...]
    imports: tuple[Import, ...]
    exports: tuple[Export, ...]
    memories: tuple[Memory, ...]
    tables: tuple[Table, ...]
    globals: Count
    tags: Count
    start: int | None
    functions: Functions
    largest: tuple[Function, ...]
    crates: tuple[Crate, ...]
    garbage: Garbage
    data: Data
    names: str
