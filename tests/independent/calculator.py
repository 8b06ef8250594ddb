"""A clerk with a calculator: reads the sheets that `explain --sheet` prints and works every line out again.

Knows nothing of the platform but the signs that the head of a sheet explains: units in [ ], references in ⟨ ⟩, and
numbers with + − × ÷, brackets, max and min. Usage: python calculator.py SHEET says what does not come out.
"""

import re
import sys
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import NamedTuple

RELATIVE = 1e-9
DIGITS = 4
_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|(max|min)|(.))")


class Step(NamedTuple):
    """One numbered step: what to calculate, what it printed, and what it printed rounded."""

    number: int
    head: str
    expressions: list[str]
    taken: str
    result: str
    rounded: str


class Clerk:
    """Works out one expression, operator by operator."""

    def __init__(self, text: str) -> None:
        bare = re.sub(r"\[[^\]]*\]|⟨\d+⟩", " ", text)
        self.tokens = [match[1] or match[2] or match[3] for match in _TOKEN.finditer(bare.strip())]
        self.at = 0

    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def worked(self) -> float:
        value = self.sum()
        if self.at != len(self.tokens):
            raise ValueError(f"cannot read {''.join(self.tokens[self.at :])!r}")
        return value

    def sum(self) -> float:
        value = self.product()
        while self.next() in ("+", "−"):
            value = value + self.product() if self.take() == "+" else value - self.product()
        return value

    def product(self) -> float:
        value = self.atom()
        while self.next() in ("×", "÷"):
            value = value * self.atom() if self.take() == "×" else value / self.atom()
        return value

    def atom(self) -> float:
        token = self.take()
        if token == "−":
            return -self.product()
        if token == "(":
            value = self.sum()
            self.expect(")")
            return value
        if token in ("max", "min"):
            self.expect("(")
            values = [self.sum()]
            while self.next() == ",":
                self.take()
                values.append(self.sum())
            self.expect(")")
            return max(values) if token == "max" else min(values)
        return float(token)

    def expect(self, sign: str) -> None:
        if self.take() != sign:
            raise ValueError(f"{sign} is lacking")


def steps(sheet: str) -> list[Step]:
    """The steps of one sheet in order."""
    found: list[Step] = []
    for line in sheet.splitlines():
        head = re.match(r"\((\d+)\) (.*)", line)
        if head:
            found.append(Step(int(head[1]), head[2], [], "", "", ""))
        elif found and line.startswith("    "):
            found[-1] = _noted(found[-1], line[4], line[6:])
    return found


def _noted(step: Step, sign: str, text: str) -> Step:
    if sign == "=":
        return step._replace(expressions=[*step.expressions, text])
    if sign == "+":
        number = re.match(r"[^\[⟨]*(\[[^\]]*\])?(⟨\d+⟩)?", text)
        return step._replace(expressions=[" + ".join([*step.expressions, number[0] if number else text])])
    if sign == "~" and not step.result:
        return step._replace(taken=text)
    if sign == "→":
        return step._replace(result=text)
    return step._replace(rounded=text) if sign == "≈" else step


def number_in(text: str) -> Decimal:
    """The number that a printed result opens with."""
    found = re.match(r"\(?(−?)(\d+(?:\.\d+)?)", text)
    assert found, text
    return Decimal(found[2]) * (-1 if found[1] else 1)


def rounded(value: Decimal) -> Decimal:
    """GB/T 8170: four digits, half to even, the whole part kept whole."""
    if not value:
        return value
    places = min(0, value.adjusted() - DIGITS + 1)
    return value.quantize(Decimal(1).scaleb(places), ROUND_HALF_EVEN)


def faults(sheet: str) -> list[str]:
    """What does not come out: a result, a rounding, a number that is not the result of the step it names."""
    results: dict[int, Decimal] = {}
    wrong: list[str] = []
    for step in steps(sheet):
        if step.result:
            wrong += [f"({step.number}) {fault}" for fault in _faults_of(step, results)]
            results[step.number] = number_in(step.result)
    return wrong


def _faults_of(step: Step, results: dict[int, Decimal]) -> Iterator[str]:
    result = number_in(step.result)
    for expression in step.expressions:
        value = Clerk(expression).worked()
        if abs(value - float(result)) > RELATIVE * max(abs(value), abs(float(result)), 1e-9):
            yield f"{expression} is {value}, not {result}"
        for number, mark in re.findall(r"(\(?−?\d+(?:\.\d+)?\)?)(?: \[[^\]]*\])?⟨(\d+)⟩", expression):
            if results[int(mark)] != number_in(number):
                yield f"{number} is not the result of step {mark}"
    if not step.expressions and not step.taken:
        yield "says no way to its result"
    if number_in(step.rounded) != rounded(result):
        yield f"{result} is not rounded to {step.rounded}"


def answer(sheet: str) -> float | None:
    """What the sheet comes to: the result of its last step; None where there is none."""
    last = [step for step in steps(sheet) if step.result]
    return float(number_in(last[-1].result)) if last else None


if __name__ == "__main__":
    for fault in faults(Path(sys.argv[1]).read_text(encoding="utf-8")):
        print(fault)
