"""Ports: what a run asks of the world outside, one protocol for each system; adapters/ and tests/fakes/ keep them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ci_wasm.core.build import Build, CommandSource, CrateSource, PrebuiltSource
    from ci_wasm.core.check_run import CheckRun, CommitStatus
    from ci_wasm.core.history import Commit, History, Recorded
    from ci_wasm.core.matching import Matching
    from ci_wasm.core.measurement import Measurement, Upload
    from ci_wasm.core.module import Module
    from ci_wasm.core.plan import Strategy
    from ci_wasm.core.preview import Deployment, SmokeAnswer, SmokeRequest
    from ci_wasm.core.rehearsal import Rehearsal
    from ci_wasm.core.sizes import Sizes
    from ci_wasm.core.startup import Startup
    from ci_wasm.core.trial import Run
    from ci_wasm.core.waiver import BranchTip, Labeling
    from ci_wasm.core.worker import Provenance, Worker


class Toolchain(Protocol):
    """Rust: builds crates for wasm32-unknown-unknown."""

    def build(self, root: Path, source: CrateSource | CommandSource) -> Build:
        """Build the crate at `root / source.path`, or whatever a command of the user's own builds.

        Raises BuildError (no Cargo.toml, does not compile, not a cdylib) or ToolMissingError (no cargo, no target).
        """
        ...

    def read_prebuilt(self, root: Path, source: PrebuiltSource) -> Build:
        """Read a module that something else built; raises BuildError where there is no such file."""
        ...


class Behavior(Protocol):
    """Wasmtime in a process of its own: calls of a module's exports."""

    def run(self, wasm: bytes, rehearsal: Rehearsal) -> Run:
        """Start a module and make the calls of every scenario; what fails says so in its answer."""
        ...


class Repository(Protocol):
    """Git: the checkout that the run works on."""

    def head(self) -> str:
        """The full SHA of the checked-out commit."""
        ...

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor, or None where the history that was fetched does not reach it."""
        ...

    def first_parents(self, commit: str, count: int) -> Sequence[Commit]:
        """A commit, its first parent, that one's, …: at most `count`, fewer where no more was fetched."""
        ...

    def worktree(self, commit: str) -> AbstractContextManager[Path]:
        """A clean checkout of `commit` in a folder of its own, removed afterwards."""
        ...


class ModuleReader(Protocol):
    """The analyzer: reads a module, valid or not."""

    def read(self, wasm: bytes, *, functions: int | None = 50) -> Module:
        """Read sections, types, functions (the largest `functions`, None for all). A broken module sets `error`."""
        ...

    def match(self, base: Module, head: Module) -> Matching | None:
        """Find out which listed function is which; None where one module has no names: an index shifts with every insertion."""
        ...


class Scales(Protocol):
    """Compression: what a file weighs on the wire."""

    def start(self, wasm: bytes) -> Callable[[], Sizes]:
        """Begin to weigh a file; calling the answer waits for its sizes."""
        ...

    def start_upload(self, worker: Worker) -> Callable[[], Upload]:
        """The same for a whole Worker, as it is uploaded."""
        ...


class StartupTimer(Protocol):
    """workerd: what starting a Worker takes."""

    def measure(self, head: Worker, base: Worker | None, runs: int) -> Startup:
        """Start fresh processes of both, and of none, in turn: `runs` of each.

        Raises DeployError where one does not start, ToolMissingError where there is no workerd.
        """
        ...


class Workers(Protocol):
    """Cloudflare's Workers API, real or local: previews of one account."""

    def deploy_preview(self, worker: Worker, preview: str, provenance: Provenance) -> Deployment:
        """Create or update the preview called `preview` of `worker.name`; the Worker itself is created when missing.

        Raises DeployError (refused) or NetworkError (no answer after retries).
        """
        ...

    def delete_preview(self, worker_name: str, preview: str) -> bool:
        """Delete a preview; False where there was none."""
        ...


class Web(Protocol):
    """HTTP to a preview's URL."""

    def answer(self, base_url: str, request: SmokeRequest, *, commit: str = "") -> SmokeAnswer:
        """Send one request; waits (bounded) for a new URL to come alive and to show `commit`. Raises NetworkError."""
        ...


class Forge(Protocol):
    """GitHub: one repository, as the run's token sees it."""

    def put_comment(self, pull_request: int, key: str, body: str) -> str:
        """Create or update the one comment that carries the hidden marker of `key` and is ours; gives its URL."""
        ...

    def labelings(self, pull_request: int) -> Sequence[Labeling]:
        """Every setting and taking off of a label, the oldest first."""
        ...

    def permission(self, login: str) -> str:
        """A user's permission for the repository: `admin`, `write`, `read` or `none`, whatever it comes from."""
        ...

    def branch_tip(self, branch: str, fork: int | None = None) -> BranchTip | None:
        """Where GitHub's log of pushes has the branch, None where it has nothing; `fork` is a repository's id."""
        ...

    def put_check_run(self, check: CheckRun) -> str:
        """Create a check run, once for each `external_id`; gives its URL."""
        ...

    def put_status(self, status: CommitStatus) -> None:
        """Create a commit status."""
        ...

    def read_file(self, branch: str, path: str) -> bytes | None:
        """A file's content on a branch, None where branch or file is missing."""
        ...

    def write_file(self, branch: str, path: str, content: bytes, message: str) -> None:
        """Commit one file to a data branch (made, without history, when missing); safe against concurrent writers."""
        ...


class Baselines(Protocol):
    """The measurements of merged commits, and the histories that lead to them."""

    def read(self, commit: str) -> Recorded | None:
        """What was recorded for a commit; None where nothing was."""
        ...

    def write(
        self, commit: str, measurements: Mapping[str, Measurement], histories: Mapping[str, History]
    ) -> None:
        """Record a commit, by Worker name."""
        ...


class Runner(Protocol):
    """The GitHub Actions runner (or a terminal that stands in for it)."""

    def annotate(
        self,
        severity: str,
        message: str,
        *,
        title: str = "",
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        """Show an annotation; `severity` is error, warning or notice."""
        ...

    def set_outputs(self, outputs: Mapping[str, str]) -> None:
        """Set the step's outputs."""
        ...

    def add_summary(self, markdown: str) -> None:
        """Append to the job summary."""
        ...

    def mask(self, secrets: Sequence[str]) -> None:
        """Have the runner replace these texts in all logs; called before anything else is printed."""
        ...

    def log(self, line: str) -> None:
        """Print one line, from our own words only."""
        ...

    def log_foreign(self, text: str) -> None:
        """Print text of a child process or of a repository so that it cannot be read as a workflow command."""
        ...


class World(Protocol):
    """All systems outside, each made when it is first asked for: an import costs more than most runs need."""

    @property
    def toolchain(self) -> Toolchain: ...

    @property
    def repository(self) -> Repository: ...

    @property
    def reader(self) -> ModuleReader: ...

    @property
    def scales(self) -> Scales: ...

    @property
    def behavior(self) -> Behavior: ...

    @property
    def startup(self) -> StartupTimer: ...

    @property
    def web(self) -> Web: ...

    @property
    def forge(self) -> Forge | None:
        """None without a GitHub token."""
        ...

    @property
    def baselines(self) -> Baselines | None:
        """None where no store of baselines can be reached."""
        ...

    def workers(self, strategy: Strategy) -> Workers:
        """Cloudflare's API for PREVIEWS, the local edge (started now) for LOCAL; raises ConfigError without a token."""
        ...

    def shim_source(self) -> str:
        """The JavaScript of the shim for raw modules."""
        ...

    def proof_source(self) -> str:
        """The JavaScript that puts the commit into the answers of a Worker with a main module of its own."""
        ...
