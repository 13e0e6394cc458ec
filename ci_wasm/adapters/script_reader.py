"""Script reader: the modules of a Worker with JavaScript of its own, as files in a folder. (reader, main) -> Script."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ci_wasm.adapters.sandbox import Sandbox
from ci_wasm.core.script import Script, collect_script
from ci_wasm.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Static imports, re-exports, and `import()` of a plain text; what a program computes, nobody can follow.
_IMPORTS = """
(import_statement source: (string) @from)
(export_statement source: (string) @from)
(call_expression function: (import) arguments: (arguments . (string) @from))
"""


def read_script(main: str, read: Callable[[str], bytes | None]) -> Script:
    """The main module and what it imports; see `collect_script`. Raises BuildError."""
    return collect_script(main, read, find_imports)


def try_script(main: str, read: Callable[[str], bytes | None], wasm: bytes) -> tuple[Script | None, str]:
    """The script around a module that can be judged without one; where there is none, why. No `main`: neither."""
    if not main:
        return None, ""
    try:
        script = read_script(main, read)
    except BuildError as error:
        return None, f"{error.message}. {error.cure}"
    if all(wasm != module.content for module in script.wasm_modules):
        return None, f"its main module {main} does not import the module that was measured"
    return script, ""


def files_below(sandbox: Sandbox | None, root: Path) -> Callable[[str], bytes | None]:
    """Reads files of a folder, with the build's own rights where a sandbox is given; links out of it are not followed."""

    def read(path: str) -> bytes | None:
        file = root / path
        if not file.is_file():
            return None
        if not file.resolve().is_relative_to(root.resolve()):
            raise BuildError(
                f"{path} is a link out of the repository",
                cure="Put the file itself there instead of the link.",
            )
        return file.read_bytes() if sandbox is None else sandbox.read(file, root)

    return read


def overlaid(
    made: Mapping[str, bytes], main: str, read: Callable[[str], bytes | None]
) -> Callable[[str], bytes | None]:
    """What a build made goes before files, wherever its path ends so: `target/…/release/add.wasm` is `add.wasm`.

    The main module is a file of the repository even where the build made one of its name: a crate `worker` makes a
    `worker.js`, which `src/worker.js` may import from another folder.
    """

    def read_either(path: str) -> bytes | None:
        if path == main and (own := read(path)) is not None:
            return own
        found = (content for name, content in made.items() if f"/{path}".endswith(f"/{name}"))
        return next(found, None) or read(path)

    return read_either


def find_imports(source: bytes) -> tuple[str, ...]:
    """The specifiers of a JavaScript module, in their order, each once; syntax that the parser does not know is passed over."""
    import tree_sitter

    language, query = _parser()
    tree = tree_sitter.Parser(language).parse(source)
    captures = tree_sitter.QueryCursor(query).captures(tree.root_node)
    nodes = sorted(captures.get("from", []), key=lambda node: node.start_byte)
    return tuple(dict.fromkeys(_texts(nodes)))


def _texts(nodes: list[Any]) -> Iterator[str]:
    for node in nodes:
        text = node.text.decode("utf-8", "replace")[1:-1]
        if "\\" in text:
            raise BuildError(
                f"An import spells its module with an escape: `{text[:80]}`",
                cure="Write the module's name in plain letters.",
            )
        yield text


@cache
def _parser() -> tuple[Any, Any]:
    import tree_sitter
    import tree_sitter_javascript

    language = tree_sitter.Language(tree_sitter_javascript.language())
    return language, tree_sitter.Query(language, _IMPORTS)
