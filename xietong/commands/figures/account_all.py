"""`xietong account --all`: every figure of every enterprise and group, one JSON object a line and account."""

import argparse
import json
from functools import partial

from xietong.accounting.boundary import GROUPS
from xietong.accounting.figures.batch import Accounted, cores, each_account
from xietong.commands.terminal.asking import lake_in_use, registry_in_use
from xietong.periods import Period
from xietong.texts import Language
from xietong.wording.figure_json import figure_json

KINDS = (*sorted(GROUPS), "enterprise", "supply")


def add_all_argument(parser: argparse.ArgumentParser) -> None:
    """Whether everything is asked for."""
    parser.add_argument(
        "--all",
        action="store_true",
        help="所有企业、片区、行业和园区，期间及其各月，每行一个 JSON · every enterprise and group, the period and its "
        "months, one JSON object a line",
    )


def run_all(arguments: argparse.Namespace, period: Period) -> int:
    """Print every account in no particular order of subjects and periods; its keys are in the tables' order."""
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
