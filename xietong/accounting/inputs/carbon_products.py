"""Products of a carbon balance 碳平衡产品: what their absence makes of carbon that came in as raw material.

GB/T 32150 counts what came in with raw materials less what left in products. Without the products nobody knows how much
was emitted: between nothing and all of it. A figure that leaves it out, or takes all of it, is partial and says so.
"""

from collections.abc import Iterable
from dataclasses import replace

from xietong.accounting.books.consolidation import Books
from xietong.accounting.boundary import GROUPS
from xietong.calc.engine.names import names_of
from xietong.calc.figures import Figure
from xietong.calc.keys import group_of, without_subject
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

CARBON_OUTPUT = "carbon_output"
_FEEDSTOCK = "#feedstock"


def unbalanced(books: Books, subject: Subject, period: Period, feedstock: Figure, output: Figure) -> Figure:
    """The input of products with the sentence on raw material that no product balances: missing where no product is
    stated at all, partial where some units of a group state theirs and others do not."""
    materials = list(dict.fromkeys(without_subject(key) for key, amount in feedstock.items().items() if amount))
    if not materials:
        return output
    if not output.items():
        due = () if output.status == "not_applicable" else output.missing
        return replace(output, status="missing", missing=(*due, _left_out(materials)))
    units = list(_silent(books, subject, period))
    if not units:
        return output
    return replace(output, status="partial", missing=(*output.missing, _all_of_it(units)))


def _silent(books: Books, subject: Subject, period: Period) -> Iterable[Subject]:
    """The units of a group that used raw material and state no product of the balance."""
    if subject.kind not in GROUPS:
        return
    fed = [name for name in books.names if name.endswith(_FEEDSTOCK) and books.knows(subject.code, name)]
    made = [name for name in books.names if group_of(name) == CARBON_OUTPUT]
    for unit in books.boundary.units(subject.code):
        used = any(books.amount(unit.code, name, period).exact for name in fed)
        if used and not any(books.amount(unit.code, name, period).has_value for name in made):
            yield unit


def _left_out(materials: list[str]) -> Text:
    name = names_of(materials)
    return Text(
        f"用作原料的{name.zh}带入的碳没有计入，合计是下限：没有填报碳平衡产品。"
        "请填报产品产量，如 carbon_output:ammonia，产品不含碳也要填（含碳率 0）。",
        f"the carbon of {name.en} used as raw material is not in it, so that it is a lower bound: no product of the "
        "carbon balance is reported. Report the product, such as carbon_output:ammonia, also where it holds no carbon "
        "(a carbon content of 0).",
    )


def _all_of_it(units: list[Subject]) -> Text:
    zh, en = "、".join(unit.name for unit in units), ", ".join(unit.name_en or unit.name for unit in units)
    return Text(
        f"{zh}用作原料的碳按全部排放计，合计是上限：没有填报碳平衡产品。请填报产品产量，产品不含碳也要填（含碳率 0）。",
        f"the carbon of raw materials of {en} counts as emitted in full, so that the total is an upper bound: no "
        "product of the carbon balance is reported. Report it, also where it holds no carbon (a carbon content of 0).",
    )
