"""What a measurement ran on, so that a figure is never read without it."""

import os
import platform
import resource
from pathlib import Path

CORES = 2


def machine() -> str:
    """Processor, cores that may be used, Python."""
    return f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"


def stay_on_two_cores() -> None:
    """The figures of this project are for two cores, on larger machines too."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:CORES])


def raise_file_limit(needed: int) -> None:
    """Let this process, and those that it starts, have as many open files as the machine allows it.

    Raises OSError with the sentence where that is less than needed.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise OSError(
            f"the hard limit of open files (ulimit -Hn) is {hard} and {needed} are needed; raise it "
            "(LimitNOFILE in systemd, /etc/security/limits.conf) or measure fewer connections."
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def rss_kb(pid: int) -> int:
    """Resident memory of a process (VmRSS in /proc/PID/status); what the kernel holds for its sockets is not in it."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)
