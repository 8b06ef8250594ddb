"""Threshold table: every threshold with its source, as a page; `docs/standard/thresholds.md` is made here.

python -m xietong.commands.standard.threshold_table > docs/standard/thresholds.md
"""

import sys
from collections.abc import Iterator
from decimal import Decimal

from xietong.standard.thresholds import Band, StatedValue, groups, thresholds
from xietong.texts import Text

_HEAD = """# 阈值与常数 · Thresholds and constants

<!-- Made by `python -m xietong.commands.standard.threshold_table`; a test compares. Do not edit. -->

标准中的数值，以及标准没有规定而由本平台选定的数值（“本平台”），都在
[thresholds.toml](../../xietong/standard/thresholds.toml) 中，每个一行；代码里不再写这些数。
Numbers of standards, and choices of this platform where a standard says none ("ours"), each a row of that file; code
states none of them. Factors with periods of validity are in `xietong/calc/factors`, limits of outlets in
`xietong/calc/judgement/emission_limits.csv`, bounds of readings in `xietong/quality/bounds.csv`.
"""
_CONFIDENCE = {
    "V": Text("核对过原文", "held against a text"),
    "C": Text("计算证明", "proved by computation"),
    "K-h": Text("据知识，把握高", "from knowledge, high"),
    "K-m": Text("据知识，把握中", "from knowledge, medium"),
    "K-l": Text("据知识，把握低", "from knowledge, low"),
    "ours": Text("本平台选定", "our choice"),
}
_COLUMNS = "| 名称 name | 值 value | 单位 unit | 含义 meaning | 来源 source | 把握 confidence |\n" + "|---" * 6 + "|"


def as_markdown() -> str:
    """The page: one table a group, in the file's order."""
    return f"{_HEAD}\n" + "\n\n".join(_tables()) + "\n"


def _tables() -> Iterator[str]:
    for group, title in groups().items():
        rows = [_row(each) for key, each in thresholds().items() if key.startswith(f"{group}.")]
        yield "\n".join((f"## {title.zh} · {title.en}\n", _COLUMNS, *rows))


def _row(of: StatedValue) -> str:
    source = "本平台 ours" if of.confidence == "ours" else f"{of.source}-{of.edition}".rstrip("-")
    sure = _CONFIDENCE[of.confidence]
    cells = (f"`{of.key}`", _value(of.value), of.unit, f"{of.says.zh}<br>{of.says.en}", source, f"{sure.zh} {sure.en}")
    return "| " + " | ".join(cells) + " |"


def _value(value: Decimal | Band) -> str:
    return f"{value[0]}–{value[1]}" if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
