"""A frame as JSON: its fields as sent, and beside them the names that the standard has for command, system, codes."""

from decimal import Decimal

from xietong.protocols.hj212.codes import MODERN, find
from xietong.protocols.hj212.content import Value
from xietong.protocols.hj212.frames import Frame
from xietong.protocols.hj212.masking import HIDDEN, SECRET
from xietong.protocols.hj212.tables import SYSTEMS, command, result
from xietong.protocols.hj212.violations import violations
from xietong.texts import Text

_RESULTS = ("QnRtn", "ExeRtn")


def as_json(frame: Frame) -> dict[str, object]:
    """The frame as `hj212 decode` prints it, with the names of what the standard knows. The password is left out."""
    return {
        "ok": frame.ok,
        "errors": list(frame.errors),
        "edition": frame.edition,
        "qn": frame.qn or None,
        "st": frame.st or None,
        "cn": frame.cn or None,
        "mn": frame.mn or None,
        "flag": frame.flag,
        "pnum": frame.pnum,
        "pno": frame.pno,
        "rf": frame.rf,
        "data_time": frame.data_time.isoformat() if frame.data_time else None,
        "values": [_json_row(value) for value in frame.values],
        "parameters": {name: HIDDEN if name.lower() in SECRET else text for name, text in frame.parameters.items()},
        "command": _named_command(frame),
        "system": _both(SYSTEMS[frame.st].name) if frame.st in SYSTEMS else None,
        "codes": {value.code: _named_code(value.code) for value in frame.values},
        "results": {
            field: _both(result(field, frame.parameters[field])) for field in _RESULTS if field in frame.parameters
        },
        "violations": list(violations(frame)),
    }


def _named_command(frame: Frame) -> dict[str, object] | None:
    known = command(frame.cn, frame.edition)
    if known is None:
        return None
    return {**_both(known.name), "direction": known.direction, "controls": known.controls}


def _named_code(code: str) -> dict[str, str] | None:
    known = find(code)
    return {"name": known.name_zh, "unit": known.unit, "amount_unit": known.amount_unit} if known else None


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _json_row(value: Value) -> dict[str, object]:
    """Code as sent; beside it code_2017 where it is one of 2005, pol_id where it is the state of an analyser."""
    row: dict[str, object] = {"code": value.code, "field": value.field, "value": _json_value(value.value)}
    row["flag"] = value.flag or None
    if value.owner:
        row["pol_id"] = value.owner
    return row | {"code_2017": MODERN[value.code]} if value.code in MODERN else row


def _json_value(value: Decimal | str | None) -> float | int | str | None:
    """A JSON number where a reader gets back the same digits, else the digits as text."""
    if not isinstance(value, Decimal):
        return value
    number = float(value)
    return number if Decimal(repr(number)) == value else str(value)
