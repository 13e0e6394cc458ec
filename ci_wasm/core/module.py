"""Module: the facts of one WebAssembly module, as the analyzer tells them. bytes -> Module.

All sizes and offsets are in bytes. Names are demangled where they were mangled, and may be any text: a module's author
chooses them. The records are msgspec structs, because they are what the analyzer's JSON is read into and what a baseline
is stored as: see docs/adr/0005-records-of-a-module.md.
"""

from __future__ import annotations

from msgspec import Struct

from ci_wasm.errors import ArtifactError

# What code is listed under whose crate cannot be told.
UNATTRIBUTED = "(unattributed)"


class FuncType(Struct, frozen=True, gc=False, tag="func", tag_field="kind"):
    """A function's type; value types in the text format's spelling, such as `i32` or `(ref null 3)`."""

    params: tuple[str, ...]
    results: tuple[str, ...]


class MemoryType(Struct, frozen=True, gc=False, tag="memory", tag_field="kind"):
    """A memory's type; the limits count pages of `page_size` bytes, `maximum` None means that there is none."""

    minimum: int
    maximum: int | None
    shared: bool = False
    memory64: bool = False
    page_size: int = 65536


class TableType(Struct, frozen=True, gc=False, tag="table", tag_field="kind"):
    """A table's type; the limits count elements."""

    element: str
    minimum: int
    maximum: int | None
    table64: bool = False
    shared: bool = False


class GlobalType(Struct, frozen=True, gc=False, tag="global", tag_field="kind"):
    """A global's type."""

    value: str
    mutable: bool
    shared: bool = False


class TagType(Struct, frozen=True, gc=False, tag="tag", tag_field="kind"):
    """A tag's type, that of the exceptions it marks."""

    params: tuple[str, ...]
    results: tuple[str, ...]


ExternType = FuncType | MemoryType | TableType | GlobalType | TagType


class ModuleError(Struct, frozen=True, gc=False):
    """The first thing that is wrong with a module, and where: the file offset and, where known, the section."""

    message: str
    offset: int
    section: str | None


class Section(Struct, frozen=True, gc=False):
    """One section with its header. `name` is `type`, `import`, …, `custom.NAME`, or `preamble` and `unreadable`."""

    name: str
    offset: int
    size: int


class Import(Struct, frozen=True, gc=False):
    """Something that the module needs from its host."""

    module: str
    name: str
    type: ExternType


class Export(Struct, frozen=True, gc=False):
    """Something that the module offers."""

    name: str
    type: ExternType


class Entries(Struct, frozen=True, gc=False):
    """How many imports and exports there are, listed or not."""

    imports: int
    exports: int


class Memory(Struct, frozen=True, gc=False):
    """A memory, imported or the module's own; the fields are those of MemoryType."""

    minimum: int
    maximum: int | None
    shared: bool
    memory64: bool
    page_size: int
    imported: bool


class Table(Struct, frozen=True, gc=False):
    """A table, imported or the module's own; the fields are those of TableType."""

    element: str
    minimum: int
    maximum: int | None
    table64: bool
    shared: bool
    imported: bool


class Count(Struct, frozen=True, gc=False):
    """How many of a kind the module imports and defines."""

    imported: int
    defined: int


class Functions(Struct, frozen=True, gc=False):
    """The module's own functions: how many, how many have names, and the bytes of their bodies."""

    count: int
    imported: int
    size: int
    named: int


class Function(Struct, frozen=True, gc=False):
    """One function. `name` has no compiler's hash; `symbol` is the raw name where it differs.

    `retained` is what would go with it: its size and that of all functions that only it reaches; None where nothing
    reaches it. `retained_data` is the data that only these mention. `fingerprint` is the same for bodies that differ only
    in indices and addresses; None for small bodies. `crate` defines the function, `user` instantiated it, where it is
    another crate's generic code and its name tells.
    """

    index: int
    name: str
    symbol: str | None
    crate: str | None
    size: int
    retained: int | None = None
    fingerprint: str | None = None
    retained_data: int = 0
    user: str | None = None


class Crate(Struct, frozen=True, gc=False):
    """The code charged to one crate; `name` None holds the functions whose crate cannot be told.

    `instantiated` are the bytes of other crates' generic code that this one instantiated, as far as names tell; they are
    charged to those, and no part of `size`.
    """

    name: str | None
    size: int
    functions: int
    instantiated: int = 0


class Monomorphization(Struct, frozen=True, gc=False):
    """The instances of one generic function, by its name without type arguments; `largest` is the largest one's size."""

    name: str
    functions: int
    size: int
    largest: int


class Garbage(Struct, frozen=True, gc=False):
    """The functions that no export, start function or segment leads to."""

    functions: int
    size: int


class Segment(Struct, frozen=True, gc=False):
    """One data segment.

    `address` is where it begins in the first memory, None where that is not a constant. `retained_by` is the function
    without which no constant of the code would point into it; None where several do, or none.
    """

    index: int
    name: str | None
    address: int | None
    size: int
    retained_by: str | None


class Elements(Struct, frozen=True, gc=False):
    """The element segments of any kind, and the entries of all of them: functions and other references."""

    segments: int
    entries: int


class Data(Struct, frozen=True, gc=False):
    """The data segments; `largest` may be cut."""

    segments: int
    size: int
    largest: tuple[Segment, ...] = ()


class Module(Struct, frozen=True, gc=False):
    """The whole answer. `layout` is core, component or unknown; `names` is name-section or none.

    `sections` add up to `size`, whatever is wrong with the file. `largest` is sorted by size and may be cut; `imports` and
    `exports` are cut only for who asks to see the first few. `monomorphizations`, those first that one copy less would
    make smallest, are there for who asks. `elements` None is that of a baseline which an older version recorded.
    """

    schema: int
    layout: str
    size: int
    error: ModuleError | None
    features: tuple[str, ...]
    sections: tuple[Section, ...]
    imports: tuple[Import, ...]
    exports: tuple[Export, ...]
    entries: Entries
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
    monomorphizations: tuple[Monomorphization, ...] = ()
    elements: Elements | None = None


def require_core_module(module: Module, name: str) -> Module:
    """The module itself, when it is a valid core module; else raises ArtifactError that says what it is instead."""
    if module.layout == "component":
        raise ArtifactError(
            f"{name} is a component, not a core module",
            cure="Workers run core modules. Give ci-wasm the core module inside, or build for wasm32-unknown-unknown.",
        )
    if module.layout != "core":
        raise ArtifactError(
            f"{name} is not a WebAssembly module: it does not begin with the bytes 00 61 73 6D 01 00 00 00",
            cure="Point ci-wasm at a `.wasm` file; text format (`.wat`) has to be assembled first.",
        )
    if module.error is not None:
        place = f" in the section `{module.error.section}`" if module.error.section else ""
        raise ArtifactError(
            # Names of the module stand in it, which may hold any character.
            " ".join(
                f"{name} is malformed at offset {module.error.offset:#x}{place}: {module.error.message}".split()
            ),
            cure="Build it again from clean (`cargo clean`); if the file was downloaded, it may have been cut short.",
        )
    return module
