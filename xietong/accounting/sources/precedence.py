"""Which source counts for one item of one subject itself, month by month, and what stands beside it.

Energy, materials and output: the reported statement for the total, a meter where nothing was reported.
Emissions of an outlet: a month of valid automatic data, then what was reported, then automatic data as far as it goes,
then a balance or coefficient computed from the subject's own factors (`coefficients`).
A deviation above 5 % between complete sources is a remark. Sums over several subjects are made in
`books.consolidation`.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from xietong.accounting.amounts import Amount, absent, amount, beside, idle, summed
from xietong.accounting.sources.coefficients import EmissionMethods
from xietong.accounting.sources.due import DueList
from xietong.accounting.sources.grains import covers
from xietong.accounting.sources.instruments import VALID_SHARE, OutletAmount, outlet_amount
from xietong.accounting.sources.lake_years import Extracts
from xietong.accounting.sources.meters import metered_amount
from xietong.accounting.sources.statement_figures import months, name_stated, stated_item, unit_stated
from xietong.accounting.sources.statements import DERIVED, Cover, Statements, cover, days_of, inside, spans_of
from xietong.accounting.sources.treatment import REMOVED, removed
from xietong.calc.figures import Figure
from xietong.calc.items import item
from xietong.calc.keys import use_of
from xietong.park.nouns import ReportedAmount, Subject
from xietong.periods import Period
from xietong.readings import MILLIONTH
from xietong.texts import Text

_REPORTED = Text("填报值", "the reported amount")
_METERED = Text("计量值", "the meter")
_AUTOMATIC = Text("自动监测值", "automatic monitoring")
_COMPUTED = Text("物料衡算或系数的计算值", "the balance or coefficient")
_WHOLE = ("ok", "estimated")

Dated = tuple[datetime, Amount]


class Sources:
    """The amounts that a subject itself states or measures."""

    def __init__(self, statements: Statements, due: DueList, extracts: Extracts, methods: EmissionMethods) -> None:
        self._statements, self._due, self._extracts, self._methods = statements, due, extracts, methods

    def amount(self, subject: Subject, name: str, period: Period) -> Amount:
        """The subject's own amount of an item (without what lies below it); idle where nothing was ever due."""
        own = (self._emitted if subject.kind == "outlet" else self._used)(subject, name, period)
        if not self._methods.makes(subject.code, name) or own.figure.status != "ok":
            return own
        return beside(own, self._computed(subject, name, period), _COMPUTED)

    # ---- energy, materials, output ----

    def _used(self, subject: Subject, name: str, period: Period) -> Amount:
        rows = self._statements.within(subject.code, name, period)
        spans = spans_of(period)
        is_metered = bool(self._extracts.amount_points(subject.code, name)) or self._measures_removal(subject, name)
        if not rows and not is_metered:
            return self._unstated(subject, name, period, spans)
        if not rows and (shaped := self._shaped(subject.code, name, period)) is not None:
            return shaped

        def meter(span: Period) -> Amount:
            return self._metered(subject.code, name, span)

        covered = cover([row for row in rows if not self._outdone(row, meter)], period)
        chosen = self._filled(subject, name, period, covered, meter)
        if not covered.chosen or covered.gaps or not is_metered:
            return chosen
        return beside(chosen, _joined(name, ((span.start, meter(span)) for span in spans)), _METERED)

    def metered(self, subject: str, name: str, period: Period) -> Amount:
        """What the subject's own meters say of an item over a period; idle without meters."""
        return _joined(name, ((span.start, self._metered(subject, name, span)) for span in spans_of(period)))

    def automatic(self, outlet: str, name: str, period: Period) -> Amount:
        """What an outlet's instruments say over a period, substituted hours included; idle without any."""
        return _joined(name, ((span.start, self._automatic(outlet, name, span).amount) for span in spans_of(period)))

    def _shaped(self, subject: str, name: str, period: Period) -> Amount | None:
        """A part of a longer settled period: the bill gives its total and the meter, where it is whole, its shape."""
        wider = [row for row in self._statements.of(subject, name) if row.period.contains(period)]
        if not wider or any(row.method in DERIVED for row in wider):
            return None
        settled = min((row.period for row in wider), key=lambda each: each.end - each.start)
        bill = self._stated(name, cover(wider, settled))
        part, whole = self.metered(subject, name, period), self.metered(subject, name, settled)
        if bill.exact is None or part.exact is None or not whole.exact or whole.figure.status not in _WHOLE:
            return None
        title = Text(f"{settled.label} 结算值按表计分到 {period.label}", f"{settled.label} shared by the meter")
        figure = Figure(
            name,
            None,
            bill.figure.unit,
            "estimated",
            title=title,
            formula="结算 bill × 本期表计 meter ÷ 全期表计 meter of the whole",
            inputs=(bill.figure, part.figure, whole.figure),
            trace={"subject": subject, "item": name, "period": period.label},
        )
        exact = (bill.exact * part.exact / whole.exact).quantize(MILLIONTH)
        return amount(figure, exact, months(period))

    def _outdone(self, row: ReportedAmount, meter: Callable[[Period], Amount]) -> bool:
        """Whether a derived statement yields to complete metered data."""
        if row.method not in DERIVED:
            return False
        return all(meter(span).figure.status == "ok" for span in spans_of(row.period))

    def _measures_removal(self, subject: Subject, name: str) -> bool:
        return name == REMOVED and bool(self._extracts.inlet_items(subject.code))

    def _metered(self, subject: str, name: str, span: Period) -> Amount:
        if name == REMOVED and self._extracts.inlet_items(subject):
            return removed(self._extracts, subject, span)
        points = self._extracts.amount_points(subject, name)
        parts = [
            metered_amount(
                point,
                item(point.item),
                span=span,
                came=self._extracts.metered(point.code, span),
                stopped=self._extracts.stopped(point, span),
                zone=self._extracts.registry.zone,
            )
            for point in points
        ]
        if len(parts) == 1:
            return parts[0]
        return summed(name, stated_item(name).unit, parts, Text(span.label, span.label))

    def _filled(
        self, subject: Subject, name: str, period: Period, covered: Cover, meter: Callable[[Period], Amount]
    ) -> Amount:
        """The chosen statements, with meters in the gaps and the rest of what was due named as absent."""
        parts: list[Dated] = [(row.period.start, self._statements.leaf(row)) for row in covered.chosen]
        silent: list[Period] = []
        for gap in covered.gaps:
            days = inside(covered.chosen, gap)
            measured = meter(gap) if not days else idle(name, "")
            if days:
                if not covers(days, due := self._due.days(subject.code, gap)):
                    parts.append((gap.start, self._days_absent(subject, name, (gap, due), days)))
            elif not measured.is_idle:
                parts.append((gap.start, measured))
            else:
                silent.append(gap)
        if silent:
            parts += self._absences(subject, name, period, silent)
        return _joined(name, parts)

    def _unstated(self, subject: Subject, name: str, period: Period, spans: Sequence[Period]) -> Amount:
        return _joined(name, self._absences(subject, name, period, spans))

    # ---- emissions of an outlet ----

    def _emitted(self, outlet: Subject, name: str, period: Period) -> Amount:
        rows = self._statements.within(outlet.code, name, period)
        spans = spans_of(period)
        automatic = {span: self._automatic(outlet.code, name, span) for span in spans}
        valid = [span for span, each in automatic.items() if each.share >= VALID_SHARE]
        if len(valid) == len(spans):
            chosen = _joined(name, ((span.start, automatic[span].amount) for span in spans))
            whole = cover(rows, period)
            return chosen if whole.gaps else beside(chosen, self._stated(name, whole), _REPORTED)
        weak = [row for row in rows if not any(_overlap(row.period, span) for span in valid)]
        covered = cover(weak, period)
        if any(gap not in valid for gap in covered.gaps) and rows and not (whole := cover(rows, period)).gaps:
            measured = _joined(name, ((span.start, automatic[span].amount) for span in spans))
            return beside(self._stated(name, whole), measured, _AUTOMATIC)
        return self._filled(outlet, name, period, covered, lambda span: automatic[span].amount)

    def _automatic(self, outlet: str, name: str, span: Period) -> OutletAmount:
        return outlet_amount(self._extracts.outlet(outlet, name, span), name, span)

    def _stated(self, name: str, covered: Cover) -> Amount:
        return _joined(name, ((row.period.start, self._statements.leaf(row)) for row in covered.chosen))

    # ---- what is computed ----

    def _computed(self, subject: Subject, name: str, period: Period) -> Amount:
        spans = spans_of(period)
        return _joined(name, [(span.start, self._methods.emission(subject, name, span, self._used)) for span in spans])

    # ---- what did not come ----

    def _absences(self, subject: Subject, name: str, period: Period, silent: Sequence[Period]) -> list[Dated]:
        """The spans without any statement: computed where the subject's factors allow it, else, where they were due,
        each run of months in a row as one absence."""
        computed: list[Dated] = []
        if self._methods.makes(subject.code, name):
            each = [(span, self._methods.emission(subject, name, span, self._used)) for span in silent]
            computed = [(span.start, part) for span, part in each if not part.is_idle]
            silent = [span for span, part in each if part.is_idle]
        due = self._due.months(subject.code, name, period, silent)
        return [*computed, *((run[0].start, self._absent(subject, name, run)) for run in _runs(due))]

    def _absent(self, subject: Subject, name: str, run: Sequence[Period]) -> Amount:
        span = Period(run[0].start, run[-1].end)
        rows = self._statements.of(subject.code, name)
        wider = next((row.period.label for row in rows if row.period != span and row.period.contains(span)), "")
        zh = f"只有 {wider} 的合计，未分到" if wider else "应报未报"
        en = f"is known for {wider} as a whole only, not for" if wider else "was due and not reported for"
        named, use = name_stated(name), use_of(name)
        how, how_en = (f"（use = {use}）", f" with use = {use}") if use else ("", "")
        reason = Text(
            f"{subject.name}的{named.zh}{zh} {span.label}；请填报{how}。",
            f"{named.en} of {subject.name_en or subject.name} {en} {span.label}; report it{how_en}.",
        )
        trace = {"subject": subject.code, "item": name, "period": span.label}
        return absent(name, unit_stated(rows, name), reason, len(run), trace)

    def _days_absent(
        self, subject: Subject, name: str, spans: tuple[Period, Period], days: Iterable[ReportedAmount]
    ) -> Amount:
        """spans: the month, and its days on which the subject was here."""
        month, due = spans
        covered, every = days_of(days, due)
        reason = Text(
            f"{subject.name}的{name_stated(name).zh}在 {month.label} 只报了 {covered}/{every} 天；请补报。",
            f"{name_stated(name).en} of {subject.name_en or subject.name}: {covered} of {every} days of "
            f"{month.label} were reported; report the rest.",
        )
        trace = {"subject": subject.code, "period": month.label}
        return absent(name, unit_stated(days, name), reason, 1, trace)


def _overlap(one: Period, other: Period) -> bool:
    return one.start < other.end and other.start < one.end


def _joined(name: str, parts: Iterable[Dated]) -> Amount:
    ordered = [part for _, part in sorted(parts, key=lambda dated: dated[0])]
    return summed(name, ordered[0].figure.unit if ordered else stated_item(name).unit, ordered)


def _runs(spans: Iterable[Period]) -> list[list[Period]]:
    runs: list[list[Period]] = []
    for span in spans:
        if runs and runs[-1][-1].end == span.start:
            runs[-1].append(span)
        else:
            runs.append([span])
    return runs


def share_of(part: Amount) -> Decimal:
    """The share of an amount's due months that came."""
    return part.received / part.due if part.due else Decimal(1)
