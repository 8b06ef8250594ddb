"""`xietong closed`: what is closed, one report of it, or how far today's figures are from it."""

import argparse

from xietong.commands.closed.reports import add_revision_arguments, show
from xietong.commands.terminal.asking import add_period_argument, add_reading_arguments, period_asked
from xietong.commands.terminal.excluding import refuse_without


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose reports; of one period, or all of them."""
    add_reading_arguments(parser)
    add_period_argument(parser)
    add_revision_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """List them, or print one: the same bytes for ever."""
    refuse_without(arguments, ("revision", "difference"), ("period",))
    period = period_asked(arguments.period, arguments.lang) if arguments.period else None
    return show(arguments, "account", period)
