"""Values that came and do not count: the sentence that a figure says of them, and how many of each point there are.

Which they are the roll-up has decided (docs/decisions, "What a quantity can be"); `xietong quality` names each one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from xietong.lake.queries.outlet_hours import OutletTables, values_left_out
from xietong.texts import Text

Key = tuple[int, int]
# So many values of each point.
LeftOut = tuple[tuple[str, int], ...]


def left_out_of(tables: OutletTables) -> Mapping[Key, LeftOut]:
    """By channel and bucket, how many values of its concentration, its flow and its oxygen came and do not count.

    Of ducts that one analyser serves the first has them."""
    found = defaultdict[Key, list[tuple[str, int]]](list)
    for key, point, count in values_left_out(tables):
        found[key].append((point, count))
    return {key: tuple(each) for key, each in found.items()}


def left_out_together(parts: Iterable[LeftOut], points: Iterable[str]) -> tuple[Text, ...]:
    """One sentence for each of these points that lost values in parts of one span, in the order of their codes."""
    asked = set(points)
    counts = defaultdict[str, int](int)
    for part in parts:
        for point, count in part:
            if point in asked:
                counts[point] += count
    return tuple(left_out_said(point, count) for point, count in sorted(counts.items()))


def left_out_said(point: str, count: int) -> Text:
    """That so many values of a point came and are in no figure."""
    return Text(
        f"监测点 {point} 有 {count} 个值已收到而未计入：设备自己作了标记，或超出可能的范围，"
        "或是占位值，或与前后矛盾；逐条见 xietong quality，原值保留。",
        f"point {point}: {count} values came and are not counted, for the device marked them, or they "
        "are beyond what can be, stand for no value, or contradict those beside them; xietong quality names them, "
        "and all are kept.",
    )
