"""The shim's files: what is served, what is refused, and that names stay data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ci_wasm.core.module import Export, FuncType, Import, MemoryType, Module, ModuleError
from ci_wasm.core.script import ModuleType
from ci_wasm.core.shim import BYTES_ABI, HTTP_ABI, SHIM_MAIN, shim_modules
from ci_wasm.errors import ArtifactError, ConfigError
from tests.adapters.raw_modules import assemble, describe

ADD = assemble(
    '(module (memory (export "memory") 1) (func (export "add") (param i32 i32) (result i32) unreachable))'
)
NUMERIC = FuncType(("i32",), ("i64", "f32"))


def with_exports(**types: FuncType | MemoryType) -> Module:
    return replace(describe(ADD), exports=tuple(Export(name, type_) for name, type_ in types.items()))


def files(module: Module, cache_control: str | None = None) -> dict[str, tuple[ModuleType, bytes]]:
    made = shim_modules(
        ADD, module, worker="add", commit="c" * 40, cache_control=cache_control, shim_source="// the code"
    )
    return {file.name: (file.type, file.content) for file in made}


def manifest(module: Module) -> Any:
    return json.loads(files(module)["manifest.json"][1])


def test_three_files_of_which_only_the_data_is_generated() -> None:
    made = files(describe(ADD), "public, max-age=60")

    assert made["shim.js"] == (ModuleType.ES_MODULE, b"// the code")
    assert made["module.wasm"] == (ModuleType.WASM, ADD)
    kind, data = made.pop("manifest.json")
    assert kind is ModuleType.TEXT
    assert json.loads(data) == {
        "schema": 1,
        "worker": "add",
        "commit": "c" * 40,
        "cacheControl": "public, max-age=60",
        "initialize": False,
        "bytes": False,
        "http": False,
        "exports": [
            {"name": "add", "params": ["i32", "i32"], "results": ["i32"], "signature": "(i32, i32) -> i32"}
        ],
        "notServed": [],
    }
    assert SHIM_MAIN == "shim.js"


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda name: name not in {".", ".."})
)
def test_any_name_is_carried_as_data(name: str) -> None:
    module = replace(describe(ADD), exports=(Export(name, NUMERIC),))

    assert [entry["name"] for entry in manifest(module)["exports"]] == [name]


def test_what_cannot_be_served_is_listed_with_its_reason() -> None:
    module = with_exports(
        ok=NUMERIC,
        ref=FuncType(("externref", "i32"), ()),
        vector=FuncType((), ("v128",)),
        memory=MemoryType(1, None),
    )
    module = replace(module, exports=(*module.exports, *(Export(name, NUMERIC) for name in ("", ".", ".."))))

    made = manifest(module)

    assert [entry["name"] for entry in made["exports"]] == ["ok"]
    reasons = {entry["name"]: entry["reason"] for entry in made["notServed"]}
    assert reasons.keys() == {"ref", "vector", "", ".", ".."}
    assert (
        reasons["ref"]
        == "its type is (externref, i32) -> (), and externref cannot be written in a URL or in JSON"
    )
    assert reasons[".."] == "no URL can spell its name"


def test_the_bytes_abi_is_spoken_by_modules_that_have_all_of_it() -> None:
    made = manifest(with_exports(memory=MemoryType(1, None), other=NUMERIC, **BYTES_ABI))

    assert made["bytes"] is True
    assert [entry["name"] for entry in made["exports"]] == ["other"]
    assert {entry["name"] for entry in made["notServed"]} == set(BYTES_ABI)


@pytest.mark.parametrize(
    "exports",
    [
        {name: type_ for name, type_ in BYTES_ABI.items() if name != "dealloc"},
        BYTES_ABI | {"alloc": FuncType(("i64",), ("i64",))},
        BYTES_ABI | {"handle": FuncType(("i32", "i32"), ("i32", "i32"))},
        BYTES_ABI | {"memory": MemoryType(1, None, memory64=True)},
        BYTES_ABI | {"memory": MemoryType(1, 1, shared=True)},
        BYTES_ABI | {"memory": FuncType((), ())},
    ],
)
def test_without_one_of_its_parts_they_are_plain_exports(exports: dict[str, FuncType | MemoryType]) -> None:
    made = manifest(with_exports(**({"memory": MemoryType(1, None)} | exports)))

    assert made["bytes"] is False
    assert "alloc" in {entry["name"] for entry in made["exports"]}


def test_no_memory_no_abi() -> None:
    made = manifest(with_exports(**(BYTES_ABI | HTTP_ABI)))

    assert (made["bytes"], made["http"]) == (False, False)


def test_a_module_of_the_http_abi_answers_everything_itself() -> None:
    made = manifest(with_exports(memory=MemoryType(1, None), other=NUMERIC, **HTTP_ABI))

    assert (made["http"], made["bytes"], made["exports"]) == (True, False, [])
    assert {entry["name"]: entry["reason"] for entry in made["notServed"]} == dict.fromkeys(
        ["other", *HTTP_ABI], "the module answers every request itself"
    )


def test_of_both_abis_the_later_is_spoken() -> None:
    made = manifest(with_exports(memory=MemoryType(1, None), **(BYTES_ABI | HTTP_ABI)))

    assert (made["http"], made["bytes"]) == (True, False)


@pytest.mark.parametrize(
    "exports",
    [
        {name: type_ for name, type_ in HTTP_ABI.items() if name != "dealloc"},
        HTTP_ABI | {"handle_http": FuncType(("i32", "i32"), ("i32",))},
        HTTP_ABI | {"memory": MemoryType(1, None, memory64=True)},
    ],
)
def test_without_one_of_its_parts_it_is_not_the_http_abi(exports: dict[str, FuncType | MemoryType]) -> None:
    made = manifest(with_exports(**({"memory": MemoryType(1, None)} | exports)))

    assert made["http"] is False
    assert "handle_http" in {entry["name"] for entry in made["exports"]}


@pytest.mark.parametrize(("type_", "called"), [(FuncType((), ()), True), (FuncType(("i32",), ()), False)])
def test_initialize_is_called_and_not_served(type_: FuncType, *, called: bool) -> None:
    made = manifest(with_exports(_initialize=type_, add=NUMERIC))

    assert made["initialize"] is called
    assert ("_initialize" in {entry["name"] for entry in made["exports"]}) is not called


@pytest.mark.parametrize(
    ("modules", "cure"),
    [
        (["env"], "`main` of its own"),
        (["__wbindgen_placeholder__", "env"], "worker-build"),
        (["./add_bg.js"], "worker-build"),
        (["wasi_snapshot_preview1"], "wasm32-unknown-unknown instead of"),
    ],
)
def test_imports_are_refused_by_name_with_a_cure_for_their_kind(modules: list[str], cure: str) -> None:
    imports = tuple(Import(module, "log", FuncType(("i32",), ())) for module in modules)

    with pytest.raises(ArtifactError, match=f"it imports {modules[0]}.log") as caught:
        files(replace(describe(ADD), imports=imports))

    assert cure in caught.value.cure
    assert caught.value.detail.splitlines()[0] == f"{modules[0]}.log: (i32) -> ()"


def test_many_imports_are_counted() -> None:
    imports = tuple(Import("env", f"f{number}", NUMERIC) for number in range(1000))

    with pytest.raises(ArtifactError, match=r"env\.f4 and 995 more, and") as caught:
        files(replace(describe(ADD), imports=imports))

    assert caught.value.detail.splitlines()[-1] == "… and 900 more"


def test_a_module_without_anything_to_call_is_refused_with_the_line_that_is_missing() -> None:
    with pytest.raises(ArtifactError, match="exports no function that can be called") as caught:
        files(with_exports(memory=MemoryType(1, None), ref=FuncType(("externref",), ())))

    assert "#[no_mangle]" in caught.value.cure
    assert caught.value.detail.startswith("ref: its type is (externref) -> ()")


@pytest.mark.parametrize(
    "change",
    [{"layout": "component"}, {"layout": "unknown"}, {"error": ModuleError("unexpected end", 8, None)}],
)
def test_what_is_no_sound_core_module_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ArtifactError, match="the shim cannot serve this module"):
        files(replace(describe(ADD), **change))


@pytest.mark.parametrize("value", ["", "a\nb", "a\r\nx-evil: 1", "é", "\x00"])
def test_a_cache_control_that_is_no_header_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match="cannot be sent as a header"):
        files(describe(ADD), value)
