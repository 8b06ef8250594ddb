"""Case: one thing that is doubtful about a point's data, with the sentence that says what to do about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

from xietong.texts import Text

Kind = Literal[
    "gap", "stuck", "meter_change", "jump", "late", "conflict", "out_of_range", "sentinel", "peak", "stray", "future"
]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Case:
    """A span [start, end) of a point, UTC, and what is doubtful in it; entries: the evidence, at most ten ids."""

    kind: Kind
    point: str
    start: datetime
    end: datetime
    sentence: Text
    entries: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The case as plain values."""
        return {
            "kind": self.kind,
            "point": self.point,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "hours": round((self.end - self.start) / timedelta(hours=1), 3),
            "sentence": self.sentence._asdict(),
            "entries": list(self.entries),
        }


class Told(NamedTuple):
    """What a sentence is made of: the place, the span in park time, and the facts of the case."""

    point: str
    start: str
    end: str
    hours: str
    number: int
    first: str
    last: str


def told(point: str, span: tuple[datetime, datetime], zone: ZoneInfo, facts: tuple[int, str, str]) -> Told:
    """Put a span into park time; facts: how many readings, and two values of the case."""
    start, end = (at.astimezone(zone).strftime("%Y-%m-%d %H:%M") for at in span)
    return Told(point, start, end, f"{(span[1] - span[0]) / timedelta(hours=1):g}", *facts)


def sentence(kind: Kind, facts: Told) -> Text:
    """What, where, why it matters, what to do."""
    zh, en = _SENTENCES[kind]
    return Text(zh.format(**facts._asdict()), en.format(**facts._asdict()))


_SENTENCES: dict[Kind, Text] = {
    "gap": Text(
        "监测点 {point} 自 {start} 至 {end} 应有数据而没有（{hours} 小时）；缺失不等于零，期间合计因此不完整。"
        "请查设备与通信，补传数据或说明停运。",
        "point {point} has no data from {start} to {end} ({hours} h) although they were due; missing is not zero, "
        "so sums over it are partial. Check device and line, then send the data again or state the stop.",
    ),
    "stuck": Text(
        "监测点 {point} 自 {start} 至 {end} 连续 {number} 个值都是 {first}（{hours} 小时），而该点平时有波动；"
        "可能是仪器卡滞或数据被固定。请现场核查，属实则标记为故障。",
        "point {point} shows the same value {first} in {number} readings from {start} to {end} ({hours} h) although it "
        "normally varies; the analyser may be stuck or held. Inspect it on site, and mark the span as a fault if so.",
    ),
    "meter_change": Text(
        "监测点 {point} 的表计读数在 {start} 至 {end} 之间由 {first} 退到 {last}：可能换表、清零或翻转；"
        "这一段的用量表上看不出：一天以内按前后的快慢估计并标明，更久则不计入。请补录换表记录和旧表止码、新表起码。",
        "the register of point {point} went back from {first} to {last} between {start} and {end}: a meter change, "
        "reset or rollover; no register tells what flowed in between: within a day it is estimated from the pace "
        "beside and says so, for longer it is not counted. Enter the change with both registers.",
    ),
    "jump": Text(
        "监测点 {point} 的表计读数在 {start} 至 {end} 之间由 {first} 跳到 {last}，远快于它平时；可能换了起码更高的表、"
        "两块表接反、倍率或小数位变了。这一段照读数计入，可能多算。请现场核对，换过表就补录止码和起码。",
        "the register of point {point} went from {first} to {last} between {start} and {end}, far faster than ever; it "
        "may be another meter that shows more, two meters exchanged, or another multiplier or decimal place. It is "
        "counted as read and may be too much. Inspect it, and enter the change with both registers if there was one.",
    ),
    "late": Text(
        "监测点 {point} 自 {start} 至 {end} 的 {number} 个值晚到：在更新一天以上的数据之后才收到；"
        "已经用过的合计可能因此改变。请说明补传原因，并复核相关期间。",
        "{number} readings of point {point} from {start} to {end} came late, after data at least a day newer; sums "
        "already in use may change. State why they were sent again and review the periods.",
    ),
    "conflict": Text(
        "监测点 {point} 自 {start} 至 {end} 有 {number} 个时刻收到不同的值（如 {first} 与 {last}）；"
        "以先收到的为准，两个值都保留。请核实哪个正确并说明原因。",
        "point {point} was given different values for {number} instants from {start} to {end} (such as {first} and "
        "{last}); the first received counts and both are kept. Find out which is right and why.",
    ),
    "out_of_range": Text(
        "监测点 {point} 自 {start} 至 {end} 有 {number} 个值超出量程（最低 {first}，最高 {last}），不计入合计。"
        "请核对仪器量程、单位和倍率，确有其值则修改登记的上下限。",
        "{number} values of point {point} from {start} to {end} lie outside its range (lowest {first}, highest {last}) "
        "and are not counted. Check range, unit and multiplier; if the values are real, correct the registered bounds.",
    ),
    "sentinel": Text(
        "监测点 {point} 自 {start} 至 {end} 有 {number} 个值是 {first}：这不是测得的量，"
        "而是设备无值时的占位值或寄存器已满，"
        "不计入合计，原值保留。请查设备、量程和寄存器类型；确是测得的，用更正说明（xietong import --corrects）。",
        "{number} values of point {point} from {start} to {end} are {first}: not a measurement but what a device "
        "sends for "
        "no value, or a register that is full; they are kept and not counted. Check device, range and register type; "
        "if "
        "it was measured, say so by a correction (xietong import --corrects).",
    ),
    "peak": Text(
        "监测点 {point} 自 {start} 至 {end} 有 {number} 个值（{first} 至 {last}）比当天其余各值高出几个数量级，"
        "该时段存疑，"
        "不计入合计，原值保留。请查单位、倍率和仪器；确有其值，用更正说明（xietong import --corrects）。",
        "{number} values of point {point} from {start} to {end} ({first} to {last}) stand orders of magnitude above "
        "all "
        "others of their day: the hour is in doubt; they are kept and not counted. Check unit, multiplier and "
        "instrument; "
        "if they are real, say so by a correction (xietong import --corrects).",
    ),
    "stray": Text(
        "监测点 {point} 的表计读数自 {start} 至 {end} 有 {number} 个（{first} 至 {last}）离开原来的走势，之后又回到原处"
        "（或还没有后来的读数证实）：不当作用量，这一段按前后读数的差平摊并标明估计。请查通信和表计；若确为换表，请补录止码和起码。",
        "{number} register readings of point {point} from {start} to {end} ({first} to {last}) left the course of the "
        "register, which then came back to it (or has no later reading yet that bears them out): not taken for "
        "consumption; the span is bridged by the readings around and marked estimated. Check line and meter; if it "
        "was a "
        "change, enter it with both registers.",
    ),
    "future": Text(
        "监测点 {point} 有 {number} 个值的时间（{start} 至 {end}）比收到的时间晚一天以上：设备时钟有误；"
        "这些值保留但不属于任何时段，不计入合计，也不因此产生应收时段。请校准设备时钟后补传。",
        "{number} values of point {point} are stamped {start} to {end}, more than a day after they were received: the "
        "device's clock is wrong; they are kept, belong to no hour, are not counted and make nothing due. Set the "
        "clock "
        "and send the data again.",
    ),
}
