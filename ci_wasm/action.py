"""Action: one run as the GitHub Actions runner starts it. (environment, event file) -> exit code.

This file decides whether there is anything to do, and imports what a run needs only then.
"""

from __future__ import annotations

from ci_wasm.core.occasion import nothing_to_do
from ci_wasm.errors import EXIT_OK, EventError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ci_wasm.ports import Runner


def run_action(environ: Mapping[str, str], runner: Runner) -> int:
    """Do the whole run; gives the exit code. Raises CiWasmError only before there is an event to report on."""
    name = event_name(environ)
    payload: dict[str, object] = {}
    reason = nothing_to_do(name, lambda: payload.update(read_payload(environ)) or payload)
    if reason:
        runner.log(f"Nothing to do: {reason}")
        return EXIT_OK
    from ci_wasm.run import run_event

    # It was read where the event's name did not decide.
    return run_event(name, payload or read_payload(environ), environ, runner)


def event_name(environ: Mapping[str, str]) -> str:
    """The event's name; raises EventError where the runner set none."""
    name = environ.get("GITHUB_EVENT_NAME", "")
    if not name:
        raise EventError(
            "GITHUB_EVENT_NAME is not set, so there is no event to act on",
            cure="`ci-wasm run` is what the GitHub Action starts. At home, use `ci-wasm check` and `ci-wasm preview`.",
        )
    return name


def read_payload(environ: Mapping[str, str]) -> dict[str, object]:
    """The payload that GitHub wrote for the run; raises EventError."""
    import json

    cure = "Run ci-wasm in a job that GitHub started; GITHUB_EVENT_PATH is set by the runner."
    path = environ.get("GITHUB_EVENT_PATH", "")
    if not path:
        raise EventError("GITHUB_EVENT_PATH is not set, so the event's payload cannot be read", cure=cure)
    try:
        with open(path, "rb") as file:  # noqa: PTH123 (pathlib costs as much as a bare start)
            payload = json.load(file)
    except OSError as error:
        raise EventError(
            f"the event payload cannot be read: {error.strerror or 'unreadable'}", cure=cure
        ) from None
    except ValueError as error:
        raise EventError(f"the event payload is not JSON: {error}", cure=cure) from None
    if not isinstance(payload, dict):
        raise EventError("the event payload is not a JSON object", cure=cure)
    return payload
