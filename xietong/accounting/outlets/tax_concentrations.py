"""The concentrations that the environmental tax goes by, read off the judged hours of an outlet.

The implementing regulation of the law, art. 10: of gas the mean of the hours' means, of water the mean of the days'
means, of samples the mean of the samples; and none of these hours, days or samples above the limit. That is so whatever
a limit's own averaging is. A day's mean weighs its hours by their flow, as HJ 356 has it, and counts as one day however
few of its hours came.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

import duckdb
import pyarrow as pa

from xietong.readings import MILLIONTH

_TAXING = pa.schema(
    [("channel", pa.int32()), ("tax_bound", pa.decimal128(18, 6)), ("by_day", pa.bool_()), ("of_hours", pa.bool_())],
)
_DUE = """
SELECT channel, bucket, any_value(by_day), any_value(tax_bound), count(*), sum(mean),
  count(*) FILTER (WHERE mean > tax_bound)
FROM (
  SELECT channel, bucket, by_day, tax_bound, CASE WHEN of_hours THEN judged_hour ELSE judged END AS mean
  FROM judged JOIN taxing USING (channel) WHERE NOT by_day AND mean IS NOT NULL
  UNION ALL
  SELECT channel, bucket, by_day, tax_bound,
    coalesce(sum(judged * flow)::DOUBLE / nullif(sum(flow), 0)::DOUBLE, sum(judged)::DOUBLE / count(*))::DECIMAL(20,6)
  FROM judged JOIN taxing USING (channel) WHERE by_day AND judged IS NOT NULL
  GROUP BY channel, bucket, by_day, tax_bound, local_s // 86400)
GROUP BY channel, bucket
"""


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


def taxable_means(engine: duckdb.DuckDBPyConnection, channels: Sequence[Limited]) -> dict[tuple[int, int], Taxable]:
    """What every channel with a limit has in every bucket, of the table `judged` of the engine; by both numbers."""
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
    engine.register("taxing", pa.Table.from_pylist(rows, schema=_TAXING))
    return {(row[0], row[1]): Taxable(*row[2:]) for row in engine.execute(_DUE).fetchall()}


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
