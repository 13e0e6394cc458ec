"""Script: a Worker's modules where it has JavaScript of its own: the main module and all that it imports. files -> Script.

Nothing is bundled: workerd resolves `import "./x.js"` in the folder of modules that was uploaded, by the exact name.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from enum import Enum

from msgspec import Struct

from ci_wasm.errors import BuildError

# More would be a package folder that somebody imports file by file.
MOST_MODULES = 1000

# What the runtime brings itself: https://developers.cloudflare.com/workers/runtime-apis/
_RUNTIME_MODULE = re.compile(r"(?:cloudflare|node|workerd):")


class ModuleType(Enum):
    """The media types by which the upload form tells modules apart."""

    ES_MODULE = "application/javascript+module"
    WASM = "application/wasm"
    TEXT = "text/plain"
    DATA = "application/octet-stream"


# wrangler's own rules: https://developers.cloudflare.com/workers/wrangler/bundling/#including-non-javascript-modules
TYPES = {
    ".js": ModuleType.ES_MODULE,
    ".mjs": ModuleType.ES_MODULE,
    ".wasm": ModuleType.WASM,
    ".txt": ModuleType.TEXT,
    ".html": ModuleType.TEXT,
    ".sql": ModuleType.TEXT,
    ".bin": ModuleType.DATA,
}


class WorkerModule(Struct, frozen=True):
    """One file of a Worker; `name` is the path by which other modules import it, without a leading `./`."""

    name: str
    type: ModuleType
    content: bytes

    def __repr__(self) -> str:
        """Without the bytes."""
        return f"WorkerModule({self.name!r}, {len(self.content):,} bytes)"


class Script(Struct, frozen=True):
    """The modules of a Worker that has a main module of its own, which comes first."""

    modules: tuple[WorkerModule, ...]

    @property
    def main(self) -> WorkerModule:
        """The main module."""
        return self.modules[0]

    @property
    def wasm_modules(self) -> tuple[WorkerModule, ...]:
        """The compiled ones."""
        return tuple(module for module in self.modules if module.type is ModuleType.WASM)


def collect_script(
    main: str,
    read: Callable[[str], bytes | None],
    find_imports: Callable[[bytes], Sequence[str]],
) -> Script:
    """The main module and what it imports, whatever is imported by these included.

    Paths are relative to the folder that `read` reads from (None: there is no such file); `find_imports` tells a
    JavaScript module's specifiers. Names in the Script are relative to the deepest folder that holds all modules.
    Raises BuildError for what cannot be uploaded as it stands.
    """
    if posixpath.splitext(main)[1] not in {".js", ".mjs"}:
        raise _not_javascript(main)
    found: dict[str, bytes] = {}
    waiting = [(posixpath.normpath(main), "")]
    while waiting:
        path, importer = waiting.pop()
        if path in found:
            continue
        found[path] = content = _content(path, importer, read)
        if len(found) > MOST_MODULES:
            raise _too_many(main)
        if _type_of(path, importer) is ModuleType.ES_MODULE:
            waiting += [
                (target, path)
                for specifier in find_imports(content)
                if (target := _target(specifier, path)) is not None
            ]
    base = posixpath.commonpath([posixpath.dirname(path) for path in found])
    return Script(
        tuple(
            WorkerModule(path[len(base) :].lstrip("/"), _type_of(path, ""), content)
            for path, content in found.items()
        )
    )


def _content(path: str, importer: str, read: Callable[[str], bytes | None]) -> bytes:
    content = read(path)
    if content is not None:
        return content
    if not importer:
        raise BuildError(
            f"There is no main module {path}",
            cure="Correct `main` (in ci-wasm.yml's `build`, else in the wrangler config), or have the build write it.",
        )
    raise BuildError(
        f"{importer} imports {path}, and there is no such file",
        cure="Write the exact name of a file, with its suffix; what a build makes has to be there when it ends.",
    )


def _target(specifier: str, importer: str) -> str | None:
    """The file that a specifier names, None for a module of the runtime."""
    if specifier.startswith(("./", "../")):
        path = posixpath.normpath(posixpath.join(posixpath.dirname(importer), specifier))
        if path.startswith("../"):
            raise BuildError(
                f"{importer} imports `{specifier}`, which leads out of the repository",
                cure="Have the build copy the file to a place inside, and import that.",
            )
        return path
    if _RUNTIME_MODULE.match(specifier):
        return None
    raise BuildError(
        f"{importer} imports `{specifier}`, which is neither a file beside it nor a part of the runtime",
        cure="ci-wasm uploads modules as they are and bundles nothing. Have `build.command` bundle (with esbuild: "
        "`--bundle --format=esm --external:cloudflare:* --external:*.wasm`), and write `node:` before the names of "
        "Node's own modules.",
    )


def _type_of(path: str, importer: str) -> ModuleType:
    suffix = posixpath.splitext(path)[1]
    if suffix in TYPES:
        return TYPES[suffix]
    raise BuildError(
        f"{importer} imports {path}, and ci-wasm knows no type of module for `{suffix or 'no suffix'}`",
        cure=f"It uploads {', '.join(TYPES)}. Have the build rename the file, or bundle it.",
    )


def _not_javascript(main: str) -> BuildError:
    return BuildError(
        f"The main module {main} is not JavaScript",
        cure="Have `build.command` compile or bundle it to a .js or .mjs file (esbuild takes TypeScript), and name that "
        "as `build.main`.",
    )


def _too_many(main: str) -> BuildError:
    return BuildError(
        f"{main} imports more than {MOST_MODULES} modules",
        cure="Have `build.command` bundle them into a few.",
    )
