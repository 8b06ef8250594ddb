"""What commands print on any terminal: no traceback for a letter, no control character that others wrote."""

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xietong.cli import COMMANDS, main
from xietong.terminal import printing
from xietong.texts import escaped

ENCODINGS = ["ascii", "gbk", "gb2312", "latin-1", "utf-8", "big5"]


def printed(text: str, encoding: str, *, exactly: bool) -> str:
    target, kept = io.BytesIO(), sys.stdout
    out = io.TextIOWrapper(target, encoding=encoding, newline="")
    sys.stdout = out
    try:
        with printing(exactly=exactly):
            print(text, end="")
        out.flush()
        return target.getvalue().decode(encoding)
    finally:
        sys.stdout = kept


def test_a_person_still_reads_the_sign() -> None:
    text = "✓ −1.5 × 10⁻⁹ m³ ≥ 0.025 — CO₂ → 5 ℃"
    assert printed(text, "ascii", exactly=False) == "v -1.5 x 10^-9 m^3 >= 0.025 - CO2 -> 5 deg C"
    assert printed(text, "utf-8", exactly=False) == text
    assert printed("园区", "gbk", exactly=False) == "园区"
    assert printed("园区", "ascii", exactly=False) == r"\u56ed\u533a"


@given(st.text(st.characters()), st.sampled_from(ENCODINGS))
def test_json_is_the_same_in_every_encoding(text: str, encoding: str) -> None:
    told = printed(json.dumps({"said": text}, ensure_ascii=False), encoding, exactly=True)
    assert json.loads(told) == {"said": text}
    assert escaped(told) == told


@given(st.text(st.characters()), st.sampled_from(ENCODINGS))
def test_whatever_is_printed_comes_out_and_steers_nothing(text: str, encoding: str) -> None:
    told = printed(text, encoding, exactly=False)
    assert escaped(told) == told


def test_control_characters_are_shown() -> None:
    assert escaped("a\x1b[2Jb\x07\r\x9b\u202e\tc\n") == "a\\u001b[2Jb\\u0007\\u000d\\u009b\\u202e\tc\n"
    assert escaped("a\tb\nc", in_line=True) == "a\\u0009b\\u000ac"


@pytest.mark.parametrize("encoding", ["ascii", "gbk"])
@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if not command.database])
def test_help_of_every_command(name: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", out)
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert sys.stdout is out


def test_the_streams_are_as_they_were_behind_it(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr, sys.stdout.errors
    assert main(["clauses", "--json"]) == 0
    assert (sys.stdout, sys.stderr, sys.stdout.errors) == before
    assert json.loads(capsys.readouterr().out)
