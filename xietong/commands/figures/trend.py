"""`xietong trend`: the figures of a subject and period with their changes: 同比, 环比, 累计同比."""

import argparse

from xietong.commands.figures.account import add_figure_arguments, print_figures


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose figures of which period."""
    add_figure_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print every figure, and under it how it changed."""
    return print_figures(arguments, with_trends=True)
