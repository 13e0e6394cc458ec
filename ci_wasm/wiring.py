"""Wiring: the composition root; every adapter is made here, when it is first asked for. -> World."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ci_wasm.config.secret import Secret
from ci_wasm.core.plan import Strategy
from ci_wasm.core.sizes import COMPRESSED_METRICS
from ci_wasm.errors import ConfigError

if TYPE_CHECKING:
    from ci_wasm.config.inputs import Inputs
    from ci_wasm.edge.serve import LocalEdge
    from ci_wasm.ports import (
        Baselines,
        Behavior,
        Forge,
        ModuleReader,
        Repository,
        Runner,
        Scales,
        StartupTimer,
        Toolchain,
        Web,
        Workers,
    )


class Adapters:
    """The real world of one run. A context manager: leaving it stops what was started (the local edge).

    `compressed` are the formats whose sizes somebody will see or limit; `reader` is one that has begun to read.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        root: Path,
        inputs: Inputs,
        runner: Runner,
        compressed: frozenset[str] = COMPRESSED_METRICS,
        reader: ModuleReader | None = None,
    ) -> None:
        self.root = root
        self._environ = environ
        self._inputs = inputs
        self._runner = runner
        self._compressed = compressed
        if reader is not None:
            self.reader = reader
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    @cached_property
    def toolchain(self) -> Toolchain:
        from ci_wasm.adapters.local_toolchain import LocalToolchain

        return LocalToolchain(self._cargo)

    def _cargo(self) -> Toolchain:
        from ci_wasm.adapters.cargo_toolchain import CargoToolchain

        terminal = sys.stderr if sys.stderr.isatty() else None
        return CargoToolchain(self._environ, log=self._runner.log_foreign, terminal=terminal)

    @cached_property
    def repository(self) -> Repository:
        from ci_wasm.adapters.git_repository import GitRepository

        # A worktree of this folder is the same folder in the other checkout.
        return GitRepository(self.root / self._inputs.working_directory, self._environ)

    @cached_property
    def reader(self) -> ModuleReader:
        from ci_wasm.adapters.module_reader import WasmtimeModuleReader

        return WasmtimeModuleReader()

    @cached_property
    def scales(self) -> Scales:
        from ci_wasm.adapters.compression import ThreadedScales

        return ThreadedScales(formats=self._compressed)

    @cached_property
    def behavior(self) -> Behavior:
        from ci_wasm.adapters.behavior_runner import BehaviorRunner

        return BehaviorRunner()

    @cached_property
    def startup(self) -> StartupTimer:
        from ci_wasm.adapters.workerd_startup import WorkerdStartup

        return WorkerdStartup()

    @cached_property
    def web(self) -> Web:
        from ci_wasm.adapters.web import HttpxWeb

        return HttpxWeb()

    @cached_property
    def forge(self) -> Forge | None:
        repository = self._environ.get("GITHUB_REPOSITORY", "")
        if not (self._inputs.github_token and repository):
            return None
        from ci_wasm.adapters.github_forge import GitHubForge

        api_url = self._environ.get("GITHUB_API_URL") or "https://api.github.com"
        return GitHubForge(api_url, repository, self._inputs.github_token.reveal())

    @cached_property
    def baselines(self) -> Baselines | None:
        if self.forge is None:
            return None
        from ci_wasm.adapters.baseline_branch import BaselineBranch

        return BaselineBranch(self.forge)

    @cached_property
    def edge(self) -> LocalEdge:
        """The local edge, started on first use."""
        from ci_wasm.edge.serve import LocalEdge

        return self._resources.enter_context(LocalEdge())

    def workers(self, strategy: Strategy) -> Workers:
        from ci_wasm.adapters.cloudflare_workers import CloudflareWorkers

        if strategy is Strategy.LOCAL:
            return CloudflareWorkers(self.edge.api_url, self.edge.account, Secret(self.edge.token))
        inputs = self._inputs
        missing = [
            name
            for name, value in (
                ("cloudflare-api-token", inputs.cloudflare_api_token),
                ("cloudflare-account-id", inputs.cloudflare_account_id),
            )
            if not value
        ]
        if missing:
            raise ConfigError(
                f"previews on Cloudflare need {' and '.join(f'`{name}`' for name in missing)}",
                cure="Pass them under `with:` from the repository's secrets, or set `preview.strategy: local`.",
            )
        return CloudflareWorkers(
            inputs.cloudflare_api_url, inputs.cloudflare_account_id, inputs.cloudflare_api_token
        )

    def shim_source(self) -> str:
        from ci_wasm.adapters.shim_source import read_shim_source

        return read_shim_source()

    def proof_source(self) -> str:
        from ci_wasm.adapters.shim_source import read_proof_source

        return read_proof_source()

    @property
    def docs_url(self) -> str:
        """Where this version's documentation can be read, when the run is a published action's; else empty."""
        repository, ref = (self._environ.get(f"GITHUB_ACTION_{name}", "") for name in ("REPOSITORY", "REF"))
        server = self._environ.get("GITHUB_SERVER_URL", "")
        return f"{server}/{repository}/blob/{ref}/" if server and repository and ref else ""
