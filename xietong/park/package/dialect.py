"""What a text that should be comma-separated UTF-8 is instead, named as that with what to do; faults of parsers in our
own words, in both languages."""

import csv
import tomllib
import zlib
from collections.abc import Sequence

import pyarrow as pa

from xietong.park.package.cells import CellError
from xietong.texts import Text

BOM = "\ufeff"
# Delimiters of other programs: as it is written in a mapping, and its name.
_OTHERS = {
    ";": Text("分号（;）", "semicolons (;)"),
    "\t": Text("制表符（Tab）", "tabs"),
    "|": Text("竖线（|）", "vertical bars (|)"),
    "，": Text("全角逗号（，）", "full-width commas (，)"),
    "、": Text("顿号（、）", "ideographic commas (、)"),
}
_CSV_FAULTS = (
    (
        "unexpected end of data",
        Text("文件在引号里结束，有一处引号没有配对", "it ends within quotes: one is not closed"),
    ),
    (
        "expected after",
        Text("引号后面不是逗号或行尾", "behind a closing quote stands neither a comma nor the line's end"),
    ),
    ("NUL", Text("含有空字节，可能是 UTF-16 或不是文本", "it holds zero bytes: UTF-16 perhaps, or no text")),
    ("new-line character", Text("行尾的写法不一", "its lines end in different ways")),
    ("field limit", Text("有一格太长，多半是引号没有配对", "one cell is too long: a quote is not closed, most likely")),
)


def check_header(row: Sequence[str], delimiter: str = ",") -> None:
    """Raise CellError where the first row of a text shows that it is delimited otherwise, or is no header."""
    first = row[0].strip(BOM).strip() if row else ""
    if first.lower().startswith("sep="):
        raise CellError(
            "separator_line",
            "第一行是 Excel 用的分隔符声明（sep=），不是表头，整个文件没有载入；请删去这一行，并保证各列以逗号分隔",
            "its first line tells Excel the delimiter (sep=) and is no header, so the whole file was left out; delete "
            "that line, and see that columns are parted by commas",
        )
    held = [each for each in row if each.strip()]
    other = next((sign for sign in _OTHERS if len(held) == 1 and sign in held[0] and sign != delimiter), None)
    if other is not None:
        name, written = _OTHERS[other], "\\t" if other == "\t" else other
        raise CellError(
            "delimiter",
            f"各列用{name.zh}而不是逗号分隔，整个文件没有载入；请另存为“CSV UTF-8（逗号分隔）”，"
            f'readings 和 reported 的文件也可以在映射的 [file] 里写明 delimiter = "{written}"',
            f"its columns are parted by {name.en} and not by commas, so the whole file was left out; save it as “CSV "
            f'UTF-8 (comma delimited)”, or for readings and reported amounts say delimiter = "{written}" under [file] '
            "of a mapping",
        )


def doubled_bom() -> CellError:
    """The remark on a text with a second byte-order mark behind the first."""
    return CellError(
        "doubled_bom",
        "文件开头有两个以上的字节顺序标记（BOM），多余的没有当作表头，照样读入；请用 Excel 或编辑器另存一次去掉它",
        "it begins with more than one byte-order mark (BOM); those beyond the first were not taken for a part of the "
        "header and it was read all the same; save it anew to be rid of them",
    )


def fault(error: Exception) -> Text:
    """What was wrong with a file, as a person says it; the library's own words in the English sentence alone."""
    said = " ".join(str(error).split())[:200]
    if isinstance(error, csv.Error):
        return next((text for part, text in _CSV_FAULTS if part in said), Text("分隔或引号有误", said))
    if isinstance(error, EOFError):
        return Text("压缩数据不完整", said)
    if isinstance(error, zlib.error | OSError):
        return Text("读不出来，或压缩数据已损坏", said)
    if isinstance(error, UnicodeError):
        return Text("文字的编码与所说的不符", said)
    if isinstance(error, pa.ArrowException):
        return Text("不是完好的 Parquet 文件，或列的类型不能用", said)
    return Text("内容不完好", said)


def toml_fault(error: Exception) -> Text:
    """Where a TOML file cannot be read, and in English how the parser puts it."""
    if not isinstance(error, tomllib.TOMLDecodeError):
        return Text("不是 UTF-8 文本", "it is not UTF-8")
    said = " ".join(str(error).split())
    line = said.rpartition("line ")[2].partition(",")[0] if "line " in said else ""
    return Text(f"第 {line} 行写法有误" if line else "文件在一项没有写完的地方结束", said)
