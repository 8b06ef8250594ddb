"""The doors: listeners that take bytes from sockets into the journal, and answer once they are safe there.

No database, no Django, no decoding of values: intake keeps taking data while everything above it is replaced.
"""

from xietong.intake.hj212.listener import Conditions, serve
from xietong.intake.hj212.process import main

__all__ = ["Conditions", "main", "serve"]
