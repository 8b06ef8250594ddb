"""A figure's working as a sheet to be followed with a calculator: steps from the data up to the figure, numbered.

    (3) 电力折标准煤 electricity_energy [6.3.2a]
        : 电力消费量 × 折标准煤系数（当量值）
        = 1234.5 [MWh]⟨2⟩ × 0.1229 [tce/MWh]
        → 151.72005 [tce]
        ≈ 151.7 [tce]
        # coal_equivalent:electricity = 0.1229 [tce/MWh] ← GB/T 2589-2020 …

`:` names, `=` numbers with their units, `+` the terms of a long sum, `→` the result with every digit, `≈` the result as
it is shown, rounded once by GB/T 8170, `#` a factor and `@` a datum with where each comes from, `~` a number taken as
it is or picked by a condition, `−` what does not count and why, `!` what is lacking, `*` a remark. ⟨n⟩ is the result of
step n. What is printed is checked here against the figure: a line that would not give it is not printed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from xietong.calc.figures import Figure
from xietong.calc.keys import group_of
from xietong.calc.rounding import to_significant
from xietong.texts import Language, Text
from xietong.wording.sheet_expression import UnwrittenError, expression_of, plain
from xietong.wording.words import title_of

MOST_TERMS = 6
NEARLY = 1e-9
_FACTS = ("edition", "table_row", "published", "valid_from", "valid_to", "confidence")
_WHERE = ("entry", "row", "amount", "unit", "point", "flow_point", "start", "end", "hours", "hours_due")
# What a mean concentration is the quotient of, in its trace: weighted by flow, or of values without one.
_QUOTIENT = (("weighted", "summed"), ("weight", "counted"))
_MASSES = {"mg/m3": "mg", "mg/L": "g"}
# By whether hours are weighted by flow, and whether they are corrected to an oxygen.
_MEANS: Mapping[tuple[bool, bool], Text] = {
    (True, True): Text("Σ(折算浓度 × 流量) ÷ Σ 流量", "Σ(corrected concentration × flow) ÷ Σ flow"),
    (True, False): Text("Σ(实测浓度 × 流量) ÷ Σ 流量", "Σ(measured concentration × flow) ÷ Σ flow"),
    (False, True): Text("Σ 折算浓度 ÷ 个数", "Σ corrected concentrations ÷ number"),
    (False, False): Text("Σ 实测浓度 ÷ 个数", "Σ measured concentrations ÷ number"),
}
_SIX_DECIMALS = Text("，取六位小数", ", to six decimals")
_CORRECTED = Text(
    "每小时折算浓度 = 实测浓度 × (21 − {reference}) ÷ (21 − 含氧量)，含氧量 % 取自 {point}，基准含氧量 {reference} %",
    "each hour: corrected = measured × (21 − {reference}) ÷ (21 − oxygen), oxygen in % of {point}, "
    "reference oxygen {reference} %",
)
_TONNES = {"mg/m3": ("0.000000001", 1e-9), "mg/L": ("0.000001", 1e-6)}


@dataclass(slots=True)
class Sheet:
    """The steps of one figure, each figure of its working once."""

    language: Language
    depth: int
    lines: list[str] = field(default_factory=list)
    marks: dict[int, str] = field(default_factory=dict)
    owners: dict[int, Figure] = field(default_factory=dict)
    kept: list[Figure] = field(default_factory=list)

    def write(self, figure: Figure) -> list[str]:
        """All steps, the asked figure's last."""
        self._own(figure)
        if figure.kind == "items":
            for child in figure.inputs:
                self._mark(child, 0)
        elif not self._mark(figure, 0):
            self._datum_step(figure)
        return self.lines

    def _own(self, figure: Figure) -> None:
        """Whose lines the figures below are."""
        for child in figure.inputs:
            if figure.kind == "items" and figure.formula:
                self.owners[id(child)] = figure
            self._own(child)

    def _mark(self, figure: Figure, level: int) -> str:
        """The mark of the figure's step, written now where it has not been; "" for a datum or a factor."""
        if id(figure) in self.marks:
            return self.marks[id(figure)]
        mark = "" if figure.value is None or figure.kind == "factor" else self._step(figure, level)
        self.marks[id(figure)] = mark
        self.kept.append(figure)
        return mark

    def _step(self, figure: Figure, level: int) -> str:
        if not figure.inputs or level >= self.depth:
            return ""
        only = [child for child in figure.inputs if child.value is not None]
        if not figure.formula and len(only) == 1 and only[0].value == figure.value and only[0].kind != "factor":
            return self._mark(only[0], level)
        written = (self._formula(figure, level), self._column(figure, level), self._mass(figure), self._mean(figure))
        body = next((lines for lines in map(list, written) if lines), [])
        if not body and figure.kind == "indicator":
            body = [self._by_rule(figure, level)]
        return self._numbered(figure, body) if body else ""

    def _numbered(self, figure: Figure, body: Iterable[str]) -> str:
        number = sum(line.startswith("(") for line in self.lines) + 1
        self.lines += [self._head(figure, number), *(f"    {line}" for line in body)]
        self.lines += [f"    {line}" for line in (*self._result(figure), *self._below(figure))]
        return f"⟨{number}⟩"

    def _head(self, figure: Figure, number: int) -> str:
        title = title_of(figure).in_language(self.language)
        name = figure.key if title in ("", figure.key) else f"{title} {figure.key}"
        owner = self.owners.get(id(figure))
        of = "" if owner is None else f"{title_of(owner).in_language(self.language)}："
        whose = figure.trace.get("subject", "")
        clause = f" [{figure.clause}]" if figure.clause else ""
        return f"({number}) {of}{name}{f' · {whose}' if whose else ''}{clause}"

    def _formula(self, figure: Figure, level: int) -> Iterator[str]:
        """The expression with names and with numbers; nothing where it cannot be typed or would not give the figure."""
        if not figure.formula:
            return
        try:
            owner = self.owners.get(id(figure))
            whose = group_of(figure.key) if owner is None else owner.key
            found = expression_of(figure, whose, lambda shown: self._mark(shown, level + 1), self.language)
        except (UnwrittenError, ZeroDivisionError):
            return
        if not _same(found.value, figure.value):
            return
        yield f": {found.names}"
        if found.picks:
            yield f"~ {plain(found.value)}{_unit(figure)} ← {found.numbers}"
        else:
            yield f"= {found.numbers}"

    def _column(self, figure: Figure, level: int) -> Iterator[str]:
        """The figure as the sum of what stands below it, one term a line where they are many."""
        terms = [child for child in figure.inputs if child.value is not None]
        exact = sum((Decimal(repr(term.value)) for term in terms), Decimal(0))
        if not terms or any(term.kind == "factor" for term in terms) or not _same(float(exact), figure.value):
            return
        marked = [(term, self._mark(term, level + 1)) for term in terms]
        if len(terms) <= MOST_TERMS:
            yield "= " + " + ".join(f"{plain(term.value or 0.0)}{_unit(term)}{mark}" for term, mark in marked)
            return
        for term, mark in marked:
            title = title_of(term).in_language(self.language)
            yield f"+ {plain(term.value or 0.0)}{_unit(term)}{mark} {title}".rstrip()

    def _by_rule(self, figure: Figure, level: int) -> str:
        """A figure that a rule picks rather than calculates, with what it was picked by."""
        picked = [
            f"{title_of(child).in_language(self.language) or child.key} {plain(child.value)}{_unit(child)}{mark}"
            for child in _flat(figure.inputs)
            if child.value is not None
            for mark in [self._mark(child, level + 1)]
        ]
        return f"~ {plain(figure.value or 0.0)}{_unit(figure)} ← " + ", ".join(picked)

    def _mass(self, figure: Figure) -> Iterator[str]:
        """An outlet's month: flow-weighted mean × flow, and what stands in for hours without."""
        mean = next((child for child in figure.inputs if child.key.endswith("_mean")), None)
        flow = next((child for child in figure.inputs if child.key == "flow"), None)
        if mean is None or flow is None or mean.value is None or flow.value is None or mean.unit not in _TONNES:
            return
        text, factor = _TONNES[mean.unit]
        more = [child for child in figure.inputs if child not in (mean, flow) and child.value is not None]
        if not _same(mean.value * flow.value * factor + sum(child.value or 0.0 for child in more), figure.value):
            return
        terms = [f"{plain(mean.value)} [{mean.unit}] × {plain(flow.value)} [{flow.unit}] × {text}"]
        yield "= " + " + ".join([*terms, *(f"{plain(child.value or 0.0)}{_unit(child)}" for child in more)])

    def _mean(self, figure: Figure) -> Iterator[str]:
        """An outlet's mean concentration: the quotient that it is, and how each hour was brought to the oxygen of the
        limit (HJ 75-2017)."""
        facts = figure.trace
        weighted, weight = (facts.get(name) or facts.get(other) for name, other in _QUOTIENT)
        if figure.value is None or weighted is None or weight is None:
            return
        reference = facts.get("oxygen_reference", "")
        yield f": {(_MEANS['weight' in facts, bool(reference)]).in_language(self.language)}"
        units = (f" [{_MASSES.get(figure.unit, '')}]", " [m3]") if "weight" in facts else (_unit(figure), "")
        shown = f"{weighted}{units[0]} ÷ {weight}{units[1]}"
        yield f"~ {plain(figure.value)}{_unit(figure)} ← {shown}{_SIX_DECIMALS.in_language(self.language)}"
        if reference:
            told = _CORRECTED.in_language(self.language)
            yield f"* {told.format(reference=reference, point=facts.get('oxygen_point', ''))}"

    def _datum_step(self, figure: Figure) -> None:
        """A figure that is a datum itself, or cannot be computed at all."""
        if figure.value is None:
            self.lines += [self._head(figure, 1), f"    — {figure.status}"]
            self.lines += [f"    ! {reason.in_language(self.language)}" for reason in figure.missing]
            return
        self._numbered(figure, [f"~ {plain(figure.value)}{_unit(figure)}{self._source(_leaf(figure))}"])

    def _result(self, figure: Figure) -> Iterator[str]:
        value = figure.value or 0.0
        yield f"→ {plain(value)}{_unit(figure)}"
        yield f"≈ {plain(float(shown(value)))}{_unit(figure)} (GB/T 8170)"
        if figure.status != "ok":
            yield f"! {figure.status}"

    def _below(self, figure: Figure) -> Iterator[str]:
        """Where the factors and the data of this step come from."""
        yield from self._left_out(figure)
        for child in _flat(figure.inputs):
            if child.value is None or (id(child) in self.marks and self.marks[id(child)]):
                continue
            if child.kind == "factor":
                facts = [f"{name}={child.trace[name]}" for name in _FACTS if child.trace.get(name)]
                told = " · ".join([child.source, *facts])
                yield f"# {child.key} = {plain(child.value)}{_unit(child)}" + (f" ← {told}" if told else "")
            else:
                leaf = _leaf(child)
                title, sign = title_of(child).in_language(self.language), "~" if leaf.inputs else "@"
                yield f"{sign} {plain(child.value)}{_unit(child)} {title}{self._source(leaf)}"
            yield from (f"* {remark.in_language(self.language)}" for remark in child.remarks)
        yield from (f"* {remark.in_language(self.language)}" for remark in figure.remarks)

    def _left_out(self, figure: Figure) -> Iterator[str]:
        """The named amounts that do not count, each with its reason."""
        for group in figure.inputs:
            for line in group.inputs if group.kind == "items" else ():
                if line.value is None and line.missing:
                    reason, title = (
                        _reason_of(line).in_language(self.language),
                        title_of(line).in_language(self.language),
                    )
                    yield f"− {title or line.key} {line.key}: {reason}"

    def _source(self, figure: Figure) -> str:
        facts = " ".join(f"{name}={figure.trace[name]}" for name in _WHERE if figure.trace.get(name))
        return (f" ← {figure.source}" if figure.source else "") + (f" · {facts}" if facts else "")


def _leaf(figure: Figure) -> Figure:
    """What a sum of one is the sum of: the statement or the reading itself."""
    only = [child for child in figure.inputs if child.value is not None]
    return _leaf(only[0]) if len(only) == 1 and only[0].value == figure.value and not figure.formula else figure


def _reason_of(line: Figure) -> Text:
    """Why an amount does not count: said where it was left out first."""
    below = next((child for child in line.inputs if child.value is None and child.missing), None)
    return line.missing[0] if below is None else _reason_of(below)


def _flat(figures: Iterable[Figure]) -> Iterator[Figure]:
    """Inputs, named amounts one by one."""
    for figure in figures:
        if figure.kind == "items":
            yield from figure.inputs
        else:
            yield figure


def _unit(figure: Figure) -> str:
    return f" [{figure.unit}]" if figure.unit else ""


def _same(one: float, other: float | None) -> bool:
    return other is not None and abs(one - other) <= NEARLY * max(abs(one), abs(other), 1e-9)


def shown(value: float) -> Decimal:
    """The number as it is shown: four significant digits, never fewer than its whole part, half to even."""
    whole = len(str(int(abs(value))))
    return to_significant(float(value), max(4, whole))


def sheet(figure: Figure, language: Language, depth: int) -> list[str]:
    """The lines of the sheet of one figure; depth: how many levels below it are opened as steps."""
    return Sheet(language, depth).write(figure)


HEAD = Text(
    "算式：“:”用名称，“=”“+”用数字，“→”全部数位，“≈”按 GB/T 8170 修约，⟨n⟩ 取自第 n 步，“#”系数，“@”数据，“−”不计的项",
    "lines: “:” names, “=” “+” numbers, “→” every digit, “≈” rounded by GB/T 8170, ⟨n⟩ from step n, "
    "“#” factor, “@” datum, “−” what does not count",
)
