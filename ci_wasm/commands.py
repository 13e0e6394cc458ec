"""Commands: what each subcommand does, a few lines over the pipeline. arguments -> output, exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ci_wasm.core.build import PrebuiltSource
from ci_wasm.errors import EXIT_OK, ConfigError

if TYPE_CHECKING:
    from ci_wasm.config.settings import Settings
    from ci_wasm.ports import Runner
    from ci_wasm.wiring import Adapters


@dataclass(frozen=True)
class Command:
    """The surroundings of one command: environment, stdout for results, and the runner for messages."""

    environ: Mapping[str, str]
    stdout: TextIO
    runner: Runner

    def run(self) -> int:
        """The action itself."""
        from ci_wasm.action import run_action

        return run_action(self.environ, self.runner)

    def check(self, file: str | None, config: str, base: str | None, format_: str) -> int:
        """Budgets and contract; gives the verdict's exit code."""
        from ci_wasm.core.report import Subject
        from ci_wasm.pipeline import Job, judge_only
        from ci_wasm.render.comment import render_comment
        from ci_wasm.render.log import render_log
        from ci_wasm.render.report_json import render_json

        with self._session(config) as (adapters, settings):
            judged = settings if file is None else _judging(settings, file)
            commit = adapters.repository.head() if base is not None else ""
            if base is not None and adapters.repository.merge_base("HEAD", base) is None:
                raise ConfigError(
                    f"`{base}` is no commit that this checkout shares history with",
                    cure="Give `--base` a branch, tag or commit that git knows here (`git fetch` brings more).",
                )
            report = judge_only(Job(Path.cwd(), judged, adapters, Subject(commit), self.runner.log), base)
        renderers: dict[str, Callable[[], str]] = {
            "json": lambda: render_json(report),
            "markdown": lambda: render_comment(report),
            "text": lambda: render_log(report),
        }
        self._print(renderers[format_]())
        return report.verdict.exit_code

    def history(self, paths: Sequence[str], format_: str) -> int:
        """Sizes over commits, from what runs left behind."""
        from ci_wasm.adapters.git_repository import GitRepository
        from ci_wasm.stored_reports import show_history

        def in_order(commits: Sequence[str]) -> list[str] | None:
            try:
                return GitRepository(Path.cwd(), self.environ).in_order(commits)
            except ConfigError:
                # No checkout: then nobody knows these commits.
                return None

        self._print(show_history(paths, format_, in_order))
        return EXIT_OK

    def preview(self, config: str, port: int) -> int:
        """Build, deploy to a local edge, print the URL, and serve until Ctrl-C."""
        from ci_wasm.core.report import Subject
        from ci_wasm.pipeline import Job
        from ci_wasm.serve_preview import serve_previews

        with self._session(config) as (adapters, settings):
            job = Job(Path.cwd(), settings, adapters, Subject(""), self.runner.log)
            return serve_previews(job, port, self._print)

    def edge(self, port: int) -> int:
        """The local edge alone, for any client that honors CLOUDFLARE_API_BASE_URL."""
        from ci_wasm.edge.serve import serve_forever

        serve_forever(port)
        return EXIT_OK

    @contextmanager
    def _session(self, config: str) -> Iterator[tuple[Adapters, Settings]]:
        """Adapters and settings for the current folder."""
        from ci_wasm.config.inputs import read_inputs
        from ci_wasm.config.resolve import load_settings
        from ci_wasm.wiring import Adapters

        root = Path.cwd()
        inputs = replace(read_inputs(self.environ), config=config)
        with Adapters(self.environ, root, inputs, self.runner) as adapters:
            yield adapters, load_settings(root, inputs)

    def _print(self, text: str) -> None:
        self.stdout.write(text if text.endswith("\n") else text + "\n")
        self.stdout.flush()


def _judging(settings: Settings, file: str) -> Settings:
    """The settings with a given module in the place of the one that would be built."""
    if len(settings.workers) != 1:
        raise ConfigError(
            f"`{file}` was given, but ci-wasm.yml has {len(settings.workers)} Workers",
            cure="Leave the file out to build and judge all of them, or give `--config` a file with one Worker.",
        )
    return replace(settings, workers=(replace(settings.workers[0], source=PrebuiltSource(file)),))
