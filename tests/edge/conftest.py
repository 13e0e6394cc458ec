"""Fixtures of the local edge: one for the folder, and impatient ones for what hangs. -> LocalEdge, EdgeClient."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from ci_wasm.edge.serve import Limits, LocalEdge
from tests.edge.edge_client import EdgeClient
from tests.edge.processes import count_from_here

_numbers = count()


@pytest.fixture(autouse=True)
def own_processes() -> None:
    """Each test counts its own processes only."""
    count_from_here()


@pytest.fixture(scope="session")
def shared_edge() -> Iterator[LocalEdge]:
    with LocalEdge() as edge:
        yield edge


@pytest.fixture(scope="session")
def shared_client(shared_edge: LocalEdge) -> Iterator[EdgeClient]:
    with EdgeClient(shared_edge) as client:
        yield client


@pytest.fixture
def client(shared_client: EdgeClient, worker: str) -> Iterator[EdgeClient]:
    """The shared edge; the test's own Worker is gone afterwards."""
    yield shared_client
    shared_client.call("DELETE", f"workers/{worker}")


@pytest.fixture
def worker() -> str:
    """A Worker's name that no other test has."""
    return f"w{next(_numbers)}"


@pytest.fixture
def impatient() -> Iterator[EdgeClient]:
    """An edge of the test's own, which waits one second for an answer and two for a start, and runs three at a time."""
    with LocalEdge(limits=Limits(start=2, answer=1, processes=3)) as edge, EdgeClient(edge) as client:
        yield client
