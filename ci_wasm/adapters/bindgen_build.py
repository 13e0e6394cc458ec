"""Bindgen builds: crates that bring JavaScript, by worker-build or by wasm-bindgen alone. (crate, target folder) -> files.

Both programs generate code from what wasm-bindgen's macros left in the module, and refuse a module of another version
than their own: https://wasm-bindgen.github.io/wasm-bindgen/contributing/design/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ci_wasm.adapters.cargo_command import Cargo, Crate, remap
from ci_wasm.adapters.cargo_errors import explain
from ci_wasm.adapters.cargo_messages import CargoMessages
from ci_wasm.adapters.cargo_metadata import Package
from ci_wasm.adapters.cargo_progress import Progress
from ci_wasm.adapters.process import Finished, run
from ci_wasm.adapters.rust_tools import RustTools
from ci_wasm.adapters.sandbox import Sandbox
from ci_wasm.core.dependencies import parse_lock
from ci_wasm.errors import BuildError, CiWasmError

# worker-build belongs to the crate `worker` of the same series; which release of it ci-wasm was tested with.
WORKER_BUILDS = {"0.8": "0.8.7"}

WORKER_MAIN = "index.js"
_OUT = "ci-wasm-out"
_MAX_DETAIL = 4_000
_MOST_FILES = 200


@dataclass(frozen=True, slots=True)
class Generated:
    """What was generated beside a module: files by name, and the crates in the module as in `Compiled`."""

    files: Mapping[str, bytes] = field(repr=False)
    crates: Mapping[str, str]


def run_worker_build(
    cargo: Cargo, crate: Crate, package: Package, target: Path, tools: RustTools
) -> Generated:
    """Build a crate of workers-rs: `index.js` and `index_bg.wasm`. Raises BuildError, ToolMissingError or NetworkError."""
    versions = _locked_versions(cargo.sandbox, package)
    program = tools.worker_build(_worker_build_for(versions))
    environ = {
        **cargo.environ,
        "WASM_BINDGEN_BIN": str(tools.wasm_bindgen(_locked(versions, "wasm-bindgen"))),
        "ESBUILD_BIN": str(tools.esbuild()),
    }
    optimizer = tools.wasm_opt()
    if optimizer is not None:
        environ["WASM_OPT_BIN"] = str(optimizer)
    out = target / _OUT
    cargo.remove(crate, out)
    messages = CargoMessages(package.id)
    progress = Progress(cargo.log, cargo.terminal)
    variables, arguments = _cargo_arguments(environ, crate, package, target)
    finished = run(
        cargo.sandbox.command(
            (
                str(program),
                *(
                    ("--release",)
                    if crate.source.profile == "release"
                    else ("--profile", crate.source.profile)
                ),
                *(() if optimizer else ("--no-opt",)),
                f"--out-dir={out}",
                ".",
                *arguments,
            )
        ),
        environ={**environ, **variables, **progress.settings},
        cwd=crate.folder,
        timeout=cargo.timeout,
        on_stdout=messages.feed,
        on_stderr=progress.feed,
    )
    progress.close()
    if finished.returncode != 0:
        raise _explain(finished, messages, crate, package)
    return Generated(_read_files(cargo.sandbox, out), messages.crates)


def run_wasm_bindgen(
    cargo: Cargo, crate: Crate, package: Package, module: Path, tools: RustTools
) -> Mapping[str, bytes]:
    """Generate `NAME.js`, `NAME_bg.wasm` and snippets for a built module. Raises BuildError or ToolMissingError."""
    program = tools.wasm_bindgen(_locked(_locked_versions(cargo.sandbox, package), "wasm-bindgen"))
    out = module.parent / _OUT
    cargo.remove(crate, out)
    finished = run(
        cargo.sandbox.command(
            (
                str(program),
                "--target=module",
                "--no-typescript",
                f"--out-name={package.library.replace('-', '_')}",
                f"--out-dir={out}",
                str(module),
            )
        ),
        environ=cargo.environ,
        cwd=crate.folder,
        timeout=cargo.timeout,
    )
    if finished.returncode != 0:
        raise BuildError(
            f"wasm-bindgen ended with status {finished.returncode}",
            cure="Read its own words below.",
            detail=_words(finished),
        )
    # As worker-build does: a source phase import gives the same WebAssembly.Module, and not every parser knows it.
    return {
        name: content.replace(b"import source ", b"import ") if name.endswith(".js") else content
        for name, content in _read_files(cargo.sandbox, out).items()
    }


def _cargo_arguments(
    environ: Mapping[str, str], crate: Crate, package: Package, target: Path
) -> tuple[dict[str, str], list[str]]:
    """What worker-build hands on to `cargo build`; it looks for the target folder itself, as two arguments."""
    variables, remapped = remap(environ, crate, package)
    features = [f"--features={','.join(crate.source.features)}"] if crate.source.features else []
    return variables, [
        "--target-dir",
        str(target),
        "--locked",
        "--message-format=json",
        *features,
        *remapped,
    ]


def _locked_versions(sandbox: Sandbox, package: Package) -> dict[str, str]:
    """Version of each package in the crate's Cargo.lock; of several versions, the newest that is listed."""
    if not package.has_lock:
        raise BuildError(
            f"The crate `{package.name}` has no Cargo.lock, which says which version of wasm-bindgen it is built with",
            cure="Run `cargo generate-lockfile` and commit Cargo.lock.",
        )
    text = sandbox.read(package.workspace_root / "Cargo.lock", package.workspace_root)
    return {locked.name: locked.version for locked in parse_lock(text.decode("utf-8", "replace")).packages}


def _locked(versions: Mapping[str, str], name: str) -> str:
    if name in versions:
        return versions[name]
    raise BuildError(
        f"Cargo.lock does not name `{name}`, which the module was built with",
        cure="Run `cargo build` once and commit the Cargo.lock that it changes.",
    )


def _worker_build_for(versions: Mapping[str, str]) -> str:
    version = _locked(versions, "worker")
    series = ".".join(version.split(".")[:2])
    if series in WORKER_BUILDS:
        return WORKER_BUILDS[series]
    known = ", ".join(f"{one}.x" for one in WORKER_BUILDS)
    raise BuildError(
        f"The crate uses `worker` {version}, and ci-wasm knows the worker-build of {known}",
        cure="Run `cargo update worker` (or raise it in Cargo.toml); or set `build: {command: …, main: build/index.js}` in "
        "ci-wasm.yml, with the worker-build that fits.",
    )


def _read_files(sandbox: Sandbox, out: Path) -> dict[str, bytes]:
    """JavaScript and modules below a folder that the build wrote, by path in it."""
    found = sorted(path for path in out.rglob("*") if path.suffix in {".js", ".wasm"} and path.is_file())
    return {path.relative_to(out).as_posix(): sandbox.read(path, out) for path in found[:_MOST_FILES]}


def _explain(finished: Finished, messages: CargoMessages, crate: Crate, package: Package) -> CiWasmError:
    if messages.errors or finished.timed_out:
        return explain(finished, messages, crate.root, package.workspace_root)
    words = _words(finished)
    return BuildError(f"worker-build could not build `{package.name}`", cure=_cure(words), detail=words)


def _cure(words: str) -> str:
    cures: Mapping[str, str] = {
        # The linker then leaves out the section by which wasm-bindgen knows what the module may use.
        "externref table required": 'Set `strip = "debuginfo"` in the crate\'s release profile instead of `true`, which '
        "takes away more than names; `strip-names: true` in ci-wasm.yml leaves the names out of what is deployed.",
        "Unsupported version": "Let Cargo.lock take the version that worker-build asks for below.",
        "because --locked": "Run `cargo build` once and commit the Cargo.lock that it changes.",
    }
    return next((cure for sign, cure in cures.items() if sign in words), "Read its own words below.")


def _words(finished: Finished) -> str:
    """From the first error on, without what was compiled before it."""
    text = finished.error_text
    start = next((text.find(sign) for sign in ("\nerror", "\nError") if sign in text), -1)
    return text[start + 1 :][-_MAX_DETAIL:] if start >= 0 else text[-_MAX_DETAIL:]
