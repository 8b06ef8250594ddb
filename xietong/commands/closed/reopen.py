"""`xietong reopen`: open the closed figures of a period again; the report that was closed stays as it is."""

import argparse

from xietong.commands.closed.reports import add_deed_arguments, reopen
from xietong.commands.terminal.asking import add_period_argument, add_reading_arguments, period_required


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose period is reopened, by whom and why."""
    add_reading_arguments(parser)
    add_period_argument(parser)
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Reopen it; an act with its person and reason."""
    return reopen(arguments, "account", period_required(arguments))
