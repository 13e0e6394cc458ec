"""Metric: one figure of a measurement, which budgets limit. (metric, Measurement) -> int.

| metric         | what it counts                                                   | noise |
|----------------|------------------------------------------------------------------|-------|
| raw            | bytes of the shipped file                                        |       |
| gzip           | bytes of the shipped file after `gzip -9`                        | 1.5 % |
| brotli         | bytes of the shipped file after brotli at quality 5              | 1.5 % |
| upload         | bytes of the whole Worker as it is uploaded, all its modules     |       |
| section.NAME   | bytes of all sections of this name, headers included             |       |
| function.max   | bytes of the largest function body                               |       |
| crate.NAME     | bytes of code charged to this crate                              |       |
| data           | bytes of the data segments                                       |       |
| memory         | bytes of the initial memory                                      |       |
| imports        | number of imports                                                |       |
| exports        | number of exports                                                |       |
| startup.fuel   | fuel of the module's start, about one for each instruction       |       |
| fuel.NAME      | fuel of the call of this name under `behavior`                   |       |
"""

from __future__ import annotations

from msgspec import Struct

from ci_wasm.core.execution import FUEL_FAMILY, STARTUP_FUEL, execution_value, is_fuel
from ci_wasm.core.measurement import Measurement
from ci_wasm.core.sizes import COMPRESSED_METRICS
from ci_wasm.outcome import Done, Skipped

PLAIN_METRICS = (
    "raw",
    "gzip",
    "brotli",
    "upload",
    "function.max",
    "data",
    "memory",
    "imports",
    "exports",
    STARTUP_FUEL,
)
METRIC_FAMILIES = ("section.", "crate.", FUEL_FAMILY)
_COUNTS = frozenset({"imports", "exports"})


class Margin(Struct, frozen=True):
    """A distance from a value: bytes (or a count), or a percentage of the value."""

    amount: int | None = None
    percent: float | None = None

    def of(self, value: int) -> int:
        """The distance in bytes, rounded down."""
        return self.amount if self.amount is not None else int(value * (self.percent or 0.0) / 100)


# Builds of zlib and brotli differ by about 1 % on the same bytes.
NO_NOISE = Margin(amount=0)
COMPRESSION_NOISE = Margin(percent=1.5)


def noise_of(metric: str) -> Margin:
    """What a change has to exceed to mean anything, where a budget does not say."""
    return COMPRESSION_NOISE if metric in COMPRESSED_METRICS else NO_NOISE


def is_metric(name: str) -> bool:
    """Whether a metric of this name exists."""
    return name in PLAIN_METRICS or any(
        name.startswith(family) and name != family for family in METRIC_FAMILIES
    )


def metric_value(metric: str, measurement: Measurement) -> int | None:
    """The metric's value; None where it cannot be told (crates of a stripped module, a call that was not made)."""
    if is_fuel(metric):
        return execution_value(metric, measurement.execution)
    module = measurement.module
    family, _, name = metric.partition(".")
    if family == "section":
        return sum(section.size for section in module.sections if section.name == name)
    if family == "crate":
        return next(
            (crate.size for crate in module.crates if crate.name == name),
            0 if module.functions.named else None,
        )
    values: dict[str, int | None] = {
        "raw": measurement.sizes.raw,
        "gzip": measurement.sizes.gzip,
        "brotli": measurement.sizes.brotli,
        "upload": measurement.upload.value.raw if isinstance(measurement.upload, Done) else None,
        "function.max": max((function.size for function in module.largest), default=0),
        "data": module.data.size,
        "memory": sum(memory.minimum * memory.page_size for memory in module.memories),
        "imports": len(module.imports),
        "exports": len(module.exports),
    }
    return values[metric]


def why_unmeasured(metric: str, measurement: Measurement) -> tuple[str, str]:
    """Why a metric has no value, and what to do about it."""
    if metric == "upload" and isinstance(measurement.upload, Skipped):
        return (
            f"ci-wasm does not assemble this Worker: {measurement.upload.reason}",
            "Put the budget on `raw`, which is the module alone.",
        )
    if is_fuel(metric):
        return (
            "the call gave no result, or was not made",
            "See what else is said about it; the fuel of a call that fails is no figure.",
        )
    return (
        "the module has no function names",
        'Keep the name section in the build that is measured (`strip = false` or `strip = "debuginfo"`).',
    )


def is_counted(metric: str) -> bool:
    """Whether a metric is a number of things, not of bytes."""
    return metric in _COUNTS or is_fuel(metric)


def quantity(metric: str, value: int) -> str:
    """A value with its unit, exact: single bytes break budgets, and a rounded figure would hide that."""
    if is_counted(metric):
        return f"{value:,}"
    return f"{value:,} byte" if value == 1 else f"{value:,} bytes"


def signed_quantity(metric: str, value: int) -> str:
    """A change of a value: `+812 bytes`, `−3 bytes`."""
    return f"{'−' if value < 0 else '+'}{quantity(metric, abs(value))}"


def margin_words(metric: str, margin: Margin) -> str:
    """A margin as people say it: `2 %` or `1,024 bytes`."""
    return f"{margin.percent:g} %" if margin.percent is not None else quantity(metric, margin.amount or 0)
