"""The engine on rules of its own: what is absent, what is left out, editions, choices, circles, factors, working."""

from collections.abc import Iterator, Mapping
from datetime import date

import pytest

from xietong.calc.engine.engine import (
    RULES,
    Factors,
    Items,
    NotApplicableError,
    UnknownValueError,
    calculate,
    indicator,
)
from xietong.calc.engine.rules import NONE, Member, family
from xietong.calc.figures import Figure, missing_figure
from xietong.texts import Text

NEW_YEAR = date(2025, 12, 31)
ABSENT = Text("没有收到。", "not received.")


class Book:
    """Two factors of one purpose: red 2, blue 3."""

    def find(self, purpose: str, key: str, on: date, choices: Mapping[str, str]) -> Figure:
        known = {"red": 2.0, "blue": 3.0}
        if key not in known:
            raise UnknownValueError(Text(f"没有 {key} 的系数。", f"no factor of {key}."))
        return Figure(f"{purpose}:{key}", known[key], "1", kind="factor", source="test")


def number(value: float | None, status: str = "ok") -> Figure:
    if value is None:
        return missing_figure("x", "t", ABSENT) if status == "missing" else Figure("x", None, "t", "not_applicable")
    return Figure("x", value, "t", "partial" if status == "partial" else "ok")


def amounts(**values: float | None) -> Figure:
    children = tuple(
        Figure(name, value, "t") if value is not None else missing_figure(name, "t", ABSENT)
        for name, value in values.items()
    )
    return Figure("amounts", None, "t", kind="items", inputs=children)


def run(key: str, on: date = NEW_YEAR, choices: Mapping[str, str] | None = None, **inputs: Figure) -> Figure:
    return calculate([key], inputs, Book(), on, choices or {})[key]


@pytest.fixture(autouse=True)
def own_rules() -> Iterator[None]:
    before = {key: list(rules) for key, rules in RULES.items()}

    @indicator(clause="1", unit="t")
    def ratio_of_test(over: float, under: float) -> float:
        """比: a ratio."""
        return over / under

    @indicator(clause="1", unit="t")
    def sum_of_test(one: float = 0.0, two: float = 0.0, many: Items = NONE) -> float:
        """和: a sum."""
        everything = sum(many.values())
        return one + two + everything

    @indicator(clause="1", unit="t")
    def weighted(amounts: Items, weight: Factors) -> Items:
        """加权: weighted amounts."""
        return {name: amount * weight[name] for name, amount in amounts.items()}

    @indicator(clause="1", unit="t")
    def known_only(amounts: Items, weight: Factors) -> Items:
        """可加权的: amounts that have a weight."""
        return {name: amount * weight[name] for name, amount in amounts.items() if name in weight}

    @indicator(clause="1", unit="t")
    def weighted_sum(weighted: Items) -> float:
        """加权和: sum of weighted amounts."""
        return sum(weighted.values())

    @indicator(clause="1", unit="t")
    def twice(ratio_of_test: float) -> float:
        """倍: twice the ratio."""
        return ratio_of_test * 2

    yield
    RULES.clear()
    RULES.update(before)


def test_a_missing_input_makes_the_figure_missing_and_says_which() -> None:
    figure = run("ratio_of_test", over=number(4))
    assert (figure.value, figure.status) == (None, "missing")
    assert "under" in figure.missing[0].en


def test_zero_divisor_is_a_reason_and_travels_up() -> None:
    figure = run("twice", over=number(4), under=Figure("under", 0.0, "t"))
    assert (figure.value, figure.status) == (None, "not_applicable")
    assert "under is zero" in figure.missing[0].en


def test_nothing_supplied_to_a_sum_is_missing_and_not_zero() -> None:
    figure = run("sum_of_test")
    assert (figure.value, figure.status) == (None, "missing")
    assert "one, two, many" in figure.missing[0].en


def test_a_sum_of_what_was_never_due_is_not_applicable() -> None:
    assert run("sum_of_test", one=number(None), two=number(None)).status == "not_applicable"


def test_a_sum_leaves_out_what_was_not_due() -> None:
    figure = run("sum_of_test", one=number(4), two=number(None))
    assert (figure.value, figure.status, figure.missing) == (4.0, "ok", ())


def test_a_sum_without_what_was_due_is_partial_and_says_so() -> None:
    figure = run("sum_of_test", one=number(4), two=number(None, "missing"))
    assert (figure.value, figure.status, figure.missing) == (4.0, "partial", (ABSENT,))


def test_a_sum_of_which_nothing_came_is_missing() -> None:
    figure = run("sum_of_test", one=number(None, "missing"), two=number(None))
    assert (figure.value, figure.status, figure.missing) == (None, "missing", (ABSENT,))


def test_an_absent_part_of_named_amounts_makes_every_sum_of_them_partial() -> None:
    figure = run("weighted_sum", amounts=amounts(red=5.0, blue=None))
    assert (figure.value, figure.status, figure.missing) == (10.0, "partial", (ABSENT,))
    lines = figure.child("weighted")
    assert [(line.key, line.value, line.status) for line in lines.inputs] == [
        ("red", 10.0, "ok"),
        ("blue", None, "missing"),
    ]


def test_named_amounts_of_which_none_came_are_missing() -> None:
    assert run("weighted_sum", amounts=amounts(red=None)).status == "missing"


def test_no_named_amounts_is_not_zero() -> None:
    assert run("weighted_sum", amounts=amounts()).status == "not_applicable"


def test_a_partial_input_makes_the_figure_partial() -> None:
    assert run("ratio_of_test", over=number(4, "partial"), under=number(2)).status == "partial"


def test_a_partial_line_makes_the_whole_partial() -> None:
    lines = amounts(red=5.0)
    partial = Figure("amounts", None, "t", kind="items", inputs=(Figure("red", 5.0, "t", "partial"),))
    assert run("weighted_sum", amounts=lines).status == "ok"
    assert run("weighted_sum", amounts=partial).status == "partial"


def test_a_missing_factor_is_a_reason_and_not_a_number() -> None:
    figure = run("weighted_sum", amounts=amounts(red=5.0, green=1.0))
    assert (figure.value, figure.status) == (None, "missing")
    assert figure.missing == (Text("没有 green 的系数。", "no factor of green."),)


def test_a_missing_factor_is_not_papered_over_by_the_rest_of_a_sum() -> None:
    @indicator(clause="1", unit="t")
    def everything(weighted_sum: float = 0.0, one: float = 0.0) -> float:
        """全部: everything."""
        return weighted_sum + one

    whole = run("everything", amounts=amounts(red=5.0, green=1.0), one=number(4))
    assert (whole.value, whole.status) == (None, "missing")
    assert "no factor of green." in [reason.en for reason in whole.missing]
    late = run("everything", amounts=amounts(red=None), one=number(4))
    assert (late.value, late.status) == (4.0, "partial")


def test_a_rule_may_leave_out_what_has_no_factor_and_the_working_names_it() -> None:
    figure = run("known_only", amounts=amounts(red=5.0, green=1.0))
    assert figure.status == "ok"
    assert figure.items() == {"red": 10.0}
    assert figure.child("green").status == "not_applicable"
    assert figure.child("green").missing[0].en == "no factor of green."


def test_the_working_of_a_line_holds_its_own_amount_factor_and_formula() -> None:
    line = run("weighted", amounts=amounts(red=5.0, blue=1.0)).child("red")
    assert [child.key for child in line.inputs] == ["red", "weight:red"]
    assert line.formula == "red * weight['red']"


def test_local_names_are_written_out_in_the_formula() -> None:
    assert run("sum_of_test", one=number(1)).formula == "one + two + sum(many.values())"


def test_one_named_amount_can_be_asked_for() -> None:
    assert run("amounts:red", amounts=amounts(red=5.0)).value == 5.0
    assert run("amounts:blue", amounts=amounts(red=5.0)).status == "missing"
    assert run("weighted:red", amounts=amounts(red=5.0)).value == 10.0


def test_one_amount_of_an_absent_whole_gives_the_whole_ones_reason() -> None:
    absent = missing_figure("amounts", "t", Text("整张表没有收到。", "the whole sheet is absent."))
    assert [reason.en for reason in run("amounts:red", amounts=absent).missing] == ["the whole sheet is absent."]
    assert "amounts:blue was not supplied" in run("amounts:blue", amounts=amounts(red=5.0)).missing[0].en
    assert run("never_heard_of").status == "missing"


def test_what_was_not_due_gives_no_reason_beside_what_was() -> None:
    idle = Figure("two", None, "t", "not_applicable", missing=(Text("没有。", "there is none."),))
    needed = run("ratio_of_test", over=number(None, "missing"), under=idle)
    assert (needed.status, needed.missing) == ("missing", (ABSENT,))
    both = Figure("amounts", None, "t", kind="items", inputs=(Figure("red", 1.0, "t"), idle))
    assert (run("weighted_sum", amounts=both).status, run("weighted_sum", amounts=both).missing) == ("ok", ())


def test_the_sentence_names_only_what_is_zero() -> None:
    figure = run("ratio_of_test", over=Figure("over", 4.0, "t"), under=Figure("under", 0.0, "t"))
    assert "over" not in figure.missing[0].en


def test_a_given_figure_outranks_its_rule_and_takes_its_title() -> None:
    given = run("ratio_of_test", ratio_of_test=Figure("ratio_of_test", 7.0, "t"), over=number(4), under=number(2))
    assert (given.value, given.title.zh, given.clause) == (7.0, "比", "1")


def test_a_circle_is_named() -> None:
    @indicator(clause="1", unit="t")
    def hen(egg: float) -> float:
        """鸡: comes first."""
        return egg

    @indicator(clause="1", unit="t")
    def egg(hen: float) -> float:
        """蛋: comes first."""
        return hen

    with pytest.raises(RecursionError, match="hen → egg → hen"):
        run("hen")


def test_editions_hold_from_and_until_their_day() -> None:
    @indicator(clause="1", unit="t", until=date(2024, 1, 1))
    def dated(one: float) -> float:
        """旧: the old way."""
        return one

    @indicator(clause="1", unit="t", since=date(2024, 1, 1))
    def dated__2024(one: float) -> float:
        """新: the new way."""
        return one * 10

    assert run("dated", on=date(2023, 12, 31), one=number(1)).value == 1.0
    assert run("dated", on=date(2024, 1, 1), one=number(1)).value == 10.0
    assert run("dated", on=date(2024, 1, 1), one=number(1)).title.zh == "新"


def test_a_choice_selects_the_function_and_is_kept_in_the_working() -> None:
    @indicator(clause="1", unit="t", when={"side": "left"})
    def ratio_of_test__left(over: float) -> float:
        """左: the left one."""
        return -over

    assert run("ratio_of_test", over=number(4), under=number(2)).value == 2.0
    left = run("ratio_of_test", choices={"side": "left"}, over=number(4), under=number(2))
    assert (left.value, left.trace) == (-4.0, {"side": "left"})


def test_a_rule_that_says_nothing_here_gives_its_reason() -> None:
    @indicator(clause="1", unit="t")
    def shy(one: float) -> float:
        """羞: says nothing."""
        if one > 0:
            raise NotApplicableError(Text("不适用。", "says nothing."))
        return one

    figure = run("shy", one=number(1))
    assert (figure.status, figure.missing) == ("not_applicable", (Text("不适用。", "says nothing."),))


def test_a_result_that_is_no_number_is_missing() -> None:
    figure = run("ratio_of_test", over=Figure("over", float("inf"), "t"), under=number(2))
    assert (figure.value, figure.status) == (None, "missing")


def test_a_family_enters_one_rule_a_member() -> None:
    members = [Member("a", Text("甲", "A"), "2", "kg"), Member("b", Text("乙", "B"), "3", "g")]

    @family(key="{}_doubled", members=members, sources={"amount": "amounts:{}"}, better="higher")
    def doubled(amount: float) -> float:
        """两倍{zh}: twice {en}."""
        return amount * 2

    figures = calculate(["a_doubled", "b_doubled"], {"amounts": amounts(a=1.0, b=4.0)}, Book(), NEW_YEAR, {})
    assert [(figure.value, figure.unit, figure.clause) for figure in figures.values()] == [
        (2.0, "kg", "2"),
        (8.0, "g", "3"),
    ]
    assert figures["a_doubled"].title == Text("两倍甲", "twice A")
    assert figures["a_doubled"].formula == "amounts['a'] * 2"
    assert [child.key for child in figures["a_doubled"].inputs] == ["amounts:a"]


def test_a_rule_without_a_bilingual_line_is_refused() -> None:
    with pytest.raises(ValueError, match="docstring must open"):

        @indicator(clause="1", unit="t")
        def silent(one: float) -> float:
            """Only English."""
            return one
