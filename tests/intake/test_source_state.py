"""What is told of brokers and polled devices: counted, bounded, carried over a restart, and never in the way."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from xietong.intake.source_state import FOLDER, MOST_ERRORS, SourceStates, read_states
from xietong.texts import Text

AT = datetime(2025, 3, 1, tzinfo=UTC)
NO_NUMBER = Text("不是数", "no number")


class Clock:
    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now


def states(data: Path, clock: Clock) -> SourceStates:
    return SourceStates(data, "modbus-0", "modbus", clock)


def test_what_is_counted_is_what_a_page_reads(tmp_path: Path) -> None:
    told = states(tmp_path, Clock())
    meter = told.source("m1", "10.0.0.5:502/1")
    meter.connected = True
    meter.heard(AT, 3, [(NO_NUMBER, "kw: 7FC00000")], "modbus-0/7")
    meter.missed += 1
    told.problems = {"m2": Text("有误", "wrong")}
    told.write()
    (found,) = read_states(tmp_path)
    (source,) = found.sources
    assert (found.writer, found.kind, found.written_at) == ("modbus-0", "modbus", AT)
    assert found.problems == {"m2": ("有误", "wrong")}
    assert (source.name, source.kind, source.address, source.connected) == ("m1", "modbus", "10.0.0.5:502/1", True)
    assert (source.messages, source.readings, source.refused, source.missed) == (1, 3, 1, 1)
    assert source.last_message_at == AT.isoformat()
    (error,) = source.last_errors
    assert (error.zh, error.en, error.excerpt, error.entry, error.times) == (
        *NO_NUMBER, "kw: 7FC00000", "modbus-0/7", 1
    )  # fmt: skip


def test_the_same_error_is_counted_and_others_are_bounded(tmp_path: Path) -> None:
    meter = states(tmp_path, Clock()).source("m1", "")
    for each in range(3 * MOST_ERRORS):
        meter.wrong(AT, Text("", f"error {each}"), "x" * 1000)
        meter.wrong(AT + timedelta(seconds=each), NO_NUMBER)
    assert len(meter.last_errors) == MOST_ERRORS
    assert (meter.last_errors[-1].en, meter.last_errors[-1].times) == ("no number", 3 * MOST_ERRORS)
    assert meter.last_errors[-1].at == (AT + timedelta(seconds=3 * MOST_ERRORS - 1)).isoformat()
    assert max(len(each.excerpt) for each in meter.last_errors) == 200


def test_a_restart_carries_on_and_knows_nobody_as_connected(tmp_path: Path) -> None:
    before = states(tmp_path, Clock())
    meter, gone = before.source("m1", ""), before.source("m2", "")
    meter.connected = gone.connected = True
    meter.heard(AT, 2, [(NO_NUMBER, "")])
    before.write()
    after = states(tmp_path, Clock())
    again = after.source("m1", "")
    assert (again.connected, again.messages, again.refused, len(again.last_errors)) == (False, 1, 1, 1)
    after.write()
    assert [each.name for each in read_states(tmp_path)[0].sources] == ["m1"]
    after.forget("m1")
    after.write(now=True)
    assert read_states(tmp_path)[0].sources == ()


def test_it_is_written_once_a_second_and_also_when_the_clock_goes_back(tmp_path: Path) -> None:
    clock = Clock()
    told = states(tmp_path, clock)
    told.write()
    told.source("m1", "")
    clock.now = AT + timedelta(seconds=0.9)
    told.write()
    assert read_states(tmp_path)[0].sources == ()
    told.write(now=True)
    assert len(read_states(tmp_path)[0].sources) == 1
    clock.now = AT - timedelta(days=1)
    told.forget("m1")
    told.write()
    assert read_states(tmp_path)[0].sources == ()


def test_files_that_cannot_be_read_or_written_stop_nothing(tmp_path: Path) -> None:
    assert read_states(tmp_path) == ()
    folder = tmp_path / FOLDER
    folder.mkdir()
    for name, text in (("a", "{"), ("b", "[]"), ("c", '{"sources": [{"x": 1}]}'), ("modbus-0", '{"sources": 1}')):
        (folder / f"{name}.json").write_text(text)
    assert read_states(tmp_path) == ()
    told = states(tmp_path, Clock())
    told.source("m1", "")
    told.write()
    assert [each.writer for each in read_states(tmp_path)] == ["modbus-0"]
    (tmp_path / "elsewhere").touch()
    states(tmp_path / "elsewhere", Clock()).write()
