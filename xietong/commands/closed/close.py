"""`xietong close`: keep the figures of a period for good, with their whole working."""

import argparse

from xietong.accounting.closed.reports import account_document
from xietong.commands.closed.reports import add_deed_arguments, close
from xietong.commands.terminal.asking import add_period_argument, add_reading_arguments, period_required


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose period is closed, by whom and why."""
    add_reading_arguments(parser)
    add_period_argument(parser)
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Close it; an act with its person and reason."""
    return close(arguments, period_required(arguments), account_document)
