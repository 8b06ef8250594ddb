"""Whoever checks the platform must not lean on it: the standard library, pytest, a writer of workbooks and itself."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent
OWN = {path.stem for path in FOLDER.glob("*.py")}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_nothing_here_imports_the_platform_or_what_does() -> None:
    allowed = {*sys.stdlib_module_names, "hypothesis", "pytest", "xlsxwriter", *OWN}
    found = {path.name: set(imported(path)) for path in sorted(FOLDER.glob("*.py"))}
    assert found["handed_in.py"] >= {"csv", "decimal"}
    assert {
        name: {each for each in names if each.partition(".")[0] not in allowed} for name, names in found.items()
    } == {name: set() for name in found}


def test_nothing_here_imports_by_name() -> None:
    """Nor round the back: the platform is only started as a child process."""
    words = ("importlib", "__import__", "runpy", "sys.path")
    texts = {path.name: path.read_text() for path in FOLDER.glob("*.py") if path != Path(__file__)}
    assert [(name, word) for name, text in texts.items() for word in words if word in text] == []
