"""What a measurement ran on, so that a figure is never read without it."""

import os
import platform

CORES = 2


def machine() -> str:
    """Processor, cores that may be used, Python."""
    return f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"


def stay_on_two_cores() -> None:
    """The figures of this project are for two cores, on larger machines too."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:CORES])
