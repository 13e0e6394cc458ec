"""Resolve: inputs over ci-wasm.yml over wrangler config over defaults. (Inputs, files) -> Settings."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from ci_wasm.config.behavior import BehaviorReader
from ci_wasm.config.entries import EntryReader
from ci_wasm.config.file import Document, Problem, Shaped, config_error, read_config, read_document, read_text
from ci_wasm.config.inputs import Inputs
from ci_wasm.config.places import find_places
from ci_wasm.config.settings import DEFAULT_COMPATIBILITY_DATE, Setting, Settings, WorkerSettings
from ci_wasm.config.sources import SourceReader, wrangler_folder
from ci_wasm.config.wrangler import WranglerConfig, find_wrangler, parse_wrangler
from ci_wasm.core.build import CrateSource, PrebuiltSource, Source
from ci_wasm.core.group import Group
from ci_wasm.core.plan import Strategy
from ci_wasm.core.waiver import Allowance
from ci_wasm.errors import ConfigError

if TYPE_CHECKING:
    from ci_wasm.config.schema import ConfigFile, WorkerEntry

T = TypeVar("T")


def load_settings(root: Path, inputs: Inputs, document: Document | None = None) -> Settings:
    """Read the files below `root` and resolve; raises ConfigError with all problems of ci-wasm.yml at once.

    `document` is that file where it was read before.
    """
    document = document or read_document(root, inputs.config)
    return _Resolver(root, inputs, document, read_config(document)).settings()


class _Resolver:
    """Holds the sources while one Settings is made; every chosen value leaves a line in `origins`."""

    def __init__(self, root: Path, inputs: Inputs, document: Document, shaped: Shaped) -> None:
        self.root = root
        self.inputs = inputs
        self.document = document
        self.shaped = shaped
        self.config: ConfigFile = shaped.config
        self.problems: list[Problem] = []
        self.origins: list[Setting] = []

    def settings(self) -> Settings:
        strategy = self._strategy()
        workers = tuple(self._workers())
        self._check_names("workers", "Worker", [worker.name for worker in workers])
        groups = tuple(self._groups([worker.name for worker in workers]))
        self._check_names("groups", "group", [group.name for group in groups])
        exceptions = dict(self._exceptions())
        self._raise_problems()
        store = self._chosen(
            "baseline.store", (self.config.baseline.store, self.document.name, "baseline"), "branch"
        )
        return Settings(
            workers,
            strategy,
            store == "branch",
            exceptions,
            tuple(self.origins),
            groups,
            self.document,
            PurePosixPath(self.inputs.working_directory, self.document.name).as_posix(),
        )

    def _raise_problems(self) -> None:
        """All of the schema's and of the values', but none that only says what a stand-in lacks."""
        own = [problem for problem in self.problems if not self.shaped.hides(problem.path)]
        if problems := [*self.shaped.problems, *own]:
            raise config_error(self.document, problems)

    def _chosen(self, name: str, from_file: tuple[T, str, str], default: T) -> T:
        value, origin, key = from_file
        stands = any(path and path[0] == key for path in self.document.places)
        self.origins.append(Setting(name, str(value), origin if stands and value is not None else "default"))
        return value if stands else default

    def _strategy(self) -> Strategy:
        given = self.inputs.preview
        if not given:
            strategy = self._chosen(
                "preview.strategy", (self.config.preview.strategy, self.document.name, "preview"), "auto"
            )
            return Strategy(strategy)
        self.origins.append(Setting("preview.strategy", given, "input preview"))
        try:
            return Strategy(given)
        except ValueError:
            known = ", ".join(strategy.value for strategy in Strategy)
            raise ConfigError(
                f"the input `preview` is `{given}`, which is no strategy", cure=f"Use one of: {known}."
            ) from None

    def _exceptions(self) -> Iterator[tuple[Allowance, str]]:
        entry = self.config.exceptions
        for allowance, label in (
            (Allowance.GROWTH, entry.growth_label),
            (Allowance.BREAKING, entry.breaking_label),
        ):
            key = f"{allowance.value}-label"
            given = ("exceptions", key) in self.document.places
            origin = self.document.name if given else "default"
            self.origins.append(Setting(f"exceptions.{key}", str(label or "none"), origin))
            taken = entry.growth_label if allowance is Allowance.BREAKING else None
            if problem := _label_problem(label, taken):
                self.problems.append(Problem(("exceptions", key), problem))
            elif isinstance(label, str):
                yield allowance, label

    def _workers(self) -> Iterator[WorkerSettings]:
        from ci_wasm.config.schema import WorkerEntry

        entries = self.config.workers
        if not entries:
            if not (self.root / "Cargo.toml").is_file():
                # A misspelled `workers` is why there are none.
                self._raise_problems()
                raise ConfigError(
                    f"there is nothing to build: neither `{self.document.name}` nor a Cargo.toml is here",
                    cure="Write a ci-wasm.yml that names the crate (`workers: [{crate: path/to/crate}]`), or set "
                    "`working-directory` to the crate's folder.",
                )
            entries = [WorkerEntry(crate=".")]
        for index, entry in enumerate(entries):
            yield self._worker(("workers", index), entry)

    def _worker(self, path: tuple[str | int, ...], entry: WorkerEntry) -> WorkerSettings:
        folder = wrangler_folder(entry)
        wrangler = self._wrangler(self.root / folder)
        main = posixpath.normpath(posixpath.join(folder, wrangler.main)) if wrangler.main else ""
        source = SourceReader(self.root, path, self.problems).source(entry, main)
        name = self._name(path, entry, wrangler, source)
        reader = EntryReader(path, self.problems)
        budgets = reader.budgets(entry.budgets)
        behavior_reader = BehaviorReader(self.root, self.document, path, self.problems)
        date = wrangler.compatibility_date or DEFAULT_COMPATIBILITY_DATE
        origin = "wrangler config" if wrangler.compatibility_date else "default"
        self.origins.append(Setting(f"{name}: compatibility date", date, origin))
        return WorkerSettings(
            name=name,
            source=source,
            budgets=budgets,
            contract=reader.contract(entry.contract),
            behavior=behavior_reader.behavior(entry, budgets),
            startup=reader.startup(entry.startup),
            smoke=reader.smoke(entry.smoke),
            cache_control=entry.cache_control if isinstance(entry.cache_control, str) else None,
            strip_names=entry.strip_names,
            compatibility_date=date,
            compatibility_flags=tuple(wrangler.compatibility_flags),
            vars=wrangler.vars,
            unpreviewable=_unpreviewable(wrangler),
            config_file=self.document.name,
            places={**behavior_reader.places, **find_places(self.document, path, entry)},
        )

    def _wrangler(self, folder: Path) -> WranglerConfig:
        path = find_wrangler(folder)
        if path is None:
            return WranglerConfig()
        return parse_wrangler(read_text(self.root, path), path.relative_to(self.root).as_posix())

    def _name(
        self, path: tuple[str | int, ...], entry: WorkerEntry, wrangler: WranglerConfig, source: Source
    ) -> str:
        if isinstance(entry.name, str):
            name, origin = entry.name, self.document.name
        elif wrangler.name:
            name, origin = wrangler.name, "wrangler config"
        elif isinstance(source, CrateSource):
            name, origin = _crate_name(self.root / source.path), "Cargo.toml"
        else:
            file = source.path if isinstance(source, PrebuiltSource) else source.wasm or source.main
            name, origin = Path(file).stem.replace("_", "-"), "file name"
        self.origins.append(Setting(f"workers[{path[-1]}].name", name, origin))
        return name

    def _groups(self, workers: list[str]) -> Iterator[Group]:
        for index, entry in enumerate(self.config.groups):
            path = ("groups", index)
            members: dict[str, None] = {}
            for place, glob in enumerate(entry.workers):
                found = fnmatch.filter(workers, glob)
                members.update(dict.fromkeys(found))
                if not found:
                    self.problems.append(Problem((*path, "workers", place), _no_worker(glob, workers)))
            if not entry.budgets:
                self.problems.append(Problem(path, "a group needs `budgets`"))
            budgets = EntryReader(path, self.problems).budgets(entry.budgets)
            yield Group(entry.name, tuple(name for name in workers if name in members), budgets)

    def _check_names(self, section: str, what: str, names: list[str]) -> None:
        """Each name that was there before, at its own place."""
        for index, name in enumerate(names):
            first = names.index(name)
            if first != index:
                message = f"the {what} {section}[{first}] is called `{name}`, too; names must differ"
                self.problems.append(Problem((section, index, "name"), message))


def _no_worker(glob: str, workers: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(glob, workers, n=1, cutoff=0.5)
    return f"no Worker is called `{glob}`; " + (
        f"did you mean `{close[0]}`?" if close else f"there are {', '.join(dict.fromkeys(workers))}"
    )


def _label_problem(label: object, taken: object) -> str:
    if label is True:
        return "a label's name is needed, or `false` for none"
    # GitHub's own limits: https://docs.github.com/en/rest/issues/labels
    if isinstance(label, str) and not (label.strip() == label and 0 < len(label) <= 50):
        return f"`{label}` cannot be a label: 1 to 50 characters are needed, and no space around them"
    if isinstance(label, str) and isinstance(taken, str) and label.casefold() == taken.casefold():
        return f"`{label}` is the growth label already; a contract needs a label of its own"
    return ""


def _crate_name(folder: Path) -> str:
    """The package's name with dashes; cargo reports a manifest that is missing or broken, at build time."""
    import tomllib

    try:
        manifest = tomllib.loads((folder / "Cargo.toml").read_text(encoding="utf-8"))
        name = manifest["package"]["name"]
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError):
        return folder.resolve().name
    return str(name).replace("_", "-")


def _unpreviewable(wrangler: WranglerConfig) -> str:
    if wrangler.other_bindings:
        return f"its wrangler config binds {', '.join(wrangler.other_bindings)}, which ci-wasm cannot preview so far"
    return ""
