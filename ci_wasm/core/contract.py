"""Contract: what a module must offer and may ask for. (Contract, Module) -> findings."""

from __future__ import annotations

from enum import Enum
from fnmatch import fnmatchcase

from msgspec import Struct

from ci_wasm.core.finding import Finding, FindingKind, Severity
from ci_wasm.core.module import Import, Module
from ci_wasm.core.pattern import Pattern, matches, print_pattern
from ci_wasm.core.signature import print_type

# Every feature that the analyzer tells, by the name that its validator gives it.
FEATURES = (
    "acquire-release-atomics",
    "bulk-memory",
    "compact-import-section",
    "custom-descriptors",
    "custom-page-sizes",
    "exceptions",
    "extended-const",
    "gc",
    "legacy-exceptions",
    "memory64",
    "memory-control",
    "multi-memory",
    "multi-value",
    "multibyte-array-access",
    "mutable-globals",
    "reference-types",
    "relaxed-simd",
    "saturated-float-to-int",
    "shared-everything-threads",
    "sign-extensions",
    "simd",
    "stack-switching",
    "tail-call",
    "threads",
    "typed-function-references",
    "wide-arithmetic",
)


class Breaking(Enum):
    """What a breaking change against the base means, as `contract.breaking` spells it."""

    FAIL = "fail"
    WARN = "warn"
    ALLOW = "allow"


class ExportRule(Struct, frozen=True):
    """An export that must be there, of this type."""

    name: str
    pattern: Pattern


class ImportRule(Struct, frozen=True):
    """Imports that are allowed: a glob over `module.name`, because wasm-bindgen's shims carry hashes.

    `pattern` is None where the type does not matter.
    """

    glob: str
    pattern: Pattern | None = None


class Contract(Struct, frozen=True):
    """The whole contract of one module. `imports` None allows every import, an empty tuple none."""

    exports: tuple[ExportRule, ...] = ()
    imports: tuple[ImportRule, ...] | None = None
    exact: bool = False
    forbid_features: tuple[str, ...] = ()
    breaking: Breaking = Breaking.FAIL


def contract_findings(contract: Contract, module: Module) -> list[Finding]:
    """Every break of the contract, in the order: exports, imports, features."""
    return [
        *_export_findings(contract, module),
        *_unlisted_exports(contract, module),
        *_import_findings(contract, module),
        *_feature_findings(contract, module),
    ]


def _export_findings(contract: Contract, module: Module) -> list[Finding]:
    actual = {export.name: export.type for export in module.exports}
    findings = []
    for rule in contract.exports:
        expected = print_pattern(rule.pattern)
        if rule.name not in actual:
            findings.append(
                _error(
                    FindingKind.EXPORT_MISSING,
                    rule.name,
                    f"the export `{rule.name}: {expected}` is missing",
                    'Export it again (in Rust: `#[unsafe(no_mangle)] pub extern "C" fn …`), or take it out of '
                    "`contract.exports` in ci-wasm.yml if nobody calls it any more.",
                )
            )
        elif not matches(rule.pattern, actual[rule.name]):
            findings.append(
                _error(
                    FindingKind.EXPORT_CHANGED,
                    rule.name,
                    f"the export `{rule.name}` is `{print_type(actual[rule.name])}`, the contract says `{expected}`",
                    "Restore the signature, or change `contract.exports` in ci-wasm.yml together with every caller.",
                )
            )
    return findings


def _unlisted_exports(contract: Contract, module: Module) -> list[Finding]:
    if not contract.exact:
        return []
    listed = {rule.name for rule in contract.exports}
    return [
        _error(
            FindingKind.EXPORT_UNLISTED,
            export.name,
            f"the export `{export.name}: {print_type(export.type)}` is not in the contract, which is `exact`",
            "List it under `contract.exports`, stop exporting it, or set `exact: false`.",
        )
        for export in module.exports
        if export.name not in listed
    ]


def _import_findings(contract: Contract, module: Module) -> list[Finding]:
    if contract.imports is None:
        return []
    return [
        _error(
            FindingKind.IMPORT_UNLISTED,
            f"{entry.module}.{entry.name}",
            f"the module needs the import `{entry.module}.{entry.name}: {print_type(entry.type)}`, "
            "which the contract does not allow",
            "Remove what needs it, or allow it under `contract.imports` and provide it in the Worker.",
        )
        for entry in module.imports
        if not any(_allows(rule, entry) for rule in contract.imports)
    ]


def _allows(rule: ImportRule, entry: Import) -> bool:
    fits = fnmatchcase(f"{entry.module}.{entry.name}", rule.glob)
    return fits and (rule.pattern is None or matches(rule.pattern, entry.type))


def _feature_findings(contract: Contract, module: Module) -> list[Finding]:
    return [
        _error(
            FindingKind.FEATURE_FORBIDDEN,
            feature,
            f"the module needs the feature `{feature}`, which the contract forbids",
            f"Build without it (`-C target-feature=-{feature}` where it is a target feature), or allow it.",
        )
        for feature in module.features
        if feature in contract.forbid_features
    ]


def _error(kind: FindingKind, subject: str, message: str, cure: str) -> Finding:
    return Finding(kind, Severity.ERROR, subject, message, cure)
