"""The figures of the house: `python -m tests.house_figures` prints the table of `the-house-with-wings` with today's.

Code is what git knows below `xietong/`, without migrations. The middle column is what a reviewer measured before the
house had wings. Takes some seconds; writes nothing.
"""

import ast
import re
import statistics
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import grimp

ROOT = Path(__file__).parent.parent
MANY = 6
"""Parameters or positional arguments from which a call can no longer be read."""
RUN = 6
"""Lines that make a copy, when they stand elsewhere in the same order."""
ROOMS_WITH_WINGS = ("accounting", "web", "commands", "calc", "park", "intake", "lake", "settle")
Function = ast.FunctionDef | ast.AsyncFunctionDef
Graph = Mapping[str, set[str]]


def modules(folder: str) -> list[Path]:
    """The Python files of a folder that git knows or would add, without migrations."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", f"{folder}/*.py"], cwd=ROOT, capture_output=True, check=True
    )
    paths = (ROOT / line for line in listed.stdout.decode().splitlines())
    return sorted(path for path in paths if path.is_file() and "migrations" not in path.parts)


@cache
def tree(path: Path) -> ast.Module:
    """A file, parsed once."""
    return ast.parse(path.read_text())


def nodes(paths: Iterable[Path]) -> Iterator[ast.AST]:
    """Every node of every file."""
    for path in paths:
        yield from ast.walk(tree(path))


def functions(paths: Iterable[Path]) -> list[Function]:
    """Every function and method."""
    return [node for node in nodes(paths) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: Function | ast.ClassDef) -> int:
    """Lines from `def` or `class` to the last one; decorators are not counted."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def lines(path: Path) -> int:
    """All lines of a file."""
    return len(path.read_text().splitlines())


def high(values: list[int]) -> int:
    """The 95th percentile, a value that occurs."""
    return sorted(values)[max(0, -(-95 * len(values) // 100) - 1)]


def parameters(node: Function) -> int:
    """How many parameters a caller fills: all but self and cls."""
    named = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return len([name for name in named if name not in ("self", "cls")])


def long_calls(paths: Iterable[Path]) -> list[ast.Call]:
    """Calls whose reader has to count: six positional arguments or more."""
    return [node for node in nodes(paths) if isinstance(node, ast.Call) and len(node.args) >= MANY]


def copied(paths: Iterable[Path]) -> float:
    """The share of lines that stand in a run of six which stands elsewhere too.

    Blank lines, comments and imports at the left margin are no lines of code.
    """
    no_code = re.compile(r"\s*(#.*)?$|(from|import) ")
    texts = [[line.strip() for line in path.read_text().splitlines() if not no_code.match(line)] for path in paths]
    places: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
    for file, text in enumerate(texts):
        for start in range(len(text) - RUN + 1):
            places[tuple(text[start : start + RUN])].append((file, start))
    twice = {
        (file, start + step)
        for found in places.values()
        if len(found) > 1
        for file, start in found
        for step in range(RUN)
    }
    return len(twice) / sum(map(len, texts))


@cache
def imports() -> Graph:
    """Who imports whom, module by module."""
    graph = grimp.build_graph("xietong", cache_dir=None)
    names = [name for name in graph.modules if ".migrations" not in name]
    return {name: {each for each in graph.find_modules_directly_imported_by(name) if each in names} for name in names}


def importers() -> Counter[str]:
    """How many modules import each one."""
    return Counter(imported for found in imports().values() for imported in found)


def wings(room: str) -> Graph:
    """The parts of a room (its folders, and the modules beside them) and what each imports of the others."""
    start = f"xietong.{room}."

    def part(name: str) -> str:
        return name.removeprefix(start).split(".")[0]

    inside = {name for name in imports() if name.startswith(start)}
    found: dict[str, set[str]] = {part(name): set() for name in inside}
    for name in inside:
        found[part(name)] |= {part(other) for other in imports()[name] & inside} - {part(name)}
    return found


def floors(graph: Graph) -> int:
    """How many parts stand one on the other, at most; each circle counts as endless and is cut where it closes."""
    known: dict[str, int] = {}

    def height(name: str, above: tuple[str, ...]) -> int:
        if name not in known:
            below = graph[name].difference(above, [name])
            known[name] = 1 + max((height(each, (*above, name)) for each in below), default=0)
        return known[name]

    return max((height(name, ()) for name in sorted(graph)), default=0)


def circles(graph: Graph) -> int:
    """Modules that reach themselves again."""

    def reached(name: str) -> set[str]:
        seen: set[str] = set()
        open_ends = set(graph[name])
        while open_ends:
            seen |= open_ends
            open_ends = {each for end in open_ends for each in graph[end]} - seen
        return seen

    return sum(name in reached(name) for name in graph)


def lazy(paths: Iterable[Path]) -> int:
    """Imports inside functions."""
    inside = {node for each in functions(paths) for node in ast.walk(each)}
    return sum(isinstance(node, ast.Import | ast.ImportFrom) for node in inside)


def private(paths: Iterable[Path]) -> list[str]:
    """Names with a leading underscore that another module of ours imports."""
    return sorted(
        each.name
        for node in nodes(paths)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("xietong")
        for each in node.names
        if each.name.startswith("_")
    )


def described(paths: Iterable[Path]) -> float:
    """The share of public functions, classes and methods with a docstring."""
    defined = [
        node
        for owner in nodes(paths)
        if isinstance(owner, ast.Module | ast.ClassDef)
        for node in owner.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    return sum(bool(ast.get_docstring(node)) for node in defined) / len(defined)


def _sizes(code: list[Path]) -> Iterator[tuple[str, str]]:
    sizes = [lines(path) for path in code]
    yield "lines / files", f"{sum(sizes):,} / {len(code)}"
    yield "file median / p95 / longest", f"{statistics.median(sizes):.0f} / {high(sizes)} / {max(sizes)}"
    made = functions(code)
    long = [length(node) for node in made]
    over = sum(each > 50 for each in long) / len(long)
    yield "function median / p95 / > 50 lines", f"{statistics.median(long):.0f} / {high(long)} / {over:.1%}"
    yield "functions of ≤ 3 lines", f"{sum(each <= 3 for each in long) / len(long):.1%}"
    wide = sum(parameters(node) >= MANY for node in made)
    yield "functions with ≥ 6 parameters", f"{wide} of {len(made):,} ({wide / len(made):.1%})"
    yield "calls with ≥ 6 positional arguments", str(len(long_calls(code)))
    biggest = max((node for node in nodes(code) if isinstance(node, ast.ClassDef)), key=length)
    yield "biggest class (lines)", f"{length(biggest)} {biggest.name}"


def _plan(code: list[Path]) -> Iterator[tuple[str, str]]:
    folders = Counter(str(path.parent.relative_to(ROOT / "xietong")) for path in code)
    yield "most files in one folder", ", ".join(f"{count} {name}" for name, count in folders.most_common(4))
    for room in ROOMS_WITH_WINGS:
        graph = wings(room)
        arrows = sum(map(len, graph.values()))
        yield f"{room}: parts / floors / arrows", f"{len(graph)} / {floors(graph)} / {arrows}"
    fan_in = importers()
    yield "top fan-in", ", ".join(f"{_short(name)} {count}" for name, count in fan_in.most_common(3))
    fan_out = Counter({name: len(found) for name, found in imports().items()})
    yield "top fan-out", ", ".join(f"{_short(name)} {count}" for name, count in fan_out.most_common(3))
    once = sum(count == 1 for count in fan_in.values())
    yield "modules imported by one module only", f"{once} ({once / len(imports()):.0%})"
    yield "modules in import cycles / lazy imports", f"{circles(imports())} / {lazy(code)}"


def _short(name: str) -> str:
    return name.removeprefix("xietong.")


def _manners(code: list[Path]) -> Iterator[tuple[str, str]]:
    names = private(code)
    yield "private names imported across modules", f"{len(names)} ({', '.join(sorted(set(names)))})"
    text = "\n".join(path.read_text() for path in code)
    ignored, silenced = len(re.findall("type: " + "ignore", text)), len(re.findall("# no" + "qa", text))
    yield "types ignored / lint silenced", f"{ignored} / {silenced}"
    made = functions(code)
    typed = sum(node.returns is not None for node in made) / len(made)
    yield "return types / public docstrings", f"{typed:.0%} / {described(code):.0%}"


def _tests(code: list[Path]) -> Iterator[tuple[str, str]]:
    tests = modules("tests")
    yield "copied lines (identical runs of 6)", f"{copied(code):.1%} (tests {copied(tests):.1%})"
    ratio = sum(map(lines, tests)) / sum(map(lines, code))
    long = [length(node) for node in functions(tests) if node.name.startswith("test_")]
    told = f"{len(long):,} tests, median {statistics.median(long):.0f} lines, p95 {high(long)}"
    yield "tests : code", f"{ratio:.2f} ({told})"


THEN = {
    "lines / files": "52,850 / 372",
    "file median / p95 / longest": "120 / 321 / 385",
    "function median / p95 / > 50 lines": "6 / 20 / 0 %",
    "functions of ≤ 3 lines": "25.5 %",
    "functions with ≥ 6 parameters": "25 of 3,778 (0.7 %)",
    "calls with ≥ 6 positional arguments": "143",
    "biggest class (lines)": "281 DurableTable",
    "most files in one folder": "72 accounting, 47 web, 40 commands, 31 calc",
    "accounting: parts / floors / arrows": "67 / 14 / 223",
    "web: parts / floors / arrows": "46 / 10 / 163",
    "commands: parts / floors / arrows": "36 / 5 / 58",
    "top fan-in": "texts 160, nouns 103, periods 85",
    "top fan-out": "web.gathering 28, accounts 25, gather 20",
    "modules imported by one module only": "105 (28 %)",
    "modules in import cycles / lazy imports": "0 / 0",
    "private names imported across modules": "2 (__version__)",
    "types ignored / lint silenced": "0 / 0",
    "return types / public docstrings": "100 / 96 %",
    "copied lines (identical runs of 6)": "0.1 % (tests 0.3 %)",
    "tests : code": "0.64 (1,704 tests, median 7 lines, p95 18)",
}
PARTS: tuple[Callable[[list[Path]], Iterator[tuple[str, str]]], ...] = (_sizes, _plan, _manners, _tests)


def main() -> None:
    """Print the table as Markdown."""
    code = modules("xietong")
    print("| | before the wings (2026-11-23) | today |\n|---|---:|---:|")
    for part in PARTS:
        for what, value in part(code):
            print(f"| {what} | {THEN.get(what, '–')} | {value.replace('%', ' %')} |")


if __name__ == "__main__":
    main()
