"""`xietong batch`: every figure of every enterprise and group, one JSON object a line and account."""

import argparse
import json
from functools import partial

from xietong.accounting.boundary import GROUPS
from xietong.accounting.figures.batch import Accounted, cores, each_account
from xietong.commands.terminal.asking import (
    add_moment_argument,
    add_period_argument,
    add_printing_arguments,
    lake_in_use,
    period_required,
    registry_in_use,
)
from xietong.texts import Language
from xietong.wording.figure_json import figure_json

KINDS = (*sorted(GROUPS), "enterprise", "supply")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of which period; every subject is asked for, and every line is JSON."""
    add_printing_arguments(parser)
    add_moment_argument(parser)
    add_period_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print every account in no particular order of subjects and periods; its keys are in the tables' order."""
    period = period_required(arguments)
    registry = registry_in_use(arguments.lang, arguments.as_of)
    lake = lake_in_use(registry, arguments.as_of)
    codes = [code for code, subject in registry.subjects.items() if subject.kind in KINDS]
    periods = dict.fromkeys((period, *period.months()))
    wanted = [(code, each) for each in periods for code in codes]
    for _, line in each_account(registry, lake, wanted, partial(_line, arguments.lang), cores()):
        print(line)
    return 0


def _line(language: Language, account: Accounted) -> str:
    figures = [figure_json(key, figure, language) for key, figure in account.figures.items()]
    answer = {"subject": account.subject, "period": account.period.label, "figures": figures}
    return json.dumps(answer, ensure_ascii=False)
