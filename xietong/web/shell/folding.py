"""Lists that show their first few lines at sight and the rest in a fold."""

from collections.abc import Iterable
from typing import Any

Findings = dict[str, list[dict[str, Any]]]


def folded(found: Iterable[dict[str, Any]], most: int) -> Findings:
    """The first few at sight, the rest in a fold."""
    every = list(found)
    return {"first": every[:most], "rest": every[most:]}
