"""The shim's numbers: what goes in as text comes out as JSON, over whole ranges. Properties, checked on workerd."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.adapters.shim_workers import ShimWorkers, result, shim_workers

IDENTITIES = "(module {})".format(
    " ".join(
        f'(func (export "{type_}") (param {type_}) (result {type_}) (local.get 0))'
        for type_ in ("i32", "i64", "f32", "f64")
    )
)
SAFE = 2**53 - 1

on_workerd = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with shim_workers(tmp_path_factory.mktemp("shim")) as workers:
        yield ShimWorkers.start(workers, IDENTITIES)


def ask(client: httpx.Client, export: str, text: str) -> httpx.Response:
    return client.get(f"/{export}", params={"a": text})


def signed(value: int, bits: int) -> int:
    """The signed reading of a bit pattern."""
    half: int = 2 ** (bits - 1)
    return (value + half) % (2 * half) - half


@on_workerd
@given(st.integers(-(2**31), 2**32 - 1))
@example(-(2**31))
@example(2**32 - 1)
def test_every_i32_comes_back_signed(client: httpx.Client, value: int) -> None:
    assert result(ask(client, "i32", str(value))) == signed(value, 32)


@on_workerd
@given(st.integers(-(2**63), 2**64 - 1) | st.integers(-SAFE - 3, SAFE + 3))
@example(SAFE)
@example(-SAFE)
@example(SAFE + 1)
@example(2**64 - 1)
@example(-(2**63))
def test_every_i64_comes_back_as_a_number_or_where_that_would_lie_as_text(
    client: httpx.Client, value: int
) -> None:
    expected = signed(value, 64)

    assert result(ask(client, "i64", str(value))) == (expected if abs(expected) <= SAFE else str(expected))


@on_workerd
@given(kind=st.sampled_from([("i32", 32), ("i64", 64)]), by=st.integers(1), low=st.booleans())
def test_integers_out_of_range_are_refused(
    client: httpx.Client, kind: tuple[str, int], by: int, *, low: bool
) -> None:
    type_, bits = kind
    value = -(2 ** (bits - 1)) - by if low else 2**bits - 1 + by

    response = ask(client, type_, str(value))

    assert response.status_code == 400
    assert "is out of range" in response.json()["problems"][0]["problem"]


def floating(response: httpx.Response) -> object:
    """The result, read as JavaScript reads JSON: every number is a double, also one that is written without a point."""
    assert response.status_code == 200, response.text
    return json.loads(response.text, parse_int=float)["result"]


def as_json(value: float) -> object:
    """A float as the shim writes it."""
    if math.isnan(value) or math.isinf(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    return "-0" if value == 0 and math.copysign(1, value) < 0 else value


@on_workerd
@given(st.floats())
@example(-0.0)
@example(5e-324)
@example(1.7976931348623157e308)
def test_every_f64_comes_back_exactly(client: httpx.Client, value: float) -> None:
    assert floating(ask(client, "f64", repr(value))) == as_json(value)


@on_workerd
@given(st.floats(width=32))
def test_every_f32_comes_back_exactly(client: httpx.Client, value: float) -> None:
    assert floating(ask(client, "f32", repr(value))) == as_json(value)


@on_workerd
@given(st.floats(-3.4e38, 3.4e38))
def test_an_f32_is_rounded_to_the_nearest(client: httpx.Client, value: float) -> None:
    (rounded,) = struct.unpack("f", struct.pack("f", value))

    assert floating(ask(client, "f32", repr(value))) == as_json(rounded)


@pytest.mark.parametrize(
    ("export", "text", "expected"),
    [
        ("f64", "1.", 1), ("f64", ".5", 0.5), ("f64", "-1E3", -1000), ("f64", "007", 7), ("f64", "inf", "Infinity"),
        ("f64", "-INFINITY", "-Infinity"), ("f64", "nan", "NaN"), ("f32", "1e-60", 0), ("i32", "-0", 0), ("i32", "007", 7),
    ],
)  # fmt: skip
def test_spellings_that_are_taken(client: httpx.Client, export: str, text: str, expected: object) -> None:
    assert result(ask(client, export, text)) == expected


@pytest.mark.parametrize("text", ["1e309", "-1e999"])
def test_a_finite_number_never_becomes_infinite(client: httpx.Client, text: str) -> None:
    assert ask(client, "f64", text).json()["problems"][0]["problem"] == f"`{text}` is out of range (f64)"
    assert ask(client, "f32", "3.5e38").status_code == 400


@on_workerd
@given(st.sampled_from(["i32", "i64", "f32", "f64"]), st.text(st.characters(exclude_categories=["Cs"])))
@example("i32", "1\n")
@example("f64", "0x10")
@example("f64", " 1")
@example("f64", "1_000")
@example("f64", "\u0661")
@example("i64", "1n")
@example("i32", "+1")
@example("f64", ".")
@example("f64", "-nan")
def test_any_other_text_is_a_400_and_never_a_crash(client: httpx.Client, export: str, text: str) -> None:
    response = ask(client, export, text)

    is_number = response.status_code == 200
    assert response.status_code in {200, 400}
    # Whatever was taken, Python reads as a number of the same kind too.
    assert not is_number or math.isnan(float(text)) or float(text) == float(response.json()["result"])
