"""The evidence of a figure as a tree that folds: what it is made of, level by level, down to entries and readings.

Pure: the Figure comes in whole. A branch that would be long or deep is cut here and opens on its own page by `at`, the
path of input numbers from the root ("0.3.1").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from xietong.calc.figures import Figure
from xietong.texts import Text
from xietong.web.words import title_of

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
        if not step.isdecimal() or int(step) >= len(figure.inputs):
            raise LookupError(at)
        figure = figure.inputs[int(step)]
        passed.append(step)
        yield ".".join(passed), figure


def leaf_path(figure: Figure) -> str:
    """The page of the facts that the figure's trace names: an entry and its row, or a point and its span."""
    trace = figure.trace
    if trace.get("entry"):
        query = urlencode({name: trace[name] for name in ("row", "file") if trace.get(name)})
        return f"/entries/{quote(trace['entry'])}/" + (f"?{query}" if query else "")
    if trace.get("point"):
        query = urlencode({name: trace[name] for name in ("start", "end") if trace.get(name)})
        return f"/points/{quote(trace['point'], safe='')}/?{query}"
    return ""


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
