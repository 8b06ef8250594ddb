"""The monitoring's own inputs: how many points at key sources are automatic, how many of the hours due came."""

from xietong.accounting.books.consolidation import Books
from xietong.accounting.sources.meters import hours_due
from xietong.accounting.sources.statements import spans_of
from xietong.calc.figures import Figure
from xietong.park.nouns import Point, Subject
from xietong.periods import Period
from xietong.texts import Text

MONITORED = ("key_points", "key_points_automatic", "values_due", "values_received")


def monitoring_inputs(books: Books, subject: Subject, period: Period) -> dict[str, Figure]:
    """The inputs of automation_rate and data_completeness; not_applicable where the subject has no points."""
    points = books.boundary.points_below(subject.code)
    present = [point for point in points if point.shape != "sample" and hours_due(point, period)]
    if not present:
        nothing = Text("没有监测点。", "there is no point.")
        return {key: Figure(key, None, "1", "not_applicable", missing=(nothing,)) for key in MONITORED}
    key = [point for point in present if _is_key(books, point)] or present
    automatic = [point for point in key if point.source != "sheet"]
    spans = spans_of(period)
    hours = [books.extracts.completeness(point, span) for point in present for span in spans]
    counts = (len(key), len(automatic), sum(owed for owed, _ in hours), sum(received for _, received in hours))
    units = ("1", "1", "h", "h")
    return {name: Figure(name, float(count), unit) for name, count, unit in zip(MONITORED, counts, units, strict=True)}


def _is_key(books: Books, point: Point) -> bool:
    """Whether the point is at a key source: its subject or the enterprise above is on one of the key lists."""
    subject = books.registry.subjects.get(point.subject)
    while subject is not None:
        if subject.key_energy or subject.key_pollution or subject.key_carbon or subject.key_recycling:
            return True
        subject = books.registry.subjects.get(subject.parent)
    return False
