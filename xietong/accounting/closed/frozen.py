"""Figures written down for good and read back: a tree of working becomes a list of nodes, each once, as plain values.

Numbers are written as text exact to the last digit (the shortest that reads back as the same number). Nothing here
knows who closes what, or where it is kept.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from xietong.calc.figures import Figure
from xietong.texts import Text

Node = dict[str, Any]


class Freezer:
    """Writes figures down; what several of them rest on is written once."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._by_identity: dict[int, int] = {}
        self._by_content: dict[str, int] = {}
        self._held: list[Figure] = []  # an identity may not be given to another figure while we remember it

    def place(self, figure: Figure) -> int:
        """The node's place in `nodes`; what it rests on stands before it."""
        known = self._by_identity.get(id(figure))
        if known is not None:
            return known
        node = node_of(figure, [self.place(child) for child in figure.inputs])
        content = json.dumps(node, ensure_ascii=False, sort_keys=True)
        place = self._by_content.setdefault(content, len(self.nodes))
        if place == len(self.nodes):
            self.nodes.append(node)
        self._by_identity[id(figure)] = place
        self._held.append(figure)
        return place


def node_of(figure: Figure, inputs: Sequence[int]) -> Node:
    """One figure as plain values, whatever is empty left out; inputs: places of the nodes it rests on."""
    stated: Node = {
        "key": figure.key,
        "value": None if figure.value is None else repr(figure.value),
        "unit": figure.unit,
        "status": figure.status,
        "kind": figure.kind,
        "clause": figure.clause,
        "title": [*figure.title] if figure.title != Text("", "") else None,
        "missing": [[*text] for text in figure.missing],
        "formula": figure.formula,
        "inputs": list(inputs),
        "source": figure.source,
        "trace": dict(figure.trace),
        "remarks": [[*text] for text in figure.remarks],
    }
    return {name: value for name, value in stated.items() if value}


def freeze(figures: Mapping[str, Figure]) -> dict[str, Any]:
    """{"figures": [[key, place], …], "nodes": […]} of figures with their whole working, in their order."""
    freezer = Freezer()
    places = [[key, freezer.place(figure)] for key, figure in figures.items()]
    return {"figures": places, "nodes": freezer.nodes}


def thaw(frozen: Mapping[str, Any]) -> dict[str, Figure]:
    """The figures that were written down, equal to those that were, by key in their order."""
    made: list[Figure] = []
    for node in frozen["nodes"]:
        made.append(_figure(node, [made[place] for place in node.get("inputs", ())]))
    return {key: made[place] for key, place in frozen["figures"]}


def _figure(node: Node, inputs: Sequence[Figure]) -> Figure:
    value = node.get("value")
    return Figure(
        key=node.get("key", ""),
        value=None if value is None else float(value),
        unit=node.get("unit", ""),
        status=node["status"],
        kind=node["kind"],
        clause=node.get("clause", ""),
        title=Text(*node.get("title", ("", ""))),
        missing=_texts(node.get("missing", ())),
        formula=node.get("formula", ""),
        inputs=tuple(inputs),
        source=node.get("source", ""),
        trace=node.get("trace", {}),
        remarks=_texts(node.get("remarks", ())),
    )


def _texts(pairs: Sequence[Sequence[str]]) -> tuple[Text, ...]:
    return tuple(Text(*pair) for pair in pairs)
