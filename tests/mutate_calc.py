"""Changes each operator, exponent, constant, comparison and factor of the rules, one at a time, and runs the cases.

    python tests/mutate_calc.py [--only NAME …]

A change that turns no case red is a survivor: one named in surviving_changes.toml with its reason is allowed, any other
is printed and exits with 1; so does a name there that no longer survives. Nothing on disk is touched: a changed rule
file is compiled from its tree and entered among the rules, a changed factor is a changed book. Every module under calc
that enters a rule is found by itself. Of the cases only those are run that reach the changed function.

Not a test of its own: pytest does not collect it; `make mutate-calc` runs it.
"""

import argparse
import ast
import copy
import importlib
import pkgutil
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, NamedTuple
from unittest import mock

import xietong.calc
from xietong.calc.engine.rule_packs import rule_pack
from xietong.calc.engine.rules import TABLES
from xietong.calc.factors import book
from xietong.calc.factors.book import FactorBook
from xietong.calc.factors.rows import FactorRow
from xietong.calc.figures import Figure
from xietong.calc.judgement import grade, worked
from xietong.standard.text import standards

CASES = Path(__file__).parent / "cases"
ALLOWED = Path(__file__).parent / "surviving_changes.toml"
Case = Mapping[str, Any]
_OPERATORS: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
}
_COMPARISONS: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_BROKEN = (
    worked.CaseError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    StopIteration,
    TypeError,
    ValueError,
)
# Functions that no case can hold to: they name a rule's clause and unit, are for whoever works hour by hour, look over
# the outlets of a subject, say how far a goal is reached, or only word why an amount counts or does not (a case holds
# numbers and states, not sentences). The tests of their rooms try them.
_WITHOUT_CASES = (
    "_members",
    "_clause",
    "_concentration_unit",
    "at_reference_oxygen",
    "gas_mass_kg",
    "water_mass_kg",
    "tax_of_outlet",
    "_with_elsewhere",
    "judge_incomplete",
    "_completion",
    "_hindrances",
    "_place",
    "_untaxed",
    "_in_full",
)
_CALLS = {"min": "max", "max": "min", "sum": "max"}


def all_cases() -> list[Case]:
    """Every worked case of the folder, its variants apart."""
    return [
        case
        for path in sorted(CASES.glob("*.toml"))
        for whole in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
        for case in worked.variants(whole)
    ]


def turns_red(cases: Iterable[Case]) -> bool:
    """Whether any case no longer holds; one that can no longer be run does not hold either."""
    for case in cases:
        try:
            if worked.run_case(case).differences:
                return True
        except _BROKEN:
            return True
    return False


class Change(NamedTuple):
    """One place of a module changed: in which function ("" for a constant), what, and the whole module."""

    function: str
    what: str
    line: int
    tree: ast.Module


def changed_trees(tree: ast.Module) -> Iterator[Change]:
    """The module with one place changed, place by place."""
    for statement in tree.body:
        function = statement.name if isinstance(statement, ast.FunctionDef) else ""
        for place in list(_arithmetic_of(statement)):
            for change in _changes(place):
                before, line = ast.unparse(place), getattr(place, "lineno", 0)
                kept = copy.copy(place.__dict__)
                change(place)
                yield Change(function, f"{before} → {ast.unparse(place)}", line, copy.deepcopy(tree))
                place.__dict__.clear()
                place.__dict__.update(kept)


def _arithmetic_of(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a function's body or of a constant; decorators, defaults, annotations and sentences not."""
    if isinstance(statement, ast.FunctionDef) and statement.name not in _WITHOUT_CASES:
        for each in statement.body:
            yield from _expressions(each)
    elif isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]).isupper():
        yield from _expressions(statement)


def _expressions(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text":
        return
    if isinstance(node, ast.BinOp | ast.Compare | ast.Constant | ast.Call | ast.BoolOp):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _expressions(child)


def _changes(place: ast.expr) -> list[Callable[[Any], None]]:
    if isinstance(place, ast.BinOp) and type(place.op) in _OPERATORS:
        other = _OPERATORS[type(place.op)]
        return [lambda node: setattr(node, "op", other())]
    if isinstance(place, ast.Compare):
        return [_comparison(each) for each in _COMPARISONS.get(type(place.ops[0]), ())]
    value = place.value if isinstance(place, ast.Constant) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        larger = value * 1.1 if isinstance(value, float) and value else value + 1
        return [lambda node: setattr(node, "value", larger)]
    if isinstance(place, ast.Call) and isinstance(place.func, ast.Name) and place.func.id in _CALLS:
        name = _CALLS[place.func.id]
        return [lambda node: setattr(node, "func", ast.Name(name, ast.Load()))]
    if isinstance(place, ast.BoolOp):
        other_word = ast.Or if isinstance(place.op, ast.And) else ast.And
        return [lambda node: setattr(node, "op", other_word())]
    return []


def _comparison(kind: type[ast.cmpop]) -> Callable[[Any], None]:
    return lambda node: setattr(node, "ops", [kind()])


@contextmanager
def entered(module: ModuleType, tree: ast.Module) -> Iterator[None]:
    """The rules of the changed module instead of its own, and what the cases call of it."""
    before = {name: {key: list(rules) for key, rules in table.items()} for name, table in TABLES.items()}
    called = {name: getattr(worked, name) for name in ("judge", "grades")}
    for table in TABLES.values():
        for rules in table.values():
            rules[:] = [rule for rule in rules if rule.function.__module__ != module.__name__]
    namespace = {"__name__": module.__name__, "__file__": module.__file__}
    try:
        exec(compile(ast.fix_missing_locations(tree), str(module.__file__), "exec"), namespace)
        for name in called:
            setattr(worked, name, namespace[name] if name in namespace and module is grade else called[name])
        yield
    finally:
        for standard, table in TABLES.items():
            table.clear()
            table.update(before[standard])
        for name, function in called.items():
            setattr(worked, name, function)


class Reached:
    """Which cases reach which function of which file: only they can notice a change of it."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self._by_function: dict[tuple[str, str], list[Case]] = defaultdict(list)
        self._by_file: dict[str, list[Case]] = defaultdict(list)
        for case in cases:
            called = _called_by(case)
            for place in sorted(called):
                self._by_function[place].append(case)
            for file in sorted({file for file, _ in called}):
                self._by_file[file].append(case)

    def cases(self, module: ModuleType, function: str) -> list[Case]:
        """The cases that reach a function; for a module's constant, those that reach the module at all."""
        file = str(module.__file__)
        return self._by_function[file, function] if function else self._by_file[file]


def _called_by(case: Case) -> set[tuple[str, str]]:
    """The functions that a case runs through, each as (file, name at the module's top)."""
    called: set[tuple[str, str]] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            code = frame.f_code
            called.add((code.co_filename, code.co_qualname.partition(".")[0]))

    sys.setprofile(note)
    try:
        worked.run_case(case)
    finally:
        sys.setprofile(None)
    return called


def rule_files() -> list[ModuleType]:
    """Every module under calc that enters a rule, and the one that grades."""
    for found in pkgutil.walk_packages(xietong.calc.__path__, "xietong.calc."):
        importlib.import_module(found.name)
    for name in standards():
        rule_pack(name)
    named = {rule.function.__module__ for table in TABLES.values() for rules in table.values() for rule in rules}
    return [sys.modules[name] for name in sorted({*named, grade.__name__})]


def surviving_rules(module: ModuleType, reached: Reached) -> tuple[int, list[str]]:
    """How many places of a rule file were changed and which changes no case noticed."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    tried, survivors = 0, []
    for change in changed_trees(tree):
        tried += 1
        if not _noticed_in(module, change.tree, reached.cases(module, change.function)):
            survivors.append(f"{short(module)} {change.function}: {change.what}")
            print(f"  survives: {survivors[-1]}  (line {change.line})", flush=True)
    return tried, survivors


def short(module: ModuleType) -> str:
    """The module's name as --only takes it."""
    return module.__name__.rpartition(".")[2]


def _noticed_in(module: ModuleType, changed: ast.Module, cases: list[Case]) -> bool:
    try:
        with entered(module, changed):
            return turns_red(cases)
    except _BROKEN:
        return True


def _used(figure: Figure, seen: set[str]) -> None:
    for child in figure.inputs:
        if child.kind == "factor":
            seen.add(child.key)
        _used(child, seen)


def surviving_factors(cases: list[Case]) -> tuple[int, list[str]]:
    """How many factors were changed (by a tenth; a class turned round) and which changes no case noticed."""
    rows = [row for group in FactorBook.default()._rows.values() for row in group]
    users: dict[str, list[Case]] = {}
    for case in cases:
        keys: set[str] = set()
        for figure in worked.run_case(case).figures.values():
            _used(figure, keys)
        for key in keys:
            users.setdefault(key, []).append(case)
    survivors = [_named(row) for row in rows if not _noticed(row, rows, users.get(f"{row.purpose}:{row.key}", []))]
    return len(rows), survivors


def _named(row: FactorRow) -> str:
    where = " ".join(each for each in (row.edition, row.region, row.series, row.valid_from.isoformat()) if each)
    return f"factor {row.purpose} {row.key} = {row.value} ({where})"


def _noticed(row: FactorRow, rows: list[FactorRow], cases: list[Case]) -> bool:
    turned = 1 - row.value if row.purpose.endswith("_share") else row.value * Decimal("1.1") or Decimal("0.1")
    changed = FactorBook([replace(row, value=turned) if each is row else each for each in rows])
    with mock.patch.object(book, "_default", return_value=changed):
        return turns_red(cases)


def reasons() -> dict[str, str]:
    """The survivors that are allowed, each with its reason."""
    named = tomllib.loads(ALLOWED.read_text(encoding="utf-8"))["survivor"]
    return {each["change"]: each["reason"] for each in named}


def main() -> int:
    """Print the figures and the survivors; 1 where one is not named, or a named one survives no longer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], help="rule files by name, or factors")
    only = parser.parse_args().only
    began, cases = time.monotonic(), all_cases()
    modules = rule_files()
    cases, red = [case for case in cases if not turns_red([case])], [case for case in cases if turns_red([case])]
    for case in red:
        print(f"does not hold as it is, so nothing is learnt from it: {case['name']}", file=sys.stderr)
    if red and not only:
        return 1
    reached, every = Reached(cases), 0
    found: list[str] = []
    for module in modules:
        if not only or short(module) in only:
            tried, survivors = surviving_rules(module, reached)
            print(f"{short(module)}: {tried} changes, {len(survivors)} survive", flush=True)
            found, every = found + survivors, every + tried
    if not only or "factors" in only:
        tried, survivors = surviving_factors(cases)
        print(f"factors: {tried} changes, {len(survivors)} survive")
        found, every = found + survivors, every + tried
    return _verdict(
        found,
        complete=not only,
        said=f"{every} changes, {len(cases)} cases with their variants, {time.monotonic() - began:.0f} s",
    )


def _verdict(found: list[str], complete: bool, said: str) -> int:
    allowed = reasons()
    strange = sorted(set(found) - set(allowed))
    gone = sorted(set(allowed) - set(found)) if complete else []
    for each in sorted(set(found) & set(allowed)):
        print(f"  allowed: {each}: {allowed[each]}")
    for each in strange:
        print(f"  SURVIVES: {each}")
    for each in gone:
        print(f"  named in {ALLOWED.name} but no longer surviving: {each}")
    print(f"{said}, {len(found)} survivors, {len(strange)} without a reason")
    return int(bool(strange or gone))


if __name__ == "__main__":
    sys.exit(main())
