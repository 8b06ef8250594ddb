"""A rule's source read into its expression, once, where the rule is entered; and a figure's formula read back.

A rule is guards that may refuse (calls, `if …: raise`), local names, and one returned expression. Local names and the
module's numbers are written out, so that the expression stands over the rule's own inputs. What does not fit is refused
where it is entered: an expression that no visitor knows could be neither shown nor checked.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Collection, Mapping
from functools import cache, lru_cache
from typing import Any

from xietong.calc.engine.expression_reader import Reader, UnfitRuleError
from xietong.calc.engine.expression_text import line_of, text_of
from xietong.calc.expressions import Node, Table, inputs_of
from xietong.calc.keys import group_of, parted

# What a text means is known of every rule that was entered and of every line that was made of one.
_known: dict[str, Node] = {}
_purposes: set[str] = set()
TEXTS_KEPT = 4096


# ---- entering ----


def expression_of(function: Callable[..., Any], sources: Mapping[str, str], purposes: Collection[str]) -> Node:
    """The expression of a rule over its inputs' own keys.

    sources: argument → key asked for; purposes: the arguments that are tables of factors. Raises UnfitRuleError.
    """
    definition = _definition(function)
    written: dict[str, ast.expr] = {
        node.id: ast.Constant(function.__globals__[node.id])
        for node in ast.walk(definition)
        if isinstance(node, ast.Name) and isinstance(function.__globals__.get(node.id), int | float)
    }
    written |= {name: _asked_for(source) for name, source in sources.items()}
    arguments = set(inspect.signature(function).parameters)
    inputs = arguments - set(sources) | {group_of(source) for source in sources.values()}
    try:
        expression = Reader(function.__globals__, frozenset(inputs), frozenset(purposes)).read(
            _returned(definition, written)
        )
    except UnfitRuleError as unfit:
        raise ValueError(f"{function.__name__}: {unfit}") from unfit
    _purposes.update(purposes)
    _known[text_of(expression)] = expression
    return expression


def expression_in(formula: str) -> Node | None:
    """The expression of a figure's formula; None where it is in words, or holds what no rule may."""
    found = _known.get(formula)
    return found if found is not None else _read_back(formula)


@lru_cache(maxsize=TEXTS_KEPT)
def _read_back(formula: str) -> Node | None:
    try:
        return Reader({}, None, frozenset(_purposes)).read(ast.parse(formula, mode="eval").body)
    except (SyntaxError, UnfitRuleError):
        return None


@cache
def line_formula(formula: str, part: str, apart: bool = False) -> str:
    """The formula of one named amount, out of {part: … for part, amount in items.items()} or {"part": …, …}.

    The amount of the first form stands under the part's own key; where that is no name (0.95MPa, raw_coal@ENT-01), or
    where amounts of several inputs must be told apart, as items['0.95MPa']; "" where the formula has another form.
    """
    whole = expression_in(formula)
    line = None if whole is None else line_of(whole, part, apart)
    if line is None:
        return ""
    text = text_of(line)
    _known.setdefault(text, line)
    return text


@cache
def names_in_line(formula: str, part: str) -> frozenset[str] | None:
    """The inputs that one amount of a written-out table {"part": …, …} rests on; None for every other form."""
    table = expression_in(formula)
    if not isinstance(table, Table):
        return None
    line = line_of(table, part)
    return frozenset() if line is None else inputs_of(line)


# ---- a function's source ----


@cache
def _definition(function: Callable[..., Any]) -> ast.FunctionDef:
    found = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(found, ast.FunctionDef)
    return found


def _asked_for(source: str) -> ast.expr:
    group, part = parted(source)
    name = ast.Name(group)
    return ast.Subscript(name, ast.Constant(part)) if part else name


def _returned(definition: ast.FunctionDef, written: dict[str, ast.expr]) -> ast.expr:
    """The returned expression, local names written out; what may refuse before it is passed over."""
    *before, last = definition.body
    for statement in before:
        if isinstance(statement, ast.Assign):
            _note(statement, written)
        elif not _is_guard(statement):
            raise UnfitRuleError(statement)
    if not isinstance(last, ast.Return) or last.value is None:
        raise UnfitRuleError(last)
    return _written_out(last.value, written)


def _note(statement: ast.Assign, written: dict[str, ast.expr]) -> None:
    if len(statement.targets) != 1 or not isinstance(statement.targets[0], ast.Name):
        raise UnfitRuleError(statement)
    written[statement.targets[0].id] = _written_out(statement.value, written)


def _is_guard(statement: ast.stmt) -> bool:
    """A sentence, a call that may refuse, or `if …: raise`."""
    if isinstance(statement, ast.If):
        return not statement.orelse and all(isinstance(each, ast.Raise) for each in statement.body)
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant | ast.Call)


def _written_out(node: ast.expr, names: Mapping[str, ast.expr]) -> ast.expr:
    copied = _copied(node, names)
    assert isinstance(copied, ast.expr)
    return copied


def _copied(node: object, names: Mapping[str, ast.expr]) -> object:
    """A copy of an expression with names replaced."""
    if isinstance(node, ast.Name):
        return names.get(node.id, ast.Name(node.id, node.ctx))
    if isinstance(node, list):
        return [_copied(each, names) for each in node]
    if isinstance(node, ast.AST):
        return type(node)(**{field: _copied(value, names) for field, value in ast.iter_fields(node)})
    return node
