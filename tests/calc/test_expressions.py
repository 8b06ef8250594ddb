"""A rule's source becomes an expression of a few nodes where it is entered; what does not fit is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from xietong.calc.engine.expression_text import text_of
from xietong.calc.engine.rule_source import expression_in, line_formula, names_in_line
from xietong.calc.engine.rules import NONE, Factors, Items, NotApplicableError, RuleTable, additive
from xietong.calc.expressions import Choice, Factor, Input, Lines, Number, Product, Sum, Total, inputs_of, named, walked
from xietong.texts import Text

TWELFTH = 12
AGAINST = {"a": 1.0}


def entered(function: Callable[..., Any]) -> Any:
    """The expression of a function entered as a rule of a table of its own."""
    table = RuleTable()
    table.indicator(clause="1", unit="t")(function)
    return table[function.__name__][0].expression


def summed(one: float, other: float = 0.0, many: Items = NONE) -> float:
    """和: a sum."""
    net = one - other
    return net + sum(many.values())


def heated(amounts: Items, heat: Factors) -> Items:
    """热: heat of each."""
    return {name: amount * heat[name] * 44 / TWELFTH for name, amount in amounts.items() if name in heat}


def stepped(one: float, limit: float) -> float:
    """级: by a step."""
    if limit < 0:
        raise NotApplicableError(Text("无。", "none."))
    return 1.0 if one > limit else one / limit


def test_a_sum_is_read_term_by_term_with_its_local_names_written_out() -> None:
    many = Total(entered(summed).terms[2][1].loop)
    assert entered(summed) == Sum(((1, Input("one")), (-1, Input("other")), (1, many)))
    assert (many.source, many.value) == ("many", None)


def test_a_line_each_holds_the_factor_of_its_name_and_the_numbers_of_the_module() -> None:
    found = entered(heated)
    assert isinstance(found, Lines)
    assert isinstance(found.value, Product)
    assert [power for power, _ in found.value.operands] == [1, 1, 1, -1]
    assert Number(12) in list(walked(found))
    assert inputs_of(found) == frozenset({"amounts"})
    assert found.loop.where is not None
    assert found.loop.where.needs == ("heat", "name")


def test_the_line_of_one_name_stands_under_its_name_or_under_its_input_where_that_is_no_name() -> None:
    text = text_of(entered(heated))
    assert line_formula(text, "coke") == "coke * heat['coke'] * 44 / 12"
    assert line_formula(text, "0.95MPa") == "amounts['0.95MPa'] * heat['0.95MPa'] * 44 / 12"
    assert line_formula(text, "coke", True) == "amounts['coke'] * heat['coke'] * 44 / 12"
    line = expression_in("coke * heat['coke'] * 44 / 12")
    assert line is not None
    assert Factor("heat", named("coke")) in list(walked(line))


def test_amounts_written_out_name_their_own_inputs() -> None:
    assert names_in_line("{'a': one - two, 'b': three}", "a") == frozenset({"one", "two"})
    assert names_in_line("one + two", "a") is None


def test_what_may_refuse_before_the_value_is_no_part_of_it() -> None:
    found = entered(stepped)
    assert isinstance(found, Choice)
    assert text_of(found) == "1.0 if one > limit else one / limit"


def test_words_are_no_expression() -> None:
    assert expression_in("Σ 流量 flow") is None
    assert expression_in("one ** 2") is None


def looped(one: float) -> float:
    """圈: a loop."""
    for _ in range(3):
        one += 1
    return one


def powered(one: float) -> float:
    """幂: a power."""
    return one**2


def looking_elsewhere(one: float) -> float:
    """外: what no input is."""
    return one * AGAINST["a"]


def returning_early(one: float) -> float:
    """早: two returns."""
    if one > 3:
        return 3.0
    return one


def of_nothing(one: float) -> float:
    """空: no value."""
    raise NotApplicableError(Text("无。", f"none of {one}."))


def told(one: float) -> float:
    """言: calls something of its own."""
    return abs(one)


@pytest.mark.parametrize("function", [looped, powered, looking_elsewhere, returning_early, of_nothing, told])
def test_a_rule_that_does_not_fit_is_refused_where_it_is_entered(function: Callable[..., Any]) -> None:
    with pytest.raises(
        ValueError, match=f"{function.__name__}: .* does not fit: a rule is guards, local names and one"
    ):
        entered(function)


def capped(one: float) -> float:
    """封顶: at most one."""
    return min(one, 1.0)


def shared_out(one: float, other: float) -> float:
    """商: a quotient of amounts."""
    return one / other


def squared(one: float, other: float) -> float:
    """积: amounts times amounts."""
    return one * other


def with_a_constant(one: float, heat: Factors) -> float:
    """加: a constant beside the amount."""
    return one * heat["a"] + 5


def with_a_default(one: float = 1.0) -> float:
    """缺省: a default that would count once for every part."""
    return one


def indexed(one: float, year: float, index: Factors) -> float:
    """指数: a factor looked up by an amount."""
    return one / index[f"{year:.0f}"]


def from_a_threshold(amounts: Items) -> Items:
    """起征: only what is large enough."""
    return {name: amount for name, amount in amounts.items() if amount > 3}


def constant(heat: Factors) -> float:
    """常: no amount at all."""
    return heat["a"]


@pytest.mark.parametrize(
    "function",
    [capped, shared_out, squared, with_a_constant, with_a_default, indexed, from_a_threshold, constant],
)
def test_a_rule_that_says_it_is_additive_and_is_not_is_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match=f"{function.__name__} says that it is additive, but"):
        entered(additive(function))


@pytest.mark.parametrize("function", [summed, heated])
def test_a_sum_of_amounts_times_factors_is_additive(function: Callable[..., Any]) -> None:
    assert entered(additive(function)) is not None
