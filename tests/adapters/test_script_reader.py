"""What a module imports, as JavaScript is written; and files that are read, or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_wasm.adapters.script_reader import files_below, find_imports, overlaid, try_script
from ci_wasm.errors import BuildError


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('import a from "./a.js"; import * as b from \'./b.js\'; import { c as d } from "./c.js"; import "./d.js"', ["./a.js", "./b.js", "./c.js", "./d.js"]),
        ('import{a as b}from"./a.js";export*from"./b.js";export{c as default}from"./c.js"', ["./a.js", "./b.js", "./c.js"]),
        ('const x = await import("./x.js"); import("./y" + x); import(`./z.js`)', ["./x.js"]),
        ('import source m from "./m.wasm"; import n from "./n.js"', ["./m.wasm", "./n.js"]),
        ('import t from "./t.txt" with { type: "text" }', ["./t.txt"]),
        ('import a from "./a.js"; import "./a.js"', ["./a.js"]),
        # Where a lexer has to know what it reads.
        ('const s = "import x from \'./no.js\'"; /* import "./no.js" */ // import "./no.js"', []),
        ('const r = /import "no"/; const t = `import "./no.js" ${await import("./yes.js")}`; a / import.meta.url / b', ["./yes.js"]),
        ("export default {}; export const a = 1", []),
        ("", []),
    ],
)  # fmt: skip
def test_imports(source: str, expected: list[str]) -> None:
    assert list(find_imports(source.encode())) == expected


@pytest.mark.parametrize(
    "source", [b"\xff\xfe\0\0", b"import " * 10_000, b"{" * 20_000, b'import "./\xff.js"']
)
def test_what_is_no_javascript_ends_well(source: bytes) -> None:
    assert all(isinstance(name, str) for name in find_imports(source))


def test_an_escape_in_a_specifier_is_refused() -> None:
    with pytest.raises(BuildError, match="escape"):
        find_imports(rb'import "./\u0061.js"')


def test_files_are_read_and_links_out_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.js").write_text("a", encoding="utf-8")
    (tmp_path / "secret").write_text("s", encoding="utf-8")
    (root / "b.js").symlink_to(tmp_path / "secret")
    (root / "c.js").symlink_to("a.js")
    read = files_below(None, root)

    assert (read("a.js"), read("c.js"), read("missing.js")) == (b"a", b"a", None)
    with pytest.raises(BuildError, match=r"b\.js is a link out of the repository"):
        read("b.js")


def test_what_a_build_made_goes_before_files_that_end_so() -> None:
    files = {"target/wasm32-unknown-unknown/release/add.wasm": b"old", "padd.wasm": b"other"}
    read = overlaid({"add.wasm": b"new"}, "main.js", files.get)

    assert read("target/wasm32-unknown-unknown/release/add.wasm") == b"new"
    assert (read("add.wasm"), read("padd.wasm"), read("none.wasm")) == (b"new", b"other", None)


def test_a_main_module_is_not_what_a_build_made_under_its_name() -> None:
    files = {"src/worker.js": b"own"}
    read = overlaid({"worker.js": b"made"}, "src/worker.js", files.get)

    assert (read("src/worker.js"), read("pkg/worker.js")) == (b"own", b"made")
    assert overlaid({"worker.js": b"made"}, "worker.js", lambda _: None)("worker.js") == b"made"


def test_a_module_that_the_main_module_does_not_import_is_not_previewed_in_its_place() -> None:
    files = {"a.js": b'import w from "./w.wasm"; export default {}', "w.wasm": b"one"}

    assert try_script("", files.get, b"one") == (None, "")
    assert try_script("a.js", files.get, b"one")[0] is not None
    assert try_script("a.js", files.get, b"two") == (
        None,
        "its main module a.js does not import the module that was measured",
    )
    assert try_script("b.js", files.get, b"one")[1].startswith("There is no main module b.js. Correct `main`")
