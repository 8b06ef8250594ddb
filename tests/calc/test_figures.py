"""A figure is made once and never changed: nobody may write to what one holds."""

import ast
from dataclasses import fields
from pathlib import Path

from xietong.calc.figures import Figure

ROOT = Path(__file__).parents[2] / "xietong"
FIELDS = {each.name for each in fields(Figure)}


def written(tree: ast.AST) -> list[str]:
    """The attributes of a figure's names that a module sets, deletes or adds to, on anything but `self`."""
    stored = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load))
    return [
        f"{ast.unparse(node)}:{node.lineno}"
        for node in stored
        if node.attr in FIELDS and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    ]


def test_nobody_writes_to_a_figure() -> None:
    """In every module that knows figures by name."""
    texts = {path: path.read_text() for path in ROOT.rglob("*.py")}
    found = {str(path): written(ast.parse(text)) for path, text in texts.items() if "Figure" in text}
    assert len(found) > 50
    assert {path: names for path, names in found.items() if names} == {}


def test_a_writing_would_be_found() -> None:
    assert written(ast.parse("figure.value = 1\nfigure.missing += ('x',)\nself.value = 2\nother.name = 3")) == [
        "figure.value:1",
        "figure.missing:2",
    ]
