"""Command line: subcommands over the same functions as the action. argv -> exit code."""

from __future__ import annotations

import os

from ci_wasm import __version__
from ci_wasm.errors import EXIT_OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence
    from typing import TextIO

    from ci_wasm.ports import Runner

FORMATS = ("text", "json", "markdown")


def run_command(argv: Sequence[str], environ: Mapping[str, str], stdout: TextIO, runner: Runner) -> int:
    """Parse and do one command; raises CiWasmError. Wrong usage ends with argparse's exit code 2."""
    if list(argv) == ["run"]:
        # The action's path, without the cost of a parser.
        from ci_wasm.action import run_action

        return run_action(environ, runner)
    arguments = make_parser(argv[0] if argv else "").parse_args(argv)
    text = _about_files(arguments)
    if text is not None:
        return _print(text, stdout)
    from ci_wasm import commands

    command = commands.Command(environ, stdout, runner)
    match arguments.command:
        case "run":
            return command.run()
        case "report":
            from ci_wasm.stored_reports import show_report

            return _print(show_report(arguments.file, arguments.format), stdout)
        case "history":
            return command.history(arguments.paths, arguments.format)
        case "check":
            options = commands.CheckOptions(arguments.format, arguments.compression, arguments.update_budgets)
            return command.check(arguments.file, arguments.config, arguments.base, options)
        case "contract":
            return command.contract(arguments.file, arguments.config, arguments.worker, write=arguments.write)
        case "preview":
            return command.preview(arguments.config, arguments.port, arguments.reach)
        case _:
            return command.edge(arguments.port, arguments.reach)


def _about_files(arguments: argparse.Namespace) -> str | None:
    """What the commands print that need no configuration; None for the others."""
    match arguments.command:
        case "measure":
            from ci_wasm.module_files import explain, measure

            if arguments.why is not None:
                return explain(arguments.file, arguments.why, arguments.format)
            shown = (arguments.functions, arguments.generics)
            return measure(arguments.file, arguments.format, shown, arguments.brotli)
        case "diff":
            from ci_wasm.module_files import diff

            return diff(arguments.base, arguments.head, arguments.format, arguments.brotli)
        case "contract" if arguments.file and not arguments.write:
            from ci_wasm.module_files import contract

            return contract(arguments.file)
        case _:
            return None


def _print(text: str, stdout: TextIO) -> int:
    stdout.write(text)
    stdout.flush()
    return EXIT_OK


def make_parser(command: str = "") -> argparse.ArgumentParser:
    """The parser of all commands; of one alone, where `command` is its name: it takes half the time to make."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="ci-wasm",
        description="Build, judge, preview and deploy WebAssembly Workers.",
        epilog="Exit codes: 0 fine, 1 a budget or contract is broken, 2-9 one cause each, 70 a bug; see docs/errors.md.",
        allow_abbrev=False,
        formatter_class=_formatter,
    )
    parser.add_argument("--version", action="version", version=f"ci-wasm {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    wanted = {command: COMMANDS[command]} if command in COMMANDS else COMMANDS
    for name, (help_, add_arguments) in wanted.items():
        add_arguments(commands.add_parser(name, help=help_, formatter_class=_formatter))
    return parser


def _formatter(prog: str) -> argparse.HelpFormatter:
    """argparse's own, told how wide the terminal is: where it has to ask, it imports half of the archive formats."""
    import argparse

    try:
        width = os.get_terminal_size().columns
    except OSError:
        width = 100
    return argparse.HelpFormatter(prog, width=width - 2)


def _add_run(run: argparse.ArgumentParser) -> None:
    """It takes everything from the environment."""


def _add_report(report: argparse.ArgumentParser) -> None:
    report.add_argument("file", metavar="REPORT.json", help="what a run left behind")
    _add_page_format(report)


def _add_history(history: argparse.ArgumentParser) -> None:
    history.add_argument(
        "paths", nargs="+", metavar="PATH", help="report.json files, recorded baselines, or folders of them"
    )
    _add_page_format(history)


def _add_page_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=(*FORMATS, "html"), default="text", help="default: %(default)s")


def _add_preview(preview: argparse.ArgumentParser) -> None:
    _add_config(preview)
    _add_edge(preview)


def _add_edge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=int, default=8787, help="port on 127.0.0.1, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--reach",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let Workers send requests to this origin, such as http://127.0.0.1:9000 (may be repeated; default: to none)",
    )


def _add_measure(measure: argparse.ArgumentParser) -> None:
    measure.add_argument("file", help="a .wasm file")
    measure.add_argument(
        "--functions",
        type=int,
        default=10,
        metavar="N",
        help="how many of the largest functions (default: %(default)s)",
    )
    measure.add_argument(
        "--generics",
        type=int,
        default=0,
        metavar="N",
        help="list the N generic functions whose instances weigh most (default: %(default)s)",
    )
    measure.add_argument(
        "--why",
        metavar="CRATE|FUNCTION",
        help="show instead which functions keep a crate, or a function, in the module",
    )
    _add_compression(measure)
    _add_format(measure)


def _add_diff(diff: argparse.ArgumentParser) -> None:
    diff.add_argument("base", help="the module before")
    diff.add_argument("head", help="the module after")
    _add_compression(diff)
    _add_format(diff)


def _add_contract(contract: argparse.ArgumentParser) -> None:
    contract.add_argument(
        "file", nargs="?", help="a .wasm file; default: the Worker's own, built or as given"
    )
    contract.add_argument(
        "--write",
        action="store_true",
        help="put it into the configuration file, in the place of the Worker's exports and imports",
    )
    contract.add_argument("--worker", metavar="NAME", help="whose contract it is, where there are several")
    _add_config(contract)


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", default="ci-wasm.yml", help="configuration file (default: %(default)s)")


def _add_check(check: argparse.ArgumentParser) -> None:
    import argparse

    check.add_argument("file", nargs="?", help="judge this module instead of building (for a single Worker)")
    _add_config(check)
    check.add_argument(
        "--base", metavar="COMMIT", help="build this commit too, and judge growth and interface against it"
    )
    check.add_argument(
        "--update-budgets",
        action="store_true",
        help="lower the ceilings that have `ratchet: true` in the configuration file to what is needed now",
    )
    check.add_argument(
        "--compression",
        action=argparse.BooleanOptionalAction,
        help="show sizes after gzip and brotli (default: in JSON and Markdown, and where a budget names them)",
    )
    _add_format(check)


def _add_compression(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--brotli",
        choices=("fast", "standard"),
        default="fast",
        help="quality 5, or 11, which takes minutes on a large module (default: %(default)s)",
    )
    parser.add_argument(
        "--no-compression",
        dest="brotli",
        action="store_const",
        const=None,
        help="leave gzip and brotli out, which take longer than the analysis",
    )


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", choices=FORMATS, default="text", help="default: %(default)s; JSON has stdout to itself"
    )


COMMANDS: Mapping[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "run": ("what the GitHub Action does, from GITHUB_* and INPUT_*", _add_run),
    "measure": ("sizes, sections, crates, functions and types of one module", _add_measure),
    "diff": ("what changed between two modules, with the semver verdict of their interface", _add_diff),
    "contract": ("print the contract of a module, or write it into ci-wasm.yml", _add_contract),
    "check": ("budgets and contract of ci-wasm.yml; exit code 1 when one is broken", _add_check),
    "report": ("a stored report.json, rendered again", _add_report),
    "history": ("sizes over commits, from stored reports", _add_history),
    "preview": ("build, and serve the Worker on local workerd until Ctrl-C", _add_preview),
    "edge": ("serve the local Cloudflare API until Ctrl-C", _add_edge),
}
