"""Call result: what a call gave, and whether it is what was asked for. (Call, Answer) -> CallResult, findings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from msgspec import Struct

from ci_wasm.core.behavior import ANY_TRAP, Call, OutputRule, describe_call
from ci_wasm.core.finding import Finding, FindingKind, Severity
from ci_wasm.core.module import FuncType
from ci_wasm.core.number import is_same

_PREVIEW = 60
_CURE = "Correct the function; if the new result is right, change `behavior` in ci-wasm.yml."


class Answer(Struct, frozen=True):
    """What came of a call: `results` or `output`, or `failure`, which says why there is neither.

    `trap` is the kind of a trap of the module itself. `is_made` is False where something before it had failed. `memory`
    is bytes of all linear memories afterwards, None where one of them cannot be seen.
    """

    results: tuple[str, ...] | None = None
    output: bytes | None = None
    failure: str = ""
    trap: str = ""
    is_made: bool = True
    fuel: int = 0
    memory: int | None = None

    @property
    def is_given(self) -> bool:
        """Whether the call came to its end."""
        return self.results is not None or self.output is not None


class Output(Struct, frozen=True):
    """Bytes that came out; `preview` is their beginning as text, or in hexadecimal digits."""

    size: int
    sha256: str
    preview: str


class CallResult(Struct, frozen=True):
    """One call for the report. `text` is the call as one writes it; `fuel` None where it has no meaning."""

    name: str
    text: str
    results: tuple[str, ...] | None = None
    output: Output | None = None
    failure: str = ""
    trap: str = ""
    fuel: int | None = None
    memory: int | None = None
    as_expected: bool = True


def make_result(call: Call, answer: Answer, type_: FuncType) -> CallResult:
    """What the report tells of a call. Fuel until a trap is none: wasmtime adds it up where functions are left as usual."""
    return CallResult(
        call.name,
        describe_call(call),
        answer.results,
        None if answer.output is None else _output(answer.output),
        answer.failure,
        answer.trap,
        answer.fuel if answer.is_given else None,
        answer.memory if answer.is_made else None,
        answer.is_made and not any(call_findings(call, answer, type_)),
    )


def call_findings(call: Call, answer: Answer, type_: FuncType) -> Iterator[Finding]:
    """Judge one call: what it gave, then the memory it took. Fuel is judged with the budgets."""
    text = describe_call(call)
    if not answer.is_made:
        return
    if complaint := _complaint(call, answer, type_):
        yield Finding(FindingKind.BEHAVIOR_BROKEN, Severity.ERROR, call.name, f"`{text}` {complaint}", _CURE)
    elif call.max_memory is not None and answer.memory is not None and answer.memory > call.max_memory:
        yield Finding(
            FindingKind.BEHAVIOR_MEMORY,
            Severity.ERROR,
            call.name,
            f"`{text}` used {answer.memory:,} bytes of memory, {answer.memory - call.max_memory:,} more than its limit of "
            f"{call.max_memory:,}",
            "Look at what it keeps; make it smaller, or raise `max-memory` in ci-wasm.yml and say why.",
            answer.memory,
            call.max_memory,
        )


def is_trap_wanted(call: Call, answer: Answer) -> bool:
    """Whether the call trapped, and as it must."""
    return bool(answer.trap) and call.trap in {ANY_TRAP, answer.trap}


def _complaint(call: Call, answer: Answer, type_: FuncType) -> str:
    """What is wrong with an answer, as the rest of a sentence; empty where nothing is."""
    if call.trap:
        wanted = "a trap" if call.trap == ANY_TRAP else f"the trap `{call.trap}`"
        return "" if is_trap_wanted(call, answer) else f"{_gave(answer)}, and {wanted} was expected"
    if not answer.is_given:
        return f"{_gave(answer)}, and {_wanted(call)} was expected"
    if call.output is not None and answer.output is not None:
        return _output_complaint(call.output, answer.output)
    if call.expect is None or answer.results is None:
        return ""
    types = type_.results
    same = all(
        is_same(kind, one, other, call.ulp)
        for kind, one, other in zip(types, call.expect, answer.results, strict=True)
    )
    steps = "" if call.ulp is None else f" (`ulp` {call.ulp})"
    return "" if same else f"{_gave(answer)}, and {_wanted(call)} was expected{steps}"


def _output_complaint(rule: OutputRule, output: bytes) -> str:
    given = f"gave {_described(_output(output))}"
    if rule.equals is not None and output != rule.equals.content:
        return f"{given}, and {rule.equals.label} was expected: {_difference(rule.equals.content, output)}"
    if rule.contains is not None and rule.contains.content not in output:
        return f"{given}, which does not contain {rule.contains.label}"
    if rule.sha256 and _output(output).sha256 != rule.sha256:
        return f"{given} with the SHA-256 {_output(output).sha256}, and {rule.sha256} was expected"
    return ""


def _difference(expected: bytes, actual: bytes) -> str:
    shorter = min(len(expected), len(actual))
    place = next((index for index in range(shorter) if expected[index] != actual[index]), shorter)
    if place == shorter:
        return f"it has {len(actual):,} bytes instead of {len(expected):,}, and is the same up to there"
    return f"byte {place:,} is {actual[place]:#04x} instead of {expected[place]:#04x}"


def _gave(answer: Answer) -> str:
    if answer.output is not None:
        return f"gave {_described(_output(answer.output))}"
    if answer.results is not None:
        return f"gave {_listed(answer.results)}"
    return f"failed: {answer.failure}"


def _wanted(call: Call) -> str:
    rule = call.output
    if rule is not None and rule.equals is not None:
        return rule.equals.label
    if call.expect is not None:
        return _listed(call.expect)
    return "a result"


def _described(output: Output) -> str:
    return f"{output.size:,} bytes `{output.preview}`" if output.size else "no bytes"


def _output(content: bytes) -> Output:
    start = content[:_PREVIEW]
    # A character may have been cut in two.
    text = start.decode("utf-8", "ignore")
    is_text = text.isprintable() and len(text.encode()) > len(start) - 4 and bool(text)
    preview = text if is_text else start[: _PREVIEW // 3].hex(" ")
    more = "…" if len(content) > (_PREVIEW if is_text else _PREVIEW // 3) else ""
    return Output(len(content), hashlib.sha256(content).hexdigest(), preview + more)


def _listed(values: tuple[str, ...]) -> str:
    return f"`{', '.join(values)}`" if values else "nothing"
