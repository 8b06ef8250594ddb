"""Every sentence that a refusal, a remark or a working can print, in both languages, for somebody to read once.

    python tests/sentences.py [ROOM …] prints `file:line`, the Chinese and the English of every Text of the rooms.

What a sentence puts in stands in braces, as in the source. Not a test of its own: pytest does not collect it.
"""

import argparse
import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "xietong"
ROOMS = ("accounting", "calc", "evaluation", "intake", "journal", "lake", "park", "protocols", "quality", "settle")


def sentences(path: Path) -> Iterator[tuple[int, str, str]]:
    """(line, 中文, English) of each pair of sentences in a module: Text(…) and errors that take both languages."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and len(node.args) >= 2:
            zh, en = (_text(argument) for argument in node.args[:2])
            if zh and en and any("\u4e00" <= letter <= "\u9fff" for letter in zh):
                yield node.lineno, zh, en


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else f"{{{ast.unparse(getattr(part, 'value', part))}}}"
            for part in node.values
        )
    return ""


def main() -> None:
    """Print them, room by room."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", default=ROOMS)
    for room in parser.parse_args().rooms:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            for line, zh, en in sentences(path):
                print(f"{path.relative_to(PACKAGE)}:{line}\n  {zh}\n  {en}")


if __name__ == "__main__":
    main()
