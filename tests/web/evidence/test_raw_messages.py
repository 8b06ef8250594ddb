"""The entry of a message, a poll or a notice on its page: its values, what is none and why, the one asked for."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from xietong.protocols import modbus, mqtt, opcua
from xietong.readings import Entry, EntryKind
from xietong.web.evidence.raw_messages import decoded, is_message

AT = datetime(2025, 3, 1, tzinfo=UTC)


def entry(kind: EntryKind, payload: bytes) -> Entry:
    return Entry("x-0", 1, kind, AT, "", payload, b"")


def shown(kind: EntryKind, payload: bytes, address: str) -> list[tuple[str, str, str | None, bool]]:
    frame = decoded(entry(kind, payload), address, ZoneInfo("UTC"))["frame"]
    assert all(label and text for label, text in frame["header"])
    return [(each["code"], each["field"], each["value"], each["marked"]) for each in frame["values"]]


def test_a_poll_shows_its_registers_and_marks_the_one_asked_for() -> None:
    registers = (modbus.Register("kwh", "holding", 7, "uint16", unit="kWh"), modbus.Register("t", "input", 1, "int16"))
    answers = (
        modbus.Answer(modbus.Request("holding", 7, 1), AT, AT, (12,)),
        modbus.Answer(modbus.Request("input", 1, 1), AT, None, (), "timeout"),
    )
    payload = modbus.sealed(modbus.Poll("m1", "10.0.0.5:502/1", AT, 2, registers, answers))
    assert shown("modbus", payload, "modbus:m1/kwh") == [
        ("kwh", "holding 7 uint16 kWh", "12", True),
        ("t", "input 1 int16", None, False),
    ]


def test_a_notice_and_a_message_show_their_values() -> None:
    nodes = (opcua.Node("kwh", "ns=2;s=a", unit="MWh"),)
    bad = opcua.Stated("kwh", "Double", "0.5", 0x80310000, AT, AT)
    payload = opcua.sealed(opcua.Notice("s", "opc.tcp://h", "notified", AT, nodes, (bad._replace(status=0), bad)))
    assert shown("opcua", payload, "opcua:s/kwh") == [
        ("kwh", "ns=2;s=a MWh", "0.5", True),
        ("kwh", "ns=2;s=a MWh", "0.5 Double 80310000", False),
    ]
    heard = mqtt.Heard("works/m1", 1, False, 7, mqtt.TopicMapping(), None, b'{"kw": 100}')
    assert shown("mqtt", mqtt.sealed(heard), "") == [("kw", "—", "100", False)]
    assert not is_message(entry("hj212", b""))
