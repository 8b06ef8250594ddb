"""The mean of an outlet's concentrations over a period: weighted by flow, or plain where nothing says what flowed."""

from decimal import Decimal

from xietong.accounting.outlets.hours import Channel, Judged
from xietong.readings import MILLIONTH


def mean_concentration(weighted: Decimal, flow: Decimal, plain: Decimal, hours: int) -> Decimal | None:
    """Σ(concentration × flow) ÷ Σ flow to six decimals; Σ concentration ÷ hours without flow; None of no hours."""
    if not hours:
        return None
    return ((weighted / flow) if flow else (plain / hours)).quantize(MILLIONTH)


def working_of_mean(channel: Channel, hours: Judged) -> dict[str, str]:
    """What the judged mean is the quotient of, and by which oxygen each of its hours was corrected, for a trace.

    weighted, weight: Σ(concentration × flow) and Σ flow in m3; summed, counted: Σ concentration and how many, without
    flow; oxygen_reference in %.
    """
    by_flow = {"weighted": hours.judged_x_flow, "weight": hours.judged_flow}
    by_count = {"summed": hours.judged_sum, "counted": Decimal(hours.judged)}
    facts = {name: f"{number.normalize():f}" for name, number in (by_flow if hours.judged_flow else by_count).items()}
    if channel.oxygen_reference is None:
        return facts
    return facts | {
        "oxygen_point": channel.oxygen_point,
        "oxygen_reference": f"{channel.oxygen_reference.normalize():f}",
    }
