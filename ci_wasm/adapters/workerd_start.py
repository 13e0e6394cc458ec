"""Workerd start: whether a process came to listen, and why not. (control pipe, output) -> Start, DeployError.

workerd writes to the pipe of `--control-fd` when a socket listens, and closes it when it ends.
"""

from __future__ import annotations

import json
import os
import select
import time
from enum import Enum

from ci_wasm.errors import DeployError

# Cloudflare's code for "the Worker does not start".
VALIDATION_FAILED = 10021


class Start(Enum):
    """How a start ended."""

    LISTENS = "listens"
    ENDED = "ended"
    TIMED_OUT = "timed out"


def await_listen(control: int, deadline: float) -> Start:
    """Read control messages, one JSON object a line, until the socket listens or `deadline` (of time.monotonic) passes."""
    poller = select.poll()
    poller.register(control, select.POLLIN)
    pending = b""
    while (remaining := deadline - time.monotonic()) > 0 and poller.poll(remaining * 1000):
        if not (chunk := os.read(control, 4096)):
            return Start.ENDED
        *lines, pending = (pending + chunk).split(b"\n")
        if any(json.loads(line).get("event") == "listen" for line in lines if line):
            return Start.LISTENS
    return Start.TIMED_OUT


def start_failure(output: str, *, timed_out: bool) -> DeployError:
    """What to raise for a Worker that did not start, with workerd's message as `detail`."""
    if timed_out:
        detail = "Script startup exceeded CPU time limit."
    elif "V8 fatal error" in output:
        detail = "Script startup exceeded memory limit."
    else:
        detail = startup_message(output)
    return DeployError(
        f"The Worker does not start: {detail.splitlines()[0]}",
        cure="Correct what the message names and upload again; top-level code must finish within a second.",
        detail=detail,
        api_code=VALIDATION_FAILED,
    )


def startup_message(output: str) -> str:
    """What workerd says about a Worker that does not start, as Cloudflare words it: without stacks of workerd."""
    lines = [line for line in output.splitlines() if not line.startswith(("stack:", "workerd/"))]
    first = next((number for number, line in enumerate(lines) if line.startswith("service main: ")), 0)
    text = "\n".join(line.removeprefix("service main: ") for line in lines[first:]).strip()
    return text or "workerd ended without a message"
