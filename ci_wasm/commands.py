"""Commands: what each subcommand does, a few lines over the pipeline. arguments -> output, exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ci_wasm.core.build import PrebuiltSource
from ci_wasm.core.measurement import Measurement, make_measurement, require_core_module
from ci_wasm.errors import EXIT_OK, ArtifactError, ConfigError

if TYPE_CHECKING:
    from ci_wasm.config.settings import Settings
    from ci_wasm.core.module import Module
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

    def measure(self, file: str, format_: str, functions: int, brotli: str | None) -> int:
        """One module's facts; `brotli` is a name of BROTLI_QUALITIES, None to compress nothing."""
        from ci_wasm.render.measurement import render_measurement

        (measurement,) = _measure([file], None if format_ == "json" else functions, brotli)
        self._print(render_measurement(file, measurement, format_))
        return EXIT_OK

    def diff(self, base: str, head: str, format_: str, brotli: str | None) -> int:
        """Two modules' difference; a breaking change is told, not judged: that is what `check` does."""
        from ci_wasm.core.compatibility import compatibility_changes
        from ci_wasm.core.growth import make_growth
        from ci_wasm.render.difference import render_difference

        before, after = _measure([base, head], None, brotli)
        changes = compatibility_changes(before.module, after.module)
        self._print(render_difference(make_growth(before, after), changes, format_))
        return EXIT_OK

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


def _measure(files: Sequence[str], functions: int | None, brotli: str | None) -> list[Measurement]:
    from ci_wasm.adapters.compression import BareScales, ThreadedScales

    wasms = [_read_module(file) for file in files]
    scales = BareScales() if brotli is None else ThreadedScales(brotli)
    sizes = [scales.start(wasm) for wasm in wasms]
    modules = [
        require_core_module(module, file)
        for file, module in zip(files, _analyze(wasms, functions), strict=True)
    ]
    return [
        make_measurement(wasm, module, weighed())
        for wasm, module, weighed in zip(wasms, modules, sizes, strict=True)
    ]


def _analyze(wasms: Sequence[bytes], functions: int | None) -> list[Module]:
    """Read modules side by side: the analyzer needs no lock of Python's."""
    from ci_wasm.adapters.module_reader import WasmtimeModuleReader

    # Type-checking every body doubles the time and tells nothing that is shown here; `check` and `run` do it.
    read = partial(WasmtimeModuleReader().read, functions=functions, check_bodies=False)
    if len(wasms) == 1:
        return [read(wasms[0])]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(wasms)) as pool:
        return list(pool.map(read, wasms))


def _judging(settings: Settings, file: str) -> Settings:
    """The settings with a given module in the place of the one that would be built."""
    if len(settings.workers) != 1:
        raise ConfigError(
            f"`{file}` was given, but ci-wasm.yml has {len(settings.workers)} Workers",
            cure="Leave the file out to build and judge all of them, or give `--config` a file with one Worker.",
        )
    return replace(settings, workers=(replace(settings.workers[0], source=PrebuiltSource(file)),))


def _read_module(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise ArtifactError(
            f"{file} cannot be read: {error.strerror}", cure="Give the path of a `.wasm` file that exists."
        ) from None
