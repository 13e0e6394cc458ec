"""Which files become a Worker's modules, and which main modules are refused: (files, main) -> names or the reason."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ci_wasm.core.entry import ENTRY_MAIN, PROOF, entry_modules
from ci_wasm.core.script import MOST_MODULES, ModuleType, Script, WorkerModule, collect_script
from ci_wasm.errors import BuildError


def collect(main: str, files: Mapping[str, str]) -> Script:
    """The Script of files whose text lists what they import."""
    return collect_script(
        main,
        lambda path: files[path].encode() if path in files else None,
        lambda content: content.decode().split(),
    )


@pytest.mark.parametrize(
    ("main", "files", "names"),
    [
        ("index.js", {"index.js": ""}, ["index.js"]),
        ("./build/index.js", {"build/index.js": "./index_bg.wasm", "build/index_bg.wasm": ""}, ["index.js", "index_bg.wasm"]),
        ("a.js", {"a.js": "cloudflare:workers node:buffer workerd:rtti"}, ["a.js"]),
        ("a.js", {"a.js": "./b.mjs", "b.mjs": "./a.js ./c/d.js", "c/d.js": "../b.mjs"}, ["a.js", "b.mjs", "c/d.js"]),
        # worker-build's alias for old configurations: the base is the folder that holds both.
        ("build/worker/shim.mjs", {"build/worker/shim.mjs": "../index.js", "build/index.js": ""}, ["worker/shim.mjs", "index.js"]),
        ("a.js", {"a.js": "./x.txt ./x.html ./x.sql ./x.bin ./x.wasm", "x.txt": "not read for imports", "x.html": "", "x.sql": "", "x.bin": "", "x.wasm": ""},
         ["a.js", "x.wasm", "x.bin", "x.sql", "x.html", "x.txt"]),
    ],
)  # fmt: skip
def test_what_is_collected(main: str, files: Mapping[str, str], names: list[str]) -> None:
    script = collect(main, files)

    assert script.main.name == names[0]
    assert sorted(module.name for module in script.modules) == sorted(names)


def test_suffixes_tell_types_as_wranglers_rules_do() -> None:
    files = {"a.js": "./b.wasm ./c.html ./d.bin", "b.wasm": "x", "c.html": "x", "d.bin": "x"}

    types = {module.name: module.type for module in collect("a.js", files).modules}

    assert types == {
        "a.js": ModuleType.ES_MODULE,
        "b.wasm": ModuleType.WASM,
        "c.html": ModuleType.TEXT,
        "d.bin": ModuleType.DATA,
    }


@pytest.mark.parametrize(
    ("main", "files", "message", "cure"),
    [
        ("a.js", {}, "There is no main module a.js", "Correct `main`"),
        ("a.ts", {"a.ts": ""}, "The main module a.ts is not JavaScript", "build.command"),
        ("a.js", {"a.js": "./b"}, "a.js imports b, and there is no such file", "with its suffix"),
        ("a.js", {"a.js": "hono"}, "a.js imports `hono`", "bundle"),
        ("a.js", {"a.js": "buffer"}, "a.js imports `buffer`", "`node:`"),
        ("a.js", {"a.js": "/b.js"}, "a.js imports `/b.js`", "bundle"),
        ("a.js", {"a.js": "https://x.test/b.js"}, "a.js imports `https://x.test/b.js`", "bundle"),
        ("a.js", {"a.js": "../b.js"}, "leads out of the repository", "inside"),
        ("x/a.js", {"x/a.js": "./b.css", "x/b.css": ""}, "x/a.js imports x/b.css, and ci-wasm knows no type", ".wasm"),
        ("a.js", {"a.js": "./b", "b": ""}, "no type of module for `no suffix`", ".wasm"),
    ],
)  # fmt: skip
def test_what_is_refused(main: str, files: Mapping[str, str], message: str, cure: str) -> None:
    with pytest.raises(BuildError) as caught:
        collect(main, files)

    assert message in caught.value.message
    assert cure in caught.value.cure


def test_a_package_folder_is_no_worker() -> None:
    files = {f"{number}.js": f"./{number + 1}.js" for number in range(MOST_MODULES + 1)}

    with pytest.raises(BuildError, match="more than 1000 modules"):
        collect("0.js", files)


def test_the_entry_names_the_main_module_as_data_and_changes_nothing_else() -> None:
    main = WorkerModule('a"b.js', ModuleType.ES_MODULE, b"export default {}")
    script = Script((main, WorkerModule("x.wasm", ModuleType.WASM, b"\0asm")))

    entry, proof, *own = entry_modules(script, commit="c0ffee", proof_source="// proof")

    assert (entry.name, proof.name, tuple(own)) == (ENTRY_MAIN, PROOF, script.modules)
    assert entry.content.decode().splitlines()[0] == 'import * as worker from "./a\\"b.js";'
    assert proof.content == b"// proof"
