"""Files that somebody sent are opened by a child process with limits; here is the parent's side: what the child gives,
how long it may be silent, and the sentence for a child that died of a file."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from threading import Timer
from typing import TypeVar, cast

import pyarrow as pa

from xietong.park.package.cells import CellError
from xietong.park.package.dialect import fault
from xietong.texts import Text

MODULES = "xietong.park.package"
# The child stops itself after 20 s of processor time; a machine that is busy gets a little more by the clock.
SILENCE_S = 25
CHUNK = 1 << 20
SHEETS_NAMED = 5
KILLED = (-signal.SIGXCPU, -signal.SIGKILL)
Note = Callable[[CellError], None]
Given = TypeVar("Given")
# Rule → the sentence in both languages; {0} is what the child found.
SENTENCES: Mapping[str, Text] = {
    "too_slow": Text(
        "读了 20 秒还没读完，多半太大或是恶意文件，没有载入；请拆成几个文件，或另存为 CSV",
        "it was not read within 20 s, so it is too large or an attack, and was left out; split it, or save it as CSV",
    ),
    "too_large": Text(
        "读它用的内存超过 256 MB，多半太大或是恶意文件，没有载入；请拆成几个文件，或另存为 CSV",
        "reading it took more than 256 MB of memory, so it is too large or an attack, and was left out; split it, or "
        "save it as CSV",
    ),
    "unreadable": Text(
        "打不开（{0}），没有载入；请重新导出",
        "it cannot be opened ({0}) and was left out; export it again",
    ),
    "too_many_columns": Text(
        "有 {0} 列，最多读 1000 列，多半是误填或恶意文件，没有载入；请删去多余的列",
        "it has {0} columns and at most 1000 are read; it is a slip or an attack, so nothing was loaded; delete those "
        "that are too many",
    ),
    "expands": Text(
        "展开后太大（{0}；最多 256 MB、5000 个部件），可能是压缩炸弹，没有载入；请拆成几个文件，或另存为 CSV",
        "it expands too far ({0}; 256 MB and 5000 parts are the most) and may be a zip bomb, so nothing was loaded; "
        "split it, or save it as CSV",
    ),
    "entities": Text(
        "其中的 {0} 声明了实体（DOCTYPE），正常的工作簿不会有，展开它可能耗尽内存，没有载入；请用 Excel 另存后再导入",
        "its part {0} declares entities (DOCTYPE), which no real workbook does and which could exhaust the memory, so "
        "nothing was loaded; save it anew from Excel",
    ),
    "uncalculated": Text(
        "{0} 等处的公式没有算出的值，平台不代算，没有载入；请用 Excel 打开、存盘后再导入，或粘贴为数值",
        "the formula in {0} has no value that was computed and the platform computes none, so nothing was loaded; open "
        "the workbook in Excel and save it, or paste formulas as values",
    ),
    "macros": Text(
        "工作簿带有宏；宏不会运行，只读单元格里的值",
        "the workbook carries macros; they are never run, only the values of cells are read",
    ),
    "external_links": Text(
        "工作簿引用了别的文件；不会去取，读的是它上次存下的值，可能已过时；请核对，或粘贴为数值",
        "the workbook refers to other files; they are never fetched and the values it kept were read, which may be out "
        "of date; check them, or paste them as values",
    ),
    "formulas": Text(
        "有公式（{0}…），读的是上次存盘时的值，不重算；请核对它们不是旧值",
        "it has formulas ({0} …); the values of the last save were read and nothing is recomputed; check that none is "
        "out of date",
    ),
    "error_values": Text(
        "{0} 等格是错误值（#DIV/0!、#REF! 之类），没有数，按空读；请改正公式再导入",
        "{0} … hold errors (#DIV/0!, #REF! or such) and no number, and were read as empty; correct the formula and "
        "import it again",
    ),
    "other_sheets": Text(
        "只读了第一张工作表，{0} 没有读；若数据在那里，请在映射的 [file] sheet 写明，或分别存成文件",
        "only its first sheet was read and {0} was not; if the data are there, name it in the mapping under [file] "
        "sheet, or save the sheets as files",
    ),
    "hidden_sheet": Text(
        "所读的工作表是隐藏的，照样读入；请核对是否该读它",
        "the sheet that was read is hidden; it was read all the same, check that it is the one meant",
    ),
    "hidden": Text(
        "有隐藏的行或列，照样读入；请取消隐藏核对一遍",
        "it has hidden rows or columns, which were read all the same; unhide them and check",
    ),
    "merged": Text(
        "有合并单元格，只有左上角那一格有值，其余按空读；请取消合并后逐格填写",
        "it has merged cells, of which only the upper left one has a value and the others are read as empty; unmerge "
        "them and fill in each",
    ),
}


def _said(rule: str, detail: str = "") -> CellError:
    said = SENTENCES[rule]
    # What a library says of a damaged file is English.
    in_chinese = "文件损坏、加了密码，或不是它的名称所说的类型" if rule == "unreadable" else detail
    return CellError(rule, said.zh.format(in_chinese), said.en.format(detail))


def unreadable(error: Exception) -> CellError:
    """The sentence for a file that does not open."""
    said, what = SENTENCES["unreadable"], fault(error)
    return CellError("unreadable", said.zh.format(what.zh), said.en.format(what.en))


def workbook_rows(path: Path, sheet: str, note: Note) -> Iterator[list[str]]:
    """The rows of one sheet of a workbook ("" the first), every cell as text; what is odd about it goes to `note`.

    Raises CellError where the workbook cannot be read within the limits.
    """
    with _child(["workbook", str(path), sheet]) as child:
        for line in _lines(child):
            try:
                said = json.loads(line)
            except ValueError:
                break
            if isinstance(said, list):
                yield said
            elif "refused" in said:
                raise _said(*said["refused"])
            else:
                for each in said["notes"]:
                    note(_said(*each))
                others = said["sheets"][1:]
                if others and not sheet:
                    note(_said("other_sheets", "、".join(others[:SHEETS_NAMED])))
        child.ended()


def sheet_names(path: Path) -> list[str]:
    """The names of a workbook's sheets; raises CellError as `workbook_rows` does."""
    with _child(["workbook", str(path), ""]) as child:
        for line in _lines(child):
            said = json.loads(line)
            if "refused" in said:
                raise _said(*said["refused"])
            return [str(name) for name in said["sheets"]]
        child.ended()
    return []


def parquet_batches(path: Path, rows: int) -> Iterator[pa.RecordBatch]:
    """A Parquet file in batches; raises CellError where it cannot be read within the limits."""
    with _child(["columnar", str(path), str(rows)]) as child:
        try:
            stream = child.timely(lambda: pa.ipc.open_stream(child.out))
            while batch := child.timely(lambda: _next(stream)):
                yield batch
        except (pa.ArrowException, OSError, EOFError) as error:
            child.ended()
            raise unreadable(error) from error
        child.ended()


def _lines(child: "_Child") -> Iterator[bytes]:
    """Whole lines; the clock is wound once a chunk, for a thread a line would cost more than the reading."""
    rest = b""
    while chunk := child.timely(lambda: child.out.read1(CHUNK)):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole


def _next(stream: pa.RecordBatchStreamReader) -> pa.RecordBatch | None:
    try:
        return stream.read_next_batch()
    except StopIteration:
        return None


class _Child:
    """One child, and whether it was too slow."""

    def __init__(self, process: subprocess.Popen[bytes], out: BufferedReader) -> None:
        self.process, self.out, self.slow = process, out, False

    def timely(self, read: Callable[[], Given]) -> Given:
        """What `read` gives; the child is killed where it takes longer than SILENCE_S, and `read` then sees its end."""
        timer = Timer(SILENCE_S, self._too_slow)
        timer.start()
        try:
            return read()
        finally:
            timer.cancel()

    def _too_slow(self) -> None:
        self.slow = True
        self.process.kill()

    def ended(self) -> None:
        """Raise CellError unless the child ended well."""
        said = self.process.stderr.read(1 << 16) if self.process.stderr else b""
        code = self.process.wait()
        if self.slow or code in KILLED:
            raise _said("too_slow")
        if code == -signal.SIGSEGV:
            raise _said("unreadable", "SIGSEGV")
        if code:
            raise _died(said.decode("utf-8", "replace").strip().rpartition("\n")[2])


def _died(last: str) -> CellError:
    """By the last line that the child could say; a child without memory says none that can be read."""
    try:
        rule, detail = json.loads(last)
    except ValueError:
        return _said("too_large")
    return _said(rule, detail)


@contextmanager
def _child(command: list[str]) -> Iterator[_Child]:
    environment = {
        **os.environ,
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "PYTHONIOENCODING": "utf-8",
        "MALLOC_ARENA_MAX": "1",
    }
    started = [sys.executable, "-m", f"{MODULES}.{command[0]}", *command[1:]]
    with subprocess.Popen(
        started, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        try:
            yield _Child(process, cast("BufferedReader", process.stdout))
        finally:
            process.kill()
