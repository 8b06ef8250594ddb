"""What is said of power and heat that a unit made where its statements leave something open (see `counted`)."""

from decimal import Decimal

from xietong.park.nouns import Subject
from xietong.texts import Text


def unknown_source(unit: Subject, source: str) -> Text:
    """A source that is not in the table."""
    return Text(
        f"{unit.name}自产电、热的来源“{source}”不在来源表中，不计为可再生；请用 solar、wind、waste_heat 等写明。",
        f'the source "{source}" of what {unit.name_en or unit.name} made is not in the table of sources and does not '
        "count as renewable; name it as solar, wind, waste_heat and so on.",
    )


def no_source(unit: Subject, renewable: bool) -> Text:
    """Power whose source nobody names and that no fuel can have made."""
    zh, en = ("可再生能源", "renewable") if renewable else ("余热余压", "waste heat or pressure")
    return Text(
        f"{unit.name}的自发电没有写明来源，已报的燃料也发不出这些电：按没有计量投入的{zh}自产计；"
        "请按来源填报 electricity_made:solar、:wind、:waste_heat 等。",
        f"what {unit.name_en or unit.name} generated names no source and no reported fuel can have made it: "
        "it counts as "
        f"made of {en} without a counted input; report it by source as electricity_made:solar, :wind, :waste_heat …",
    )


def taken_as_fuel(unit: Subject) -> Text:
    """Power whose source nobody names and that a fuel may have made."""
    return Text(
        f"{unit.name}的自发电没有写明来源，视为由所报燃料或热力发出，外供部分照此扣减；请把发电的燃料填为 "
        "use=conversion，"
        "或按来源填报 electricity_made:solar 等。",
        f"what {unit.name_en or unit.name} generated names no source; it is taken to be made of the fuel or "
        "heat reported, "
        "and what was supplied is taken off; report that fuel with use=conversion, or the power by source as "
        "electricity_made:solar …",
    )


def taken_as_resold(unit: Subject) -> Text:
    """Supply of a unit that states own use and not what it made."""
    return Text(
        f"{unit.name}有自发自用电量和外供电量而没有填报自发电总量：外供视为转供外购电，已扣减；如是自发余电上网，"
        "请填报 electricity_made:solar 等（自产总量）。",
        f"{unit.name_en or unit.name} states own renewable power used and power supplied, but not what it "
        "made: the supply "
        "counts as resold purchase and is taken off; if it was the surplus of its own make, report "
        "electricity_made:solar "
        "and so on, the whole of it.",
    )


def nowhere(unit: Subject, left: Decimal, name: str) -> Text:
    """What was made and is stated as neither used nor supplied."""
    return Text(
        f"{unit.name}自产电量中有 {left:.6g} {name} 既未填为自用、也未填为外供或损失，未计入消费；请核对。",
        f"{left:.6g} {name} of what {unit.name_en or unit.name} made is stated neither as used nor as "
        "supplied or lost and "
        "is not counted as consumed; check it.",
    )
