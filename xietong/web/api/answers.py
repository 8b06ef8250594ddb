"""What the doors for programs answer, held small: an answer is never more than a small multiple of what was sent.

The first problems are described in words; of all of them the number and the places are told. What was answered to a
push is kept once, in the note of its journal entry; the database keeps only what it is found by.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, TypeVar

from django.conf import settings

from xietong.journal import JournalError, find
from xietong.park.models import Push
from xietong.protocols.pushed import note_of
from xietong.readings import Entry

# Problems in words at most, and bytes of them: so many whatever was sent, and so many for each byte that was.
MOST_DESCRIBED, LEAST_BYTES, BYTES_A_BYTE = 100, 4096, 2
Told = TypeVar("Told", bound=Mapping[str, Any])


def described(told: Iterable[Told], asked_bytes: int) -> list[Told]:
    """The first problems, as many as an answer to so many bytes may describe; one at least, where there is any."""
    left = LEAST_BYTES + BYTES_A_BYTE * asked_bytes
    kept: list[Told] = []
    for each in islice(told, MOST_DESCRIBED):
        left -= len(json.dumps(each))
        if kept and left < 0:
            break
        kept.append(each)
    return kept


def answer_of(push: Push, entry: Entry | None = None) -> dict[str, Any]:
    """What was answered to a push, whole: read from the note of its entry, unless the database has it from before.

    Where the entry cannot be read there are the counts, without the words.
    """
    stated = dict(push.answer)
    if "rejected" in stated:
        return stated
    try:
        found = entry or find(settings.DATA / "journal", str(stated.get("entry", "")))
    except JournalError:
        return stated
    return {**note_of(found.payload).get("answer", {}), **stated}
