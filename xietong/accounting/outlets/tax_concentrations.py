"""The concentrations that the environmental tax goes by, read off the judged hours of an outlet.

The implementing regulation of the law, art. 10: of gas the mean of the hours' means, of water the mean of the days'
means, of samples the mean of the samples; and none of these hours, days or samples above the limit. That is so whatever
a limit's own averaging is. A day's mean weighs its hours by their flow, as HJ 356 has it, and counts as one day however
few of its hours came.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

import pyarrow as pa

from xietong.lake.queries.outlet_hours import TAXING, OutletTables, means_taxed
from xietong.readings import MILLIONTH


class Taxable(NamedTuple):
    """The hours, days or samples of a span that the tax goes by, the sum of their means, those above the limit.

    limit: what they are held against, in mg/m3 or mg/L; of several in force one after the other the strictest.
    """

    by_day: bool
    limit: Decimal
    means: int
    total: Decimal
    above: int

    @property
    def mean(self) -> Decimal:
        """The mean of the means."""
        return (self.total / self.means).quantize(MILLIONTH)


class Limited(Protocol):
    """A channel of an outlet: what is asked of it here."""

    @property
    def unit(self) -> str: ...
    @property
    def limit(self) -> Decimal | None: ...
    @property
    def hour_limit(self) -> Decimal | None: ...
    @property
    def sampled(self) -> bool: ...


def goes_by_day(channel: Limited) -> bool:
    """Whether the tax takes a channel's days (water) and not its hours (gas) or its samples."""
    return channel.unit == "mg/L" and not channel.sampled


def taxable_limit(channel: Limited) -> Decimal | None:
    """The limit of days for water and of hours for gas, where both are stated; else the one that there is."""
    if channel.unit == "mg/L" or channel.hour_limit is None:
        return channel.limit
    return channel.hour_limit


def taxable_means(tables: OutletTables, channels: Sequence[Limited]) -> dict[tuple[int, int], Taxable]:
    """What every channel with a limit has in every bucket, by its number and the bucket's."""
    rows = [
        {
            "channel": number,
            "tax_bound": limit,
            "by_day": goes_by_day(channel),
            "of_hours": limit is not channel.limit,
        }
        for number, channel in enumerate(channels)
        if channel.unit and (limit := taxable_limit(channel)) is not None
    ]
    found = means_taxed(tables, pa.Table.from_pylist(rows, schema=TAXING))
    return {key: Taxable(*row) for key, row in found.items()}


def added(parts: Iterable[Taxable]) -> Taxable | None:
    """Several channels of one outlet and pollutant, one after the other; None where there is none."""
    every = tuple(parts)
    if not every:
        return None
    return Taxable(
        every[-1].by_day,
        min(part.limit for part in every),
        sum(part.means for part in every),
        sum((part.total for part in every), Decimal(0)),
        sum(part.above for part in every),
    )
