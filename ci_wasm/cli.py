"""Command line: subcommands over the same functions as the action. argv -> exit code."""

from __future__ import annotations

from ci_wasm import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from typing import TextIO

    from ci_wasm.ports import Runner

FORMATS = ("text", "json", "markdown")


def run_command(argv: Sequence[str], environ: Mapping[str, str], stdout: TextIO, runner: Runner) -> int:
    """Parse and do one command; raises CiWasmError. Wrong usage ends with argparse's exit code 2."""
    if list(argv) == ["run"]:
        # The action's path, without the cost of a parser.
        from ci_wasm.action import run_action

        return run_action(environ, runner)
    arguments = make_parser().parse_args(argv)
    from ci_wasm import commands

    command = commands.Command(environ, stdout, runner)
    match arguments.command:
        case "run":
            return command.run()
        case "measure":
            return command.measure(arguments.file, arguments.format, arguments.functions, arguments.brotli)
        case "diff":
            return command.diff(arguments.base, arguments.head, arguments.format, arguments.brotli)
        case "check":
            return command.check(arguments.file, arguments.config, arguments.base, arguments.format)
        case "preview":
            return command.preview(arguments.config, arguments.port)
        case _:
            return command.edge(arguments.port)


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="ci-wasm",
        description="Build, judge, preview and deploy WebAssembly Workers.",
        epilog="Exit codes: 0 fine, 1 a budget or contract is broken, 2-9 one cause each, 70 a bug; see docs/errors.md.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ci-wasm {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("run", help="what the GitHub Action does, from GITHUB_* and INPUT_*")
    _add_measure(commands)
    _add_diff(commands)
    _add_check(commands)
    preview = commands.add_parser("preview", help="build, and serve the Worker on local workerd until Ctrl-C")
    preview.add_argument("--config", default="ci-wasm.yml", help="configuration file (default: %(default)s)")
    preview.add_argument(
        "--port", type=int, default=8787, help="port on 127.0.0.1, 0 for a free one (default: %(default)s)"
    )
    edge = commands.add_parser("edge", help="serve the local Cloudflare API until Ctrl-C")
    edge.add_argument(
        "--port", type=int, default=8787, help="port on 127.0.0.1, 0 for a free one (default: %(default)s)"
    )
    return parser


def _add_measure(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    measure = commands.add_parser(
        "measure", help="sizes, sections, crates, functions and types of one module"
    )
    measure.add_argument("file", help="a .wasm file")
    measure.add_argument(
        "--functions",
        type=int,
        default=10,
        metavar="N",
        help="how many of the largest functions (default: %(default)s)",
    )
    _add_compression(measure)
    _add_format(measure)


def _add_diff(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    diff = commands.add_parser(
        "diff", help="what changed between two modules, with the semver verdict of their interface"
    )
    diff.add_argument("base", help="the module before")
    diff.add_argument("head", help="the module after")
    _add_compression(diff)
    _add_format(diff)


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser(
        "check", help="budgets and contract of ci-wasm.yml; exit code 1 when one is broken"
    )
    check.add_argument("file", nargs="?", help="judge this module instead of building (for a single Worker)")
    check.add_argument("--config", default="ci-wasm.yml", help="configuration file (default: %(default)s)")
    check.add_argument(
        "--base", metavar="COMMIT", help="build this commit too, and judge growth and interface against it"
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
