"""Commands: what each subcommand does, a few lines over the pipeline. arguments -> output, exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from msgspec.structs import replace

from ci_wasm.core.sizes import COMPRESSED_METRICS
from ci_wasm.errors import EXIT_OK, ConfigError

if TYPE_CHECKING:
    from ci_wasm.config.file import Document
    from ci_wasm.config.inputs import Inputs
    from ci_wasm.config.settings import Settings
    from ci_wasm.core.report import Report
    from ci_wasm.ports import ModuleReader, Runner
    from ci_wasm.wiring import Adapters


@dataclass(frozen=True)
class CheckOptions:
    """How `check` shows what it found. `compression` None: where a budget asks for it, or a machine reads the report."""

    format: str
    compression: bool | None = None
    update_budgets: bool = False

    def compressed(self, settings: Settings) -> frozenset[str]:
        """The formats whose sizes are needed."""
        if self.compression or (self.compression is None and self.format != "text"):
            return COMPRESSED_METRICS
        return COMPRESSED_METRICS & {budget.metric for budget in settings.budgets}


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

    def check(self, file: str | None, config: str, base: str | None, options: CheckOptions) -> int:
        """Budgets and contract; gives the verdict's exit code."""
        from ci_wasm.config.file import read_document

        document = read_document(Path.cwd(), config)
        reader = _early_reader(file, document)
        inputs, settings = self._settings(config, document)
        judged = settings if file is None else _judging(settings, file)
        with self._adapters(inputs, options.compressed(settings), reader) as adapters:
            from ci_wasm.core.report import Subject
            from ci_wasm.pipeline import Job, judge_only

            commit = adapters.repository.head() if base is not None else ""
            if base is not None and adapters.repository.merge_base("HEAD", base) is None:
                raise ConfigError(
                    f"`{base}` is no commit that this checkout shares history with",
                    cure="Give `--base` a branch, tag or commit that git knows here (`git fetch` brings more).",
                )
            report = judge_only(Job(Path.cwd(), judged, adapters, Subject(commit), self.runner.log), base)
        self._print(_rendered(report, options.format))
        if options.update_budgets:
            self.runner.log(_update_budgets(judged, report))
        return report.verdict.exit_code

    def contract(self, file: str | None, config: str, worker: str | None, *, write: bool) -> int:
        """Print the contract of a Worker's module, or write it into the file; makes the file where there is none."""
        from ci_wasm.config.file import Document, write_document
        from ci_wasm.contract_file import Target, built_module, chosen_worker, with_contract
        from ci_wasm.module_files import read_module
        from ci_wasm.render.contract import render_contract

        document, target = Document(config, {}, {}), Target(0, _new_entry(file))
        if file is None or Path(config).is_file():
            inputs, settings = self._settings(config)
            document, chosen = settings.document, chosen_worker(settings, worker)
            target = Target(settings.workers.index(chosen), target.source)
            with self._adapters(inputs) as adapters:
                module = read_module(file) if file else built_module(adapters, Path.cwd(), chosen)
        else:
            module = read_module(file)
        if not write:
            self._print(render_contract(module))
            return EXIT_OK
        text = with_contract(document, target, module)
        write_document(Path.cwd(), document, text)
        self.runner.log(f"{config} has the contract{'' if text != document.text else ' already'}.")
        return EXIT_OK

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

    def preview(self, config: str, port: int, reach: Sequence[str]) -> int:
        """Build, deploy to a local edge, print the URL, and serve until Ctrl-C."""
        from ci_wasm.core.report import Subject
        from ci_wasm.pipeline import Job
        from ci_wasm.serve_preview import serve_previews

        inputs, settings = self._settings(config)
        with self._adapters(inputs) as adapters:
            job = Job(Path.cwd(), settings, adapters, Subject(""), self.runner.log)
            return serve_previews(job, port, reach, self._print)

    def edge(self, port: int, reach: Sequence[str]) -> int:
        """The local edge alone, for any client that honors CLOUDFLARE_API_BASE_URL."""
        from ci_wasm.edge.serve import serve_forever

        serve_forever(port, reach=reach)
        return EXIT_OK

    def _settings(self, config: str, document: Document | None = None) -> tuple[Inputs, Settings]:
        """Inputs and settings for the current folder."""
        from ci_wasm.config.inputs import read_inputs
        from ci_wasm.config.resolve import load_settings

        inputs = replace(read_inputs(self.environ), config=config)
        return inputs, load_settings(Path.cwd(), inputs, document)

    def _adapters(
        self,
        inputs: Inputs,
        compressed: frozenset[str] = COMPRESSED_METRICS,
        reader: ModuleReader | None = None,
    ) -> Adapters:
        from ci_wasm.wiring import Adapters

        return Adapters(self.environ, Path.cwd(), inputs, self.runner, compressed, reader)

    def _print(self, text: str) -> None:
        self.stdout.write(text if text.endswith("\n") else text + "\n")
        self.stdout.flush()


def _early_reader(file: str | None, document: Document) -> ModuleReader | None:
    """A reader that has begun, where there is a module already: what judges it takes as long to import."""
    from ci_wasm.config.file import first_prebuilt

    path = file or first_prebuilt(document)
    if path is None or not Path(path).is_file():
        return None
    from ci_wasm.adapters.early_reader import EarlyReader

    return EarlyReader(Path.cwd(), path)


def _judging(settings: Settings, file: str) -> Settings:
    """The settings with a given module in the place of the one that would be built."""
    from ci_wasm.core.build import PrebuiltSource

    if len(settings.workers) != 1:
        raise ConfigError(
            f"`{file}` was given, but ci-wasm.yml has {len(settings.workers)} Workers",
            cure="Leave the file out to build and judge all of them, or give `--config` a file with one Worker.",
        )
    return replace(settings, workers=(replace(settings.workers[0], source=PrebuiltSource(file)),))


def _rendered(report: Report, format_: str) -> str:
    match format_:
        case "json":
            from ci_wasm.render.report_json import render_json

            return render_json(report)
        case "markdown":
            from ci_wasm.render.comment import render_comment

            return render_comment(report)
        case _:
            from ci_wasm.render.log import render_log

            return render_log(report)


def _new_entry(file: str | None) -> dict[str, str]:
    """Where the module of a Worker comes from that stands in no file yet."""
    return {"crate": "."} if file is None or Path("Cargo.toml").is_file() else {"wasm": file}


def _update_budgets(settings: Settings, report: Report) -> str:
    """Write the ceilings that may come down; gives what was done in a sentence."""
    from ci_wasm.config.file import write_document
    from ci_wasm.config.ratchet import propose_ceilings
    from ci_wasm.core.verdict import Conclusion

    name = settings.document.name
    if not settings.has_ratchet:
        return f"{name} was not changed: no budget has `ratchet: true`."
    if report.verdict.conclusion is not Conclusion.SUCCESS:
        return f"{name} was not changed, because something is broken."
    proposal = propose_ceilings(settings, report)
    if proposal is None or not proposal.ratchet.diff:
        return f"{name} was not changed: no ceiling can come down by 1 % or more."
    write_document(Path.cwd(), settings.document, proposal.text)
    written = sum(not ceiling.problem for ceiling in proposal.ratchet.ceilings)
    return f"{name} was changed: {written} lower {'ceiling' if written == 1 else 'ceilings'}."
