"""Background: work in a thread of its own while the caller goes on. (() -> T) -> (() -> T).

For work that lets other threads run, as ctypes, zlib and brotli do. `concurrent.futures` brings logging and costs more
to import than most of this work takes; and a pool would keep the process alive for a file that was refused meanwhile.
"""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")


def start(work: Callable[[], T]) -> Callable[[], T]:
    """Begin; calling the answer waits for the result, or raises what the work raised."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 (raised where the result is asked for)
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def result() -> T:
        thread.join()
        if errors:
            raise errors[0]
        return results[0]

    return result
