"""Hostile names: what each may cost, in instructions, which no machine blurs. Symbol -> fuel."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import wasmtime

from ci_wasm.adapters.analyzer import ANALYZER
from tests import hostile

# wasmtime counts bytes that are copied at once as well as instructions. The dearest of these names, 4.7 million, takes
# a fifth of a millisecond on the machine that this was written on; a name may cost a whole one.
MOST_FUEL = 6_000_000
COUNT = 20


@dataclass(frozen=True)
class Counter:
    """The analyzer, compiled to count what it does."""

    engine: wasmtime.Engine
    module: wasmtime.Module

    def fuel(self, name: bytes) -> int:
        """What a module with so many functions of this name takes."""
        store = wasmtime.Store(self.engine)
        store.set_fuel(1 << 40)
        exports = wasmtime.Instance(store, self.module, []).exports(store)
        request = b"{}\0" + hostile.module([b"\0\x0b"] * COUNT, [name] * COUNT)
        pointer = exports["alloc"](store, len(request))  # type: ignore[operator]
        exports["memory"].write(store, request, pointer)  # type: ignore[union-attr]
        before = store.get_fuel()
        assert exports["analyze"](store, pointer, len(request)) != 0  # type: ignore[operator]
        return before - store.get_fuel()


@pytest.fixture(scope="module")
def counter() -> Counter:
    config = wasmtime.Config()
    config.consume_fuel = True
    engine = wasmtime.Engine(config)
    return Counter(engine, wasmtime.Module.from_file(engine, str(ANALYZER)))


@pytest.mark.parametrize("kind", hostile.NAMES)
def test_a_hostile_name_costs_little(counter: Counter, kind: str) -> None:
    plain = counter.fuel(b"a")

    assert (counter.fuel(hostile.NAMES[kind].encode()) - plain) / COUNT < MOST_FUEL


def test_the_count_is_the_same_in_every_run(counter: Counter) -> None:
    name = hostile.NAMES["types of types"].encode()

    assert len({counter.fuel(name) for _ in range(5)}) == 1
