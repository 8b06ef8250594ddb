"""Makes the park's own cockpit ready when the web process starts, so that the first reader does not wait for a year's
accounts. What is computed is kept by the rooms that computed it; nothing is kept here.
"""

import threading

from django.db import connection

from xietong.park.registry.snapshot import NoParkError
from xietong.web.cockpit import page
from xietong.web.intake import intake_state
from xietong.web.shell import park_data
from xietong.web.shell.asked import newest_year, years_of


def warm() -> None:
    """Compute what the cockpit of the park and its newest year shows, doubts about the readings last."""
    try:
        registry = park_data.registry()
        year = newest_year(years_of(registry))
        page.cockpit_context(registry, registry.park, year)
        intake_state.quality_cases(registry, year)
    except NoParkError:
        return
    finally:
        connection.close()


def start() -> threading.Thread:
    """Warm in the background; the process may end before it is done."""
    thread = threading.Thread(target=warm, name="warming", daemon=True)
    thread.start()
    return thread
