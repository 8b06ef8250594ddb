"""What the pages keep of what took long to find out, each a few answers, the one asked for longest ago given up first.

What was computed is kept under what it was made of; nothing is forgotten by hand. Who asks for what another is finding
out waits for that one answer.
"""

from xietong.accounting.books.memory import Memory

SHELF, MONTHS, FILES = Memory(8), Memory(12), Memory(3)
