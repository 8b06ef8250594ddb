"""Thresholds: rows with source and edition, read by name; the page made of them; no other number stands in code."""

import ast
import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from xietong.accounting.outlets.events import MOST_TAKEN
from xietong.calc.factors.rows import UNIT_OF_PURPOSE
from xietong.commands.standard.threshold_table import as_markdown
from xietong.standard.thresholds import (
    CONFIDENCES,
    UnknownThresholdError,
    band_of,
    bands_of,
    decimal_of,
    duration_of,
    float_of,
    groups,
    int_of,
    microseconds_of,
    ratio_of,
    seconds_of,
    thresholds,
)

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs/standard/thresholds.md"
ROOMS = ("calc", "accounting", "evaluation", "quality", "lake", "settle", "park")
# What names a reading as a threshold: the readers of standard.thresholds.
READERS = {"decimal_of", "float_of", "int_of", "ratio_of", "duration_of", "seconds_of", "microseconds_of", "band_of"}
# Nought and one, powers of ten, and the seconds of a minute, an hour and a day say nothing by themselves.
NEUTRAL = {Decimal(each) for each in ("0", "1", "10", "100", "1000", "1000000", "60", "3600", "86400", "1E-9", "1E-12")}
# Calls whose numbers are no thresholds: column types, dates and patterns.
SHAPES = {"pa", "re", "datetime", "date", "Text", "Memory"}


def test_values_as_the_standards_have_them() -> None:
    assert ratio_of("validity.readings_of_an_hour") == (3, 4)
    assert timedelta(minutes=15) == MOST_TAKEN  # HJ 75-2017: 45 valid minutes
    hours = [int_of(f"substitution.hours_{each}") for each in ("for_a_short_gap", "for_a_long_gap", "at_poor_capture")]
    assert hours == [180, 720, 2160]
    assert decimal_of("sources.deviation") == Decimal("0.05")
    assert float_of("outlet.standard_pressure") == 101.325
    assert [int_of(f"tax.{each}") for each in ("air", "first_class", "other_water")] == [3, 5, 3]  # law, article 9
    assert bands_of("factor")["environmental_tax_rate air"] == (Decimal("1.2"), Decimal(12))
    assert band_of("fuel.fossil_carbon") == (Decimal("0.04"), Decimal("0.13"))


def test_times_by_their_units() -> None:
    assert duration_of("substitution.long_gap") == timedelta(hours=24)
    assert seconds_of("device.wait_2031") == 3 * 3600
    assert microseconds_of("register.zeros") == 7 * 86_400 * 1_000_000


@pytest.mark.parametrize(
    ("ask", "key"),
    [
        (decimal_of, "validity.no_such_row"),
        (decimal_of, "fuel.fossil_carbon"),
        (band_of, "sources.deviation"),
        (int_of, "sources.deviation"),
        (duration_of, "tax.air"),
        (bands_of, "no_such_group"),
    ],
)
def test_what_no_row_has_stops_the_start(ask: object, key: str) -> None:
    assert callable(ask)
    with pytest.raises(UnknownThresholdError, match=key.rpartition(".")[2]):
        ask(key)


def test_every_row_says_what_it_is_and_where_it_comes_from() -> None:
    for key, row in thresholds().items():
        assert row.says.zh, key
        assert row.says.en, key
        assert row.unit, key
        assert row.confidence in CONFIDENCES, key
        assert (row.source == "ours") == (row.confidence == "ours"), key
        assert bool(row.edition) == bool(re.match(r"GB|HJ|环境|网络", row.source)), key
    assert {key.partition(".")[0] for key in thresholds()} == set(groups())


def test_bands_begin_below_their_end() -> None:
    found = [(key, row.value) for key, row in thresholds().items() if isinstance(row.value, tuple)]
    assert found
    assert [key for key, (low, high) in found if low > high] == []


def test_a_band_of_factors_is_in_the_unit_of_its_purpose() -> None:
    said = {key.partition(".")[2].partition(" ")[0]: row for key, row in thresholds().items() if key[:7] == "factor."}
    assert {
        purpose: row.unit for purpose, row in said.items() if "{item}" not in (UNIT_OF_PURPOSE[purpose] + row.unit)
    } == {purpose: UNIT_OF_PURPOSE[purpose] for purpose in said if "{item}" not in UNIT_OF_PURPOSE[purpose]}


def test_the_page_is_what_would_be_made_now() -> None:
    made = "python -m xietong.commands.standard.threshold_table > docs/standard/thresholds.md"
    assert as_markdown() == PAGE.read_text("utf-8"), f"make it again: {made}"


# ---- no other number in code ----


@cache
def sources() -> list[tuple[Path, str, ast.Module]]:
    """Every module of the rooms: its path, text and tree."""
    every = (path for room in ROOMS for path in sorted((ROOT / "xietong" / room).rglob("*.py")))
    texts = [(path, path.read_text("utf-8")) for path in every if "migrations" not in path.parts]
    return [(path, text, ast.parse(text)) for path, text in texts]


def asked(tree: ast.Module) -> Iterator[str]:
    """The keys that a module asks for, as patterns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            key = node.args[0]
            if node.func.id == "bands_of" and isinstance(key, ast.Constant):
                yield rf"{key.value!s}\..*"
            elif node.func.id in READERS and isinstance(key, ast.Constant):
                yield re.escape(str(key.value))
            elif node.func.id in READERS and isinstance(key, ast.JoinedStr):
                yield "".join(
                    re.escape(str(each.value)) if isinstance(each, ast.Constant) else ".*" for each in key.values
                )


def test_every_row_is_asked_for() -> None:
    patterns = {pattern for _, _, tree in sources() for pattern in asked(tree)}
    assert [key for key in thresholds() if not any(re.fullmatch(pattern, key) for pattern in patterns)] == []


def is_of_a_shape(node: ast.AST) -> bool:
    """Whether a call's numbers are of column types, dates and patterns, or it asks for a threshold."""
    root = node.func if isinstance(node, ast.Call) else None
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id in SHAPES | READERS | {"bands_of"}


def number_of(value: object) -> Decimal | None:
    """A number, or a text that is one with decimals."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(repr(value))
    return Decimal(value) if isinstance(value, str) and re.fullmatch(r"-?\d+\.\d+(e-?\d+)?", value) else None


def numbers(node: ast.AST) -> Iterator[Decimal]:
    """The numbers that an expression states."""
    if is_of_a_shape(node):
        return
    if isinstance(node, ast.Subscript):
        yield from numbers(node.value)
    elif isinstance(node, ast.Constant):
        value = number_of(node.value)
        yield from [] if value is None else [value]
    else:
        for child in ast.iter_child_nodes(node):
            yield from numbers(child)


def stated(tree: ast.Module) -> Iterator[str]:
    """The constants of a module that state a number."""
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        if any(number not in NEUTRAL for number in numbers(node.value)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))


def test_a_number_in_code_is_no_threshold_or_has_its_reason() -> None:
    """A new constant with a number goes into thresholds.toml, or into numbers_in_code.toml with the reason why not."""
    reasons = tomllib.loads(Path(__file__).with_name("numbers_in_code.toml").read_text("utf-8"))
    allowed = sorted(name for reason in reasons.values() for name in reason["names"])
    found = sorted({f"{path.stem}.{name}" for path, _, tree in sources() for name in stated(tree)})
    assert found == allowed


def test_a_question_states_no_share_in_numbers() -> None:
    """`readings * 4 >= due * 3` is a threshold too."""
    share = re.compile(r"\* \d+ [<>]=? [^\n]{1,40}\* \d+\b|\b\d+ \* \w+ [<>]=? \d+ \* \w")
    written = {f"{path.relative_to(ROOT)}: {found[0]}" for path, text, _ in sources() for found in share.finditer(text)}
    assert written == set()
