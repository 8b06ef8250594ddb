"""What a refusal says: what the file is, in the reader's language, and never a number that nobody stated."""

import re
from pathlib import Path

import pytest
from park_packages import FILES, write_package

from xietong.park.package.cells import CellError, decimal
from xietong.park.package.mapping import FileMapping
from xietong.park.package.reading import PackageError, read_package
from xietong.park.package.rules import Known
from xietong.park.package.sheets import Rejection
from xietong.park.package.tabular import Shape, tables

REPORTED = "subject,period,item,amount,unit\nE01,2025-01,raw_coal,12,t\n"


@pytest.mark.parametrize(
    "cell", ["1,234", "1,5", "0,98", "1,234.5", "1 234", "1'234", "1，234", "12,34,56", "1,234,567.8"]
)
def test_a_separator_is_never_guessed_away(cell: str) -> None:
    with pytest.raises(CellError) as refused:
        decimal(cell)
    assert refused.value.rule in ("thousands", "number")
    said = refused.value.text
    bare = re.sub(r"[^0-9.]", "", cell.replace("，", ","))
    for text in (said.zh, said.en):
        assert bare not in text
        assert cell.replace(",", ".") not in text


@pytest.mark.parametrize(("cell", "words"), [("0.00000000000012", "太小"), ("1" * 26, "25 位"), ("1e25", "25 位")])
def test_too_many_digits_and_too_small_a_number_are_two_faults(cell: str, words: str) -> None:
    with pytest.raises(CellError) as refused:
        decimal(cell)
    assert words in refused.value.text.zh
    assert ("25" in refused.value.text.en) == ("25" in words)


def refused(folder: Path, content: bytes) -> list[Rejection]:
    package = read_package(write_package(folder, {"reported.csv": content}), Known())
    return [each for each in [*package.rejected, *package.remarks] if each.file == "reported.csv"]


def imported(folder: Path, content: bytes) -> list[CellError]:
    """What importing the same bytes as a file says."""
    path, heard = folder / "reported.csv", list[CellError]()
    path.write_bytes(content)
    try:
        list(tables(path, Shape(), heard.append))
    except CellError as error:
        heard.append(error)
    return heard


SHAPES = {
    "separator_line": (f"sep=,\n{REPORTED}".encode(), "sep="),
    "separator_line;": (f"sep=;\n{REPORTED.replace(',', ';')}".encode(), "sep="),
    "delimiter": (REPORTED.replace(",", ";").encode(), "分号"),
    "delimiter\t": (REPORTED.replace(",", "\t").encode(), "制表符"),
    "delimiter|": (REPORTED.replace(",", "|").encode(), "竖线"),
    "delimiter，": (REPORTED.replace(",", "，").encode(), "全角逗号"),
    "doubled_bom": (b"\xef\xbb\xbf" * 2 + REPORTED.encode(), "BOM"),
    "encoding": (REPORTED.encode("utf-16"), "UTF-16"),
    "encoding-le": (REPORTED.encode("utf-16-le"), "UTF-16"),
    "encoding-gbk": (REPORTED.replace("t\n", "吨\n").encode("gbk"), "GBK"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_file_of_another_shape_is_named_as_what_it_is(name: str, tmp_path: Path) -> None:
    content, words = SHAPES[name]
    rule = re.sub(r"[^a-z_].*", "", name)
    assert [(each.rule, words in each.message.zh) for each in refused(tmp_path, content)] == [(rule, True)]
    assert [(each.rule, words in each.text.zh) for each in imported(tmp_path, content)] == [(rule, True)]


def test_two_marks_of_byte_order_lose_nothing(tmp_path: Path) -> None:
    content, _ = SHAPES["doubled_bom"]
    package = read_package(write_package(tmp_path, {"reported.csv": content}), Known())
    assert [row.values["item"] for row in package.tables["reported"]] == ["raw_coal"]


def test_a_mapping_that_names_the_delimiter_is_not_stopped(tmp_path: Path) -> None:
    path = tmp_path / "reported.csv"
    path.write_bytes(SHAPES["delimiter"][0])
    mapping = FileMapping(shape=Shape(delimiter=";"))
    assert [piece.num_rows for piece in tables(path, mapping.shape)] == [0, 1]


@pytest.mark.parametrize("content", [REPORTED + '"E01', REPORTED + 'E01,"a"b,1'])
def test_a_parser_s_fault_is_told_in_the_reader_s_language(content: str, tmp_path: Path) -> None:
    (one,), (two,) = refused(tmp_path, content.encode()), imported(tmp_path, content.encode())
    for text in (one.message.zh.partition("：")[2], two.text.zh):
        assert not re.search(r"[a-z]{3,}", text.replace("CSV", "")), text
    assert "unexpected end of data" not in one.message.en


FAULTY = """[park]
code = "A B"
timezone = "Asia/Xian"
zeitzone = "x"
[choices]
gwp = "AR9"
[chioces]
gwp = "AR5"
"""


def test_every_fault_of_the_park_file_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(PackageError) as wrong:
        read_package(write_package(tmp_path, {"park.toml": FAULTY}), Known())
    for text in (wrong.value.text.zh, wrong.value.text.en):
        for each in ("name", "code", "Asia/Xian", "AR9"):
            assert each in text
    assert "4 处错误" in wrong.value.text.zh
    assert "4 faults" in wrong.value.text.en


def test_a_word_of_the_park_file_that_nobody_reads_is_remarked(tmp_path: Path) -> None:
    park = FILES["park.toml"].replace("[choices]", 'zeitzone = "x"\n[chioces]\ngwp = "AR5"\n[choices]')
    package = read_package(write_package(tmp_path, {"park.toml": park}), Known())
    assert [(each.rule, each.column) for each in package.remarks] == [
        ("unknown_key", "chioces"),
        ("unknown_key", "park.zeitzone"),
    ]


@pytest.mark.parametrize(
    ("content", "zh"),
    [(b"[park\ncode=1", "第 1 行"), ("[park]\nname = '云岭工业园'".encode("gbk"), "GBK"), (b"a = [1,", "结束")],
)
def test_a_park_file_that_is_no_toml(content: bytes, zh: str, tmp_path: Path) -> None:
    with pytest.raises(PackageError) as wrong:
        read_package(write_package(tmp_path, {"park.toml": content}), Known())
    assert zh in wrong.value.text.zh
    assert "unexpected" not in wrong.value.text.zh
    assert "Expected" not in wrong.value.text.zh


def test_a_refused_cell_is_shown_with_its_control_characters_escaped(tmp_path: Path) -> None:
    cell = "\x1b[31m12\x07\n3"
    (refusal,) = refused(tmp_path, f'subject,period,item,amount,unit\nE01,2025-01,coke,"{cell}",t\n'.encode())
    assert "“\\u001b[31m12\\u0007\\u000a3”" in refusal.message.zh
    assert refusal.message.en.isprintable()
