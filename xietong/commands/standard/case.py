"""`xietong case FILE…|DIR`: run worked examples; exit 1 where one differs, with its working."""

import argparse
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xietong.calc.figures import Figure
from xietong.calc.judgement.worked import CaseError, Difference, Outcome, run_case
from xietong.cli import UsageError

DEEPEST = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which files and how the answer is printed."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="算例文件或文件夹 · case files or folders")
    parser.add_argument("--json", action="store_true", help="以 JSON 输出 · print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Run every case of the files."""
    outcomes = [(path, _run(path, case)) for path in _files(arguments.files) for case in _cases(path)]
    if not outcomes:
        raise UsageError("没有算例；文件里应有 [[case]]。 · no cases; a file has [[case]] tables.")
    failed = [(path, outcome) for path, outcome in outcomes if outcome.differences]
    if arguments.json:
        print(json.dumps([_as_json(path, outcome) for path, outcome in outcomes], ensure_ascii=False, indent=1))
    else:
        for path, outcome in failed:
            _print(path, outcome)
        print(f"{len(outcomes)} 个算例，{len(failed)} 个不符 · {len(outcomes)} cases, {len(failed)} differ")
    return 1 if failed else 0


def _files(named: list[Path]) -> Iterator[Path]:
    for path in named:
        if path.is_dir():
            yield from sorted(path.rglob("*.toml"))
        elif path.is_file():
            yield path
        else:
            raise UsageError(f"没有文件 {path}。 · there is no file {path}.")


def _cases(path: Path) -> list[dict[str, Any]]:
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} 不是 TOML 文件：{error} · {path} is not TOML: {error}") from error
    cases = read.get("case", [])
    if not isinstance(cases, list):
        raise UsageError(f"{path}：算例写作 [[case]]。 · {path}: a case is written [[case]].")
    return cases


def _run(path: Path, case: dict[str, Any]) -> Outcome:
    try:
        return run_case(case)
    except CaseError as error:
        raise UsageError(f"{path}，{case.get('name', '?')}：{error.text.zh} · {error.text.en}") from error


def _print(path: Path, outcome: Outcome) -> None:
    print(f"{path}: {outcome.name} {outcome.clause}")
    for difference in outcome.differences:
        print(f"  {difference.key}: 应为 {difference.expected}，得 {difference.actual}", end="")
        print(f" · expected {difference.expected}, got {difference.actual}")
        if difference.reason.en:
            print(f"    {difference.reason.zh} · {difference.reason.en}")
        if difference.figure is not None:
            for line in _working(difference.figure, 2):
                print(line)


def _working(figure: Figure, depth: int) -> Iterator[str]:
    """The working as indented lines."""
    value = figure.status if figure.value is None else f"{figure.value!r} {figure.unit}"
    if figure.kind == "items" and figure.value is None:
        value = f"[{figure.unit}] {figure.status}"
    formula = f"  = {figure.formula}" if figure.formula else ""
    source = f"  ({figure.source})" if figure.source else ""
    yield f"{'  ' * depth}{figure.key}: {value}{formula}{source}"
    for reason in figure.missing:
        yield f"{'  ' * (depth + 1)}! {reason.zh} · {reason.en}"
    if depth < DEEPEST:
        for child in figure.inputs:
            yield from _working(child, depth + 1)


def _as_json(path: Path, outcome: Outcome) -> dict[str, object]:
    return {
        "file": str(path),
        "name": outcome.name,
        "clause": outcome.clause,
        "ok": not outcome.differences,
        "differences": [_difference(difference) for difference in outcome.differences],
        "figures": {
            key: {"value": figure.value, "unit": figure.unit, "status": figure.status}
            for key, figure in outcome.figures.items()
        },
    }


def _difference(difference: Difference) -> dict[str, object]:
    figure = difference.figure
    return {
        "key": difference.key,
        "expected": difference.expected,
        "actual": difference.actual,
        "working": list(_working(figure, 0)) if figure is not None else [],
        "reason": {"zh": difference.reason.zh, "en": difference.reason.en},
    }
