"""Entry: the preview of a Worker that has JavaScript of its own, with the commit in its answers. (Script, commit) -> modules.

Two small modules go before the Worker's own, which stay byte for byte what they are. docs/build.md tells what they do.
"""

from __future__ import annotations

import json

from ci_wasm.core.script import ModuleType, Script, WorkerModule

ENTRY_MAIN = "ci-wasm-entry.js"
PROOF = "ci-wasm-proof.js"


def entry_modules(script: Script, *, commit: str, proof_source: str) -> tuple[WorkerModule, ...]:
    """The modules to upload; the main module is ENTRY_MAIN, `proof_source` the text of proof.js."""
    main = json.dumps(f"./{script.main.name}")
    # `export *` keeps classes as they are, Durable Objects' and entry points' included; it leaves out the default export.
    source = f"""\
import * as worker from {main};
import {{ prove }} from "./{PROOF}";
export * from {main};
export default prove(worker.default, {json.dumps(commit)});
"""
    return (
        WorkerModule(ENTRY_MAIN, ModuleType.ES_MODULE, source.encode()),
        WorkerModule(PROOF, ModuleType.ES_MODULE, proof_source.encode()),
        *script.modules,
    )
