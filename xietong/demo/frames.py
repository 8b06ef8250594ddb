"""The outlets' year as the HJ 212 frames that their devices send: hourly data (CN 2061), asking for an answer.

Most devices speak the 2017 edition, one that of 2005, one that of 2025. Playing them is `devices`' task.
"""

from collections.abc import Iterator

import numpy as np

from xietong.demo.emissions import OutletYear, corrected
from xietong.demo.faults import Delivery
from xietong.demo.layout import Outlet
from xietong.demo.meters import CODES
from xietong.demo.series import MICRO, Calendar, Micros
from xietong.protocols.hj212 import frame

LEGACY = {"w00000": "B01", "w01018": "011", "w21003": "060"}
FLAG = {"2005": 1, "2017": 5, "2025": 9}
DECIMALS = {"a34013": 2, "a21026": 2, "a21002": 2, "w01018": 1, "w21003": 3}
ST = {"gas": "31", "water": "32"}


def frames(outlet: Outlet, year: OutletYear, delivery: Delivery, time: Calendar) -> Iterator[bytes]:
    """Every frame of one device's year in the order of sending."""
    template, rows = _template(outlet), list(zip(*_texts(outlet, year), strict=True))
    stamps = _stamps(time)
    other = {hour: _with(outlet, year, hour, item, value) for hour, item, value in delivery.again}
    for sent, hour, variant in _order(delivery, time.hours):
        values = other[hour] if variant == "again" else rows[hour]
        resent = ";RF=1" if variant == "late" and outlet.edition == "2025" else ""
        second, thousandth = hour * 7 % 50 + 5, hour * 37 % 1000
        number = f"{stamps[sent]}00{second:02}{thousandth:03}"
        yield frame(template % (number, resent, stamps[hour], *values))


def _order(delivery: Delivery, hours: int) -> list[tuple[int, int, str]]:
    """(hour of sending, hour of the data, what it is): each hour is sent when it is over, save what went wrong."""
    late = {hour: sent for first, last, sent in delivery.late for hour in range(first, last)}
    offline = {hour for first, last in delivery.offline for hour in range(first, last)}
    order = [
        (late.get(hour, hour + 1), hour, "late" if hour in late else "first")
        for hour in range(hours)
        if hour not in offline
    ]
    order += [(hour + 5, hour, "again") for hour, _, _ in delivery.again]
    order += [(hour + 1, hour, "repeated") for hour in delivery.repeated if hour not in offline]
    return sorted(order)


def _stamps(time: Calendar) -> list[str]:
    start = np.datetime64(f"{time.year}-01-01T00", "h")
    hours = np.arange(start, start + time.hours + 400)
    return [text[:10].replace("-", "") + text[11:13] for text in np.datetime_as_string(hours, "h").tolist()]


def _template(outlet: Outlet) -> str:
    head = (
        f"QN=%s;ST={ST[outlet.medium]};CN=2061;PW=123456;MN={outlet.device};Flag={FLAG[outlet.edition]}%s;"
        "CP=&&DataTime=%s0000;"
    )
    flow = "a00000" if outlet.medium == "gas" else "w00000"
    parts = [f"{flow}-Cou=%s,{flow}-Avg=%s,{flow}-Flag=%s"]
    for item in outlet.items:
        corrected_too = f",{CODES[item]}-ZsAvg=%s" if outlet.o2_reference else ""
        parts.append(f"{CODES[item]}-Avg=%s{corrected_too},{CODES[item]}-Flag=%s")
    if outlet.o2_reference:
        parts.append("a19001-Avg=%s,a19001-Flag=%s")
    if outlet.medium == "gas":
        parts.append("a01012-Avg=%s,a01012-Flag=%s")
    body = ";".join(parts)
    if outlet.edition == "2005":
        for new, old in LEGACY.items():
            body = body.replace(new, old)
    return head + body + "&&"


def _texts(outlet: Outlet, year: OutletYear) -> list[list[str]]:
    flags = year.flags.tolist()
    steady = np.where(year.flags == "C", "N", year.flags).tolist()  # only the analysers are calibrated
    if outlet.medium == "gas":
        columns = [_text(year.flow, 0), _text(year.flow // 3600, 3), steady]
    else:
        columns = [_text(year.flow, 1), _text(year.flow * 10 // 36, 2), steady]
    for item in outlet.items:
        columns.append(_text(year.measured[item], DECIMALS[CODES[item]]))
        if year.oxygen is not None:
            columns.append(_text(corrected(year.measured[item], year.oxygen, outlet.o2_reference), 2))
        columns.append(flags)
    if year.oxygen is not None:
        columns += [_text(year.oxygen, 2), flags]
    if year.temperature is not None:
        columns += [_text(year.temperature, 1), steady]
    return columns


def _text(values: Micros, digits: int) -> list[str]:
    form = f"%.{digits}f"
    return [form % value for value in (values / MICRO).tolist()]


def _with(outlet: Outlet, year: OutletYear, hour: int, item: str, value: int) -> tuple[str, ...]:
    """One hour as it is sent again with another value."""
    cut = slice(hour, hour + 1)
    one = OutletYear(
        year.flow[cut],
        {name: values[cut].copy() for name, values in year.measured.items()},
        None if year.oxygen is None else year.oxygen[cut],
        None if year.temperature is None else year.temperature[cut],
        year.flags[cut],
    )
    one.measured[item][0] = value
    return tuple(column[0] for column in _texts(outlet, one))
