"""Chromium: drive Debian's Chromium by its DevTools protocol, over a pipe. -> Browser, Tab.

https://chromedevtools.github.io/devtools-protocol/: messages are JSON, each ended by a NUL; Chromium reads its file
descriptor 3 and writes 4.
"""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SECONDS = 30.0
# Without these, Chromium asks its maker's hosts for updates, lists and time, which is not what is tested.
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
_KEYS = {
    "Enter": 13,
    "Escape": 27,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
    "Tab": 9,
}


class Browser:
    """One Chromium process with a profile of its own, which ends with the block."""

    def __init__(self, executable: str, profile: Path) -> None:
        self._command = [executable, *FLAGS, f"--user-data-dir={profile}"]
        if os.geteuid() == 0:
            # Chromium refuses to start as root with its sandbox.
            self._command.append("--no-sandbox")
        self._last = 0
        self._answers: dict[int, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        read_commands, self._write = os.pipe()
        self._read, write_answers = os.pipe()
        # bash moves the pipes to the numbers that Chromium expects; its own copies of ours close with exec.
        script = f'exec "$@" 3<&{read_commands} 4>&{write_answers}'
        self._process = subprocess.Popen(
            ["bash", "-c", script, "bash", *self._command],
            pass_fds=(read_commands, write_answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_commands)
        os.close(write_answers)
        self._buffer = b""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._write)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)

    def tab(self, *, width: int = 1280, height: int = 900, dark: bool = False) -> Tab:
        """A new tab; the events of the others are forgotten."""
        self.events.clear()
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        tab = Tab(self, str(session))
        for domain in ("Page", "Runtime", "Network", "Log"):
            tab.call(f"{domain}.enable")
        tab.call(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        tab.call("Emulation.setEmulatedMedia", {"features": [scheme]})
        return tab

    def call(
        self, method: str, params: Mapping[str, object] | None = None, session: str | None = None
    ) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + SECONDS
        while self._last not in self._answers:
            self._receive(deadline)
        answer = self._answers.pop(self._last)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: dict[str, Any] = answer["result"]
        return result

    def wait(self, method: str, session: str) -> None:
        """Wait until this tab has sent such an event."""
        deadline = time.monotonic() + SECONDS
        while not any(
            event["method"] == method and event.get("sessionId") == session for event in self.events
        ):
            self._receive(deadline)

    def _receive(self, deadline: float) -> None:
        ready, _, _ = select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))
        chunk = os.read(self._read, 1 << 16) if ready else b""
        assert chunk, "Chromium ended" if ready else f"Chromium said nothing for {SECONDS} s"
        *messages, self._buffer = (self._buffer + chunk).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self._answers[message["id"]] = message
            else:
                self.events.append(message)


class Tab:
    """One page, as its user meets it: keys, clicks, and what can be seen."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    def call(self, method: str, params: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Send a command to this tab."""
        return self._browser.call(method, params, self._session)

    def open(self, address: str) -> None:
        """Go there and wait until the page has loaded and been drawn."""
        self.call("Page.navigate", {"url": address})
        self._browser.wait("Page.loadEventFired", self._session)
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited."""
        answer = self.call(
            "Runtime.evaluate", {"expression": expression, "returnByValue": True, "awaitPromise": True}
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """Click into the middle of what is first found."""
        place = self.run(
            f"(() => {{ const found = document.querySelector({json.dumps(selector)}); found.scrollIntoView({{block: 'center'}});"
            " const box = found.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        self.click_at(*place)

    def click_at(self, x: float, y: float) -> None:
        """Move there, press and release."""
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
            )

    def press(self, key: str) -> None:
        """Press a key by its DOM name."""
        code = {"key": key, "code": key, "windowsVirtualKeyCode": _KEYS[key]}
        text = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", {"type": "keyDown", **code, **text})
        self.call("Input.dispatchKeyEvent", {"type": "keyUp", **code})

    def type(self, text: str) -> None:
        """Put text where the focus is."""
        self.call("Input.insertText", {"text": text})

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        """Write a PNG of the page, or of what the window shows."""
        picture = self.call("Page.captureScreenshot", {"captureBeyondViewport": whole})["data"]
        path.write_bytes(base64.b64decode(picture))

    def events(self, method: str) -> list[dict[str, Any]]:
        """The parameters of every such event of this tab, so far."""
        self.run("0")
        return [
            event["params"]
            for event in self._browser.events
            if event["method"] == method and event.get("sessionId") == self._session
        ]

    def complaints(self) -> list[str]:
        """Errors and warnings that the page has caused: exceptions, console, security policy, network."""
        log = [
            event["entry"]["text"]
            for event in self.events("Log.entryAdded")
            if event["entry"]["level"] != "verbose"
        ]
        console = [str(event["args"]) for event in self.events("Runtime.consoleAPICalled")]
        thrown = [str(event["exceptionDetails"]) for event in self.events("Runtime.exceptionThrown")]
        return log + console + thrown

    def requests(self) -> list[str]:
        """Every address that the page has asked for, itself included."""
        return [event["request"]["url"] for event in self.events("Network.requestWillBeSent")]
