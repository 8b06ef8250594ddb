"""What a row of flows.csv carries, as an amount in the unit of an item."""

from xietong.accounting.amounts import Amount, amount
from xietong.calc.figures import Figure
from xietong.calc.items import UnknownItemError, item, to_canonical
from xietong.park.nouns import Flow
from xietong.texts import Text
from xietong.units import UnitError


def moved(flow: Flow, name: str, key: str, clause: str = "") -> Amount | None:
    """A recorded flow in the unit of the item, under a key; None where its unit does not convert."""
    try:
        known = item(name)
        exact = to_canonical(known, flow.amount, flow.unit)
    except (UnitError, UnknownItemError):
        return None
    title = Text(f"{flow.origin} → {flow.destination} · {flow.period.label}", f"{flow.origin} → {flow.destination}")
    return amount(Figure(key, None, known.unit, clause=clause, title=title, source="flows.csv"), exact)
