"""Changes each operator, constant, comparison and factor of the rules, one at a time, and runs the worked cases.

    python tests/mutate_calc.py [--survivors N] [--only NAME]

A change that turns no case red is a survivor and is printed; more than N of them exit with 1. Nothing on disk is
touched: a changed rule file is compiled from its tree and entered among the rules, a changed factor is a changed book.
The survivors that `make mutate-calc` allows change nothing that a case could show: a tolerance a tenth wider or met to
its last digit, an oxidation rate of a fuel without counted carbon, the one product of a sum of one, air's three taxed
pollutants for water's three, and the three factors of fossil power, which are held for reference and used by no rule.

Not a test of its own: pytest does not collect it; `make mutate-calc` runs it.
"""

import argparse
import ast
import copy
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

from xietong.calc import (
    carbon,
    energy,
    environmental_tax,
    factors,
    grade,
    monitoring,
    outlet_gas,
    pollutants,
    recycling,
    worked,
)
from xietong.calc.factor_rows import FactorRow
from xietong.calc.factors import FactorBook
from xietong.calc.figures import Figure
from xietong.calc.rules import RULES

CASES = Path(__file__).parent / "cases"
RULE_FILES: tuple[ModuleType, ...] = (
    energy,
    carbon,
    pollutants,
    outlet_gas,
    recycling,
    monitoring,
    environmental_tax,
    grade,
)
Case = Mapping[str, Any]
_OPERATORS: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
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
# Functions that no case can reach: they name a rule's clause and unit, are for whoever works hour by hour, add up the
# outlets of a subject, or say how far a goal is reached. The tests of their rooms try them.
_WITHOUT_CASES = (
    "_members",
    "_clause",
    "_concentration_unit",
    "at_reference_oxygen",
    "gas_mass_kg",
    "water_mass_kg",
    "_of_outlet",
    "_completion",
    "_hindrances",
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


def changed_trees(tree: ast.Module) -> Iterator[tuple[str, ast.Module]]:
    """The module with one place changed, and what was changed."""
    places = [node for function in tree.body for node in _arithmetic_of(function)]
    for place in places:
        for change in _changes(place):
            before, line = ast.unparse(place), getattr(place, "lineno", 0)
            kept = copy.copy(place.__dict__)
            change(place)
            after = ast.unparse(place)
            yield f"line {line}: {before}  →  {after}", copy.deepcopy(tree)
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
    before = {key: list(rules) for key, rules in RULES.items()}
    called = {name: getattr(worked, name) for name in ("judge", "grades")}
    for rules in RULES.values():
        rules[:] = [rule for rule in rules if rule.function.__module__ != module.__name__]
    namespace = {"__name__": module.__name__, "__file__": module.__file__}
    try:
        exec(compile(ast.fix_missing_locations(tree), str(module.__file__), "exec"), namespace)
        for name in called:
            setattr(worked, name, namespace[name] if name in namespace and module is grade else called[name])
        yield
    finally:
        RULES.clear()
        RULES.update(before)
        for name, function in called.items():
            setattr(worked, name, function)


def surviving_rules(module: ModuleType, cases: list[Case]) -> tuple[int, list[str]]:
    """How many places of a rule file were changed and which changes no case noticed."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    tried, survivors = 0, []
    for what, changed in changed_trees(tree):
        tried += 1
        if not _noticed_in(module, changed, cases):
            survivors.append(f"{module.__name__.rpartition('.')[2]}.py {what}")
    return tried, survivors


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
    book = FactorBook([replace(row, value=turned) if each is row else each for each in rows])
    with mock.patch.object(factors, "_default", return_value=book):
        return turns_red(cases)


def main() -> int:
    """Print the figures and the survivors; 1 where there are more than stated."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--survivors", type=int, default=0, help="how many may survive")
    parser.add_argument("--only", default="", help="one rule file, or factors")
    arguments = parser.parse_args()
    cases = all_cases()
    if turns_red(cases):
        print("the cases do not hold as they are: nothing to learn from changes", file=sys.stderr)
        return 1
    found: list[str] = []
    for module in RULE_FILES:
        name = module.__name__.rpartition(".")[2]
        if arguments.only in ("", name):
            tried, survivors = surviving_rules(module, cases)
            print(f"{name}: {tried} changes, {len(survivors)} survive")
            found += survivors
    if arguments.only in ("", "factors"):
        tried, survivors = surviving_factors(cases)
        print(f"factors: {tried} changes, {len(survivors)} survive")
        found += survivors
    for each in found:
        print("  survives:", each)
    print(f"{len(cases)} cases with their variants, {len(found)} survivors, {arguments.survivors} allowed")
    return int(len(found) > arguments.survivors)


if __name__ == "__main__":
    sys.exit(main())
