"""Behavior runner: bytes by the ABI of the shim."""

from __future__ import annotations

import pytest

from ci_wasm.core.behavior import Call, OutputRule, Payload, Scenario
from tests.adapters.behaviors import assembled, call, run

BYTES = assembled("""
(module
  (memory (export "memory") 2)
  (global $next (mut i32) (i32.const 1024))
  (global $freed (mut i32) (i32.const 0))
  (func (export "alloc") (param i32) (result i32)
    (global.get $next) (global.set $next (i32.add (global.get $next) (local.get 0))))
  (func (export "dealloc") (param i32 i32) (global.set $freed (i32.add (global.get $freed) (i32.const 1))))
  (func (export "freed") (result i32) (global.get $freed))
  (func (export "echo") (param i32 i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1))))
  (func (export "null") (param i32 i32) (result i64) (i64.const 5))
  (func (export "outside") (param i32 i32) (result i64) (i64.const 0x0001fffc_00000008))
  (func (export "none") (param i32 i32) (result i64) (i64.const 0)))
""")


def bytes_call(export: str, content: bytes, rule: OutputRule | None = None, **more: object) -> Call:
    return Call(export, export, input=Payload("these bytes", content), output=rule, **more)  # type: ignore[arg-type]


def equals(content: bytes) -> OutputRule:
    return OutputRule(equals=Payload("those bytes", content))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (bytes_call("echo", b"hello", equals(b"hello")), ""),
        (bytes_call("echo", b"", equals(b"")), ""),
        (bytes_call("echo", bytes(range(256)) * 400, equals(bytes(range(256)) * 400)), ""),
        (bytes_call("echo", b"hello", OutputRule(contains=Payload('"ell"', b"ell"))), ""),
        (bytes_call("none", b"hello", equals(b"")), ""),
        (bytes_call("null", b"x", trap="bad pointer"), ""),
        (bytes_call("null", b"x"), "failed: it gave a null pointer, and a result was expected"),
        (bytes_call("outside", b"x"), "it gave 8 bytes at 131,068, which is outside of its memory"),
        (
            bytes_call("echo", b"help", equals(b"hell")),
            "gave 4 bytes `help`, and those bytes was expected: byte 3 is 0x70 instead of 0x6c",
        ),
        (
            bytes_call("echo", b"hel", equals(b"hell")),
            "it has 3 bytes instead of 4, and is the same up to there",
        ),
        (
            bytes_call("echo", b"\x00\xff", OutputRule(contains=Payload('"x"', b"x"))),
            'gave 2 bytes `00 ff`, which does not contain "x"',
        ),
        (
            bytes_call("echo", b"x", OutputRule(sha256="0" * 64)),
            "with the SHA-256 2d711642b726b04401627ca9fbac32f5",
        ),
        (bytes_call("echo", b"x" * 200_000), "which is outside of its memory"),
        (
            bytes_call("freed", b"x"),
            "its type is `() -> i32`, and a function of bytes is `(i32, i32) -> i64`",
        ),
    ],
)
def test_bytes_go_in_and_come_out_by_the_abi_of_the_shim(made: Call, words: str) -> None:
    trial = run(made, wasm=BYTES)

    messages = [finding.message for finding in trial.findings]
    assert (len(messages), words in "".join(messages)) == (1 if words else 0, True)


def test_what_was_given_is_taken_back() -> None:
    trial = run(
        Scenario((bytes_call("echo", b"x"), bytes_call("none", b"x"), call("freed", expect=("3",)))),
        wasm=BYTES,
    )

    assert trial.findings == ()


def test_bytes_need_the_whole_abi() -> None:
    wasm = assembled('(module (func (export "handle") (param i32 i32) (result i64) (i64.const 0)))')

    messages = [finding.message for finding in run(bytes_call("handle", b""), wasm=wasm).findings]

    assert [
        word in message for word, message in zip(("`alloc", "`dealloc", "`memory`"), messages, strict=True)
    ]
