"""Errors: what keeps ci-wasm from doing its job; each class owns its exit code, code word, cure and page.

    CiWasmError
     +- ConfigError        2  ci-wasm.yml, an input or the wrangler config is wrong
     +- EventError         3  the event payload is missing or broken
     +- BuildError         4  the crate does not build
     +- ArtifactError      5  the built file is not a module that ci-wasm can judge
     +- DeployError        6  Cloudflare (or the local edge) refused
     +- ForgeError         7  GitHub refused
     +- ToolMissingError   8  a program that the run needs is not installed
     +- NetworkError       9  an outside system could not be reached

A broken budget is no error: it is a finding (exit code 1). 70 is a bug in ci-wasm.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

EXIT_OK = 0
EXIT_BROKEN = 1
EXIT_BUG = 70


class CiWasmError(Exception):
    """What happened, why we think so, what to do about it.

    `message` is one line without a final full stop being required; `cure` is one or more imperative sentences;
    `detail` is evidence (a compiler's error, an answer's body), possibly many lines, and may hold text that a
    repository controls: it is escaped where it is rendered. None of them may hold a secret.
    """

    exit_code: ClassVar[int] = EXIT_BUG
    code: ClassVar[str] = "bug"

    def __init__(
        self, message: str, *, cure: str, detail: str = "", file: str | None = None, line: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        self.detail = detail
        self.file = file
        self.line = line

    @property
    def page(self) -> str:
        """Where the documentation explains this class of error, relative to the repository's root."""
        return f"docs/errors.md#{self.code}"


class ConfigError(CiWasmError):
    """A setting is unknown, of the wrong type or contradicts another; all problems come in one error."""

    exit_code = 2
    code = "config"


class EventError(CiWasmError):
    """GITHUB_EVENT_NAME or GITHUB_EVENT_PATH is missing, or the payload lacks what every such event has."""

    exit_code = 3
    code = "event"


class BuildError(CiWasmError):
    """Cargo failed, or what it built holds no `cdylib`."""

    exit_code = 4
    code = "build"


class ArtifactError(CiWasmError):
    """The file is not a core WebAssembly module, or it is malformed."""

    exit_code = 5
    code = "artifact"


class DeployError(CiWasmError):
    """The Workers API refused an upload, or the Worker does not start."""

    exit_code = 6
    code = "deploy"

    def __init__(self, message: str, *, cure: str, detail: str = "", api_code: int | None = None) -> None:
        super().__init__(message, cure=cure, detail=detail)
        self.api_code = api_code


class ForgeError(CiWasmError):
    """GitHub refused: a token is missing, may not do this, or the API answered with an error."""

    exit_code = 7
    code = "forge"


class ToolMissingError(CiWasmError):
    """Cargo, git, workerd or the wasm32 target is not there."""

    exit_code = 8
    code = "tool-missing"


class NetworkError(CiWasmError):
    """An outside system did not answer in time, or not at all."""

    exit_code = 9
    code = "network"


ALL_ERRORS: tuple[type[CiWasmError], ...] = (
    ConfigError,
    EventError,
    BuildError,
    ArtifactError,
    DeployError,
    ForgeError,
    ToolMissingError,
    NetworkError,
)
