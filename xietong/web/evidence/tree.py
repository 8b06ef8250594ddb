"""The evidence of a figure as a tree that folds: what it is made of, level by level, down to entries and readings.

Pure: the Figure comes in whole. A branch that would be long or deep is cut here and opens on its own page by `at`, the
path of input numbers from the root ("0.3.1").
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, urlencode

from xietong.calc.figures import Figure
from xietong.texts import Text
from xietong.web.shell.asked import CodeInAnAddress, number
from xietong.wording.words import title_of

DEPTH, BREADTH = 2, 24


@dataclass(frozen=True, slots=True)
class Node:
    """One figure of the tree with as much below it as is shown at once; `hidden` inputs open by `at`."""

    figure: Figure
    title: Text
    at: str
    children: tuple["Node", ...]
    hidden: int

    @property
    def leaf(self) -> str:
        """Where the facts behind this figure lie: a path under the site's root, "" where it has inputs instead."""
        return leaf_path(self.figure)

    @property
    def flow_leaf(self) -> str:
        """Where the flow lies that a metered mass was made of beside its concentration; "" where there is none."""
        flow = self.figure.trace.get("flow_point", "")
        return _point_path(flow, self.figure.trace) if flow else ""


def tree(figure: Figure, at: str = "", depth: int = DEPTH, breadth: int = BREADTH) -> Node:
    """The node of that figure with its inputs, cut at depth and breadth."""
    shown = figure.inputs[:breadth] if depth else ()
    children = tuple(
        tree(child, f"{at}.{index}" if at else str(index), depth - 1, breadth) for index, child in enumerate(shown)
    )
    return Node(figure, title_of(figure), at, children, len(figure.inputs) - len(shown))


def walk(root: Figure, at: str) -> Iterator[tuple[str, Figure]]:
    """The figures on the path from the root to `at`, each with its own path; raises LookupError where there is none."""
    yield "", root
    if not at:
        return
    figure, passed = root, []
    for step in at.split("."):
        place = number(step)
        if place is None or place >= len(figure.inputs):
            raise LookupError(at)
        figure = figure.inputs[place]
        passed.append(step)
        yield ".".join(passed), figure


def leaf_path(figure: Figure) -> str:
    """The page of the facts that the figure's trace names: an entry and its row, or a point and its span."""
    trace = figure.trace
    if trace.get("entry"):
        query = urlencode({name: trace[name] for name in ("row", "file") if trace.get(name)})
        return f"/entries/{quote(trace['entry'])}/" + (f"?{query}" if query else "")
    if trace.get("point"):
        return _point_path(trace["point"], trace)
    return ""


def _point_path(point: str, trace: Mapping[str, str]) -> str:
    query = urlencode({name: trace[name] for name in ("start", "end") if trace.get(name)})
    return f"/points/{quote(CodeInAnAddress().to_url(point), safe='')}/?{query}"


class Hours(NamedTuple):
    """Hours of measurement behind a figure: how many came of those that were due."""

    received: int
    due: int


def hours_behind(figure: Figure) -> Hours | None:
    """The hours of every metered figure in the working, each once; None where nothing in it was metered."""
    seen: set[tuple[str, ...] | int] = set()
    received, due, waiting = 0, 0, [figure]
    while waiting:
        node = waiting.pop()
        trace = node.trace
        is_metered = bool(trace.get("hours_due"))
        mark = tuple(trace.get(name, "") for name in ("point", "start", "end")) if is_metered else id(node)
        if mark in seen:
            continue
        seen.add(mark)
        if is_metered:
            received, due = received + int(trace.get("hours") or 0), due + int(trace["hours_due"])
        else:
            waiting += node.inputs
    return Hours(received, due) if due else None


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of raw text, marked where it is the value that was asked for."""

    text: str
    marked: bool


def marked(raw: str, code: str, field: str) -> tuple[Part, ...]:
    """A raw HJ 212 frame with `code-field=value` marked; one unmarked part where it does not hold that."""
    found = re.search(rf"(?<![\w]){re.escape(code)}-{re.escape(field)}=[^,;&]*", raw) if code and field else None
    if found is None:
        return (Part(raw, False),)
    return tuple(
        part
        for part in (Part(raw[: found.start()], False), Part(found.group(), True), Part(raw[found.end() :], False))
        if part.text
    )


def code_and_field(address: str) -> tuple[str, str]:
    """The pollutant code and field of a lake address such as hj212:MN/a21026/Avg@2061; empty for other addresses."""
    match = re.fullmatch(r"hj212:[^/]*/([^/]+)/([^@/]+)(?:@\d+)?", address)
    return (match[1], match[2]) if match else ("", "")
