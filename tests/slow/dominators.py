"""Dominators: retained sizes, by another algorithm than the analyzer's. graph, roots, sizes -> size of each node.

"A Simple, Fast Dominance Algorithm" (Cooper, Harvey and Kennedy, 2001).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def retained_sizes(
    graph: Mapping[Node, Iterable[Node]], roots: Iterable[Node], sizes: Mapping[Node, int]
) -> dict[Node, int]:
    """The size of each node that a root reaches and of all nodes that it dominates; one without a size has 0."""
    roots = list(dict.fromkeys(roots))
    order = _postorder(graph, roots)
    numbers = {node: number for number, node in enumerate(order)}
    host = len(order)
    sources: list[list[int]] = [[] for _ in order]
    for node in order:
        for target in graph.get(node, ()):
            sources[numbers[target]].append(numbers[node])
    for node in roots:
        sources[numbers[node]].append(host)
    sums = [sizes.get(node, 0) for node in order] + [0]
    for number, dominator in enumerate(_dominators(sources, host)):
        # A dominator ends after all that it dominates.
        sums[dominator] += sums[number]
    return {node: sums[numbers[node]] for node in order}


def _postorder(graph: Mapping[Node, Iterable[Node]], roots: Iterable[Node]) -> list[Node]:
    order: list[Node] = []
    seen: set[Node] = set()
    for root in roots:
        if root in seen:
            continue
        seen.add(root)
        stack: list[tuple[Node, Iterator[Node]]] = [(root, iter(graph.get(root, ())))]
        while stack:
            node, targets = stack[-1]
            target = next((target for target in targets if target not in seen), None)
            if target is None:
                order.append(node)
                stack.pop()
            else:
                seen.add(target)
                stack.append((target, iter(graph.get(target, ()))))
    return order


def _dominators(sources: list[list[int]], host: int) -> list[int]:
    """The immediate dominator of each node, nodes numbered in postorder; the host's number is the highest."""
    unknown = -1
    dominators = [unknown] * host + [host]
    changed = True
    while changed:
        changed = False
        for number in reversed(range(host)):
            known = [source for source in sources[number] if dominators[source] != unknown]
            new = known[0]
            for source in known[1:]:
                new = _common(dominators, new, source)
            changed |= dominators[number] != new
            dominators[number] = new
    return dominators[:host]


def _common(dominators: list[int], one: int, other: int) -> int:
    while one != other:
        while one < other:
            one = dominators[one]
        while other < one:
            other = dominators[other]
    return one
