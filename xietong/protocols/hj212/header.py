"""The header of a data segment: QN ST CN PW MN Flag PNUM PNO RF, read leniently and never guessed.

What is malformed is named (header, flag); what can be read is still read, because the CRC has shown that the device
did send it so.
"""

import re
from typing import NamedTuple

FIELDS = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF")
_FIELDS = {name.lower(): name for name in FIELDS}
_FORMS = {
    "QN": re.compile(r"[0-9]{17}"),
    "ST": re.compile(r"[0-9A-Za-z]{2}"),
    "CN": re.compile(r"[0-9]{4}"),
    "MN": re.compile(r"[!-~]{1,64}"),
    "RF": re.compile(r"1"),
}
_SMALL = re.compile(r"[0-9]{1,4}")

ANSWER, SPLIT = 1, 2


class Header(NamedTuple):
    """What a header says; "" or None where it says nothing. rf: marked as sent again (补传, edition 2025)."""

    qn: str
    st: str
    cn: str
    pw: str
    mn: str
    flag: int | None
    pnum: int | None
    pno: int | None
    rf: bool
    errors: tuple[str, ...]


def read_header(text: str) -> Header:
    """Read the part of a segment before CP; errors holds "header" and "flag" where something is wrong."""
    fields, well_formed = _split(text)
    for name, form in _FORMS.items():
        if name in fields and not form.fullmatch(fields[name]):
            well_formed = False
    if not {"ST", "CN", "MN"} <= fields.keys():
        well_formed = False
    flag, pnum, pno = (_number(fields.get(name)) for name in ("Flag", "PNUM", "PNO"))
    if flag is not None and flag > 255:
        flag = None
    flag_fits = _flag_fits(fields, flag, pnum, pno)
    qn, st, cn, pw, mn = (fields.get(name, "") for name in ("QN", "ST", "CN", "PW", "MN"))
    errors = (() if well_formed else ("header",)) + (() if flag_fits else ("flag",))
    return Header(qn, st, cn=cn, pw=pw, mn=mn, flag=flag, pnum=pnum, pno=pno, rf=fields.get("RF") == "1", errors=errors)


def _split(text: str) -> tuple[dict[str, str], bool]:
    """The fields by their proper names, and whether the header was written as the standard writes it."""
    well_formed = text.endswith(";") and "," not in text
    fields: dict[str, str] = {}
    for part in text.replace(",", ";").removesuffix(";").split(";"):
        given, equals, value = part.strip().partition("=")
        name = _FIELDS.get(given.lower())
        if name is None or not equals or name in fields:
            well_formed = False
            continue
        well_formed = well_formed and given == name
        fields[name] = value.strip()
    return fields, well_formed


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and _SMALL.fullmatch(text) else None


def _flag_fits(fields: dict[str, str], flag: int | None, pnum: int | None, pno: int | None) -> bool:
    """Whether the Flag is readable and its bit D agrees with PNUM and PNO."""
    if "Flag" in fields and flag is None:
        return False
    if "PNUM" not in fields and "PNO" not in fields:
        return not (flag or 0) & SPLIT
    return bool((flag or 0) & SPLIT) and pnum is not None and pno is not None and 1 <= pno <= pnum
