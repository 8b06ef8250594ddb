"""`xietong hj212`: decode frames, play a file of frames as a device would, give a command to the park's own device."""

import argparse
import json
import os
import socket
import sys
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from xietong.cli import UsageError
from xietong.intake import gate
from xietong.intake.devices import BadSettings, DeviceBook
from xietong.journal import JournalWriter, open_writer
from xietong.protocols.hj212 import Frame, Splitter, as_json, decode, wants_answer
from xietong.protocols.hj212.sealing import read_key

_LINES_SHOWN = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """decode [FILE] | send FILE --to HOST:PORT | order --mn MN --cn CN --by NAME | confirm ID --by NAME."""
    verbs = parser.add_subparsers(dest="verb", metavar="decode|send|order|confirm", required=True)
    decoding = verbs.add_parser("decode", help="一行一帧，逐行输出 JSON · a frame a line in, a JSON object a line out")
    decoding.add_argument("file", nargs="?", metavar="FILE", help="缺省读标准输入 · standard input by default")
    decoding.add_argument("--json", action="store_true", help="总是 JSON · it always is JSON")
    decoding.add_argument("--sm4-key", help="密文的密钥，16 个字符或 32 个十六进制数字 · key of encrypted contents")
    sending = verbs.add_parser("send", help="像设备一样发送 · play frames as a device and print each acknowledgement")
    sending.add_argument("file", metavar="FILE", help="每行一帧，- 为标准输入 · a frame a line, - for standard input")
    sending.add_argument("--to", required=True, metavar="HOST:PORT")
    sending.add_argument("--timeout", type=float, default=10.0, metavar="S", help="等待应答秒数 · seconds to wait (10)")
    sending.add_argument("--json", action="store_true", help="逐行输出 JSON · one JSON object a line")
    ordering = verbs.add_parser(
        "order", help="提议给园区自有设备的一个命令 · propose a command to the park's own device"
    )
    ordering.add_argument("--mn", required=True)
    ordering.add_argument("--cn", required=True, help="写入或控制命令 · a command that writes or controls")
    ordering.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="said")
    confirming = verbs.add_parser("confirm", help="第二人确认 · a second person confirms an order")
    confirming.add_argument("order", metavar="ID", help="提议的存证编号 · the entry of the proposal")
    for acting in (ordering, confirming):
        acting.add_argument("--by", required=True, metavar="NAME", help="谁 · who you are")
        acting.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0; send exits 1 when an acknowledgement that a frame asked for did not come, order and confirm where the
    gate stays closed."""
    if arguments.verb == "decode":
        return _decode(arguments.file, _keys(arguments.sm4_key))
    if arguments.verb in ("order", "confirm"):
        return _act(arguments)
    host, colon, port = arguments.to.rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(f"--to {arguments.to}: write HOST:PORT, such as 127.0.0.1:9212")
    frames = list(_lines(arguments.file))
    try:
        with socket.create_connection((host, int(port)), timeout=arguments.timeout) as connection:
            return _send(connection, frames, arguments.json)
    except OSError as error:
        print(f"xietong hj212: no connection to {arguments.to}: {error}", file=sys.stderr)
        return 1


def _lines(name: str | None) -> Iterator[bytes]:
    """The frames of a file, one a line; blank lines are no frames."""
    if name in (None, "-"):
        yield from (line for line in sys.stdin.buffer if line.strip())
        return
    try:
        with Path(str(name)).open("rb") as file:
            yield from (line for line in file if line.strip())
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from error


def _keys(text: str | None) -> list[bytes]:
    key = read_key(text) if text else None
    if text and key is None:
        raise UsageError("--sm4-key: write 16 characters or 32 hexadecimal digits")
    return [key] if key else []


def _decode(name: str | None, keys: list[bytes]) -> int:
    for line in _lines(name):
        sys.stdout.write(json.dumps(as_json(decode(line, keys)), ensure_ascii=False) + "\n")
    sys.stdout.flush()
    return 0


def _act(arguments: argparse.Namespace) -> int:
    """Propose or confirm a command through the gate; see xietong.intake.gate."""
    data = Path(arguments.data or os.environ.get("XIETONG_DATA", "data"))
    try:
        book = DeviceBook.read(data / "devices.toml")
        with open_writer(data / "journal", "cli") as writer:
            told = (
                _proposed(arguments, writer, book) if arguments.verb == "order" else _confirmed(arguments, writer, book)
            )
    except (BadSettings, gate.GateClosed) as error:
        print(f"xietong hj212: {error.text.zh} · {error.text.en}", file=sys.stderr)
        return 1
    print(json.dumps(told, ensure_ascii=False) if arguments.json else "\t".join(told.values()))
    return 0


def _proposed(arguments: argparse.Namespace, writer: JournalWriter, book: DeviceBook) -> dict[str, str]:
    said = dict(each.partition("=")[::2] for each in arguments.said)
    wish = gate.Wish(arguments.mn, arguments.cn, said)
    return {"order": gate.propose(writer, book, wish, by=arguments.by, now=datetime.now(UTC))}


def _confirmed(arguments: argparse.Namespace, writer: JournalWriter, book: DeviceBook) -> dict[str, str]:
    data = writer.folder.parent.parent
    given = gate.confirm(data, writer, book, arguments.order, by=arguments.by, now=datetime.now(UTC))
    return {"order": given.proposal, "confirmation": given.confirmation, "mn": given.mn, "cn": given.cn}


def _send(connection: socket.socket, frames: list[bytes], as_lines: bool) -> int:
    missing = 0
    answers = _Answers(connection)
    for number, line in enumerate(frames, start=1):
        sent = decode(line.strip() + b"\r\n")
        asked = wants_answer(sent)
        connection.sendall(sent.raw)
        got = answers.to(sent) if asked else None
        missing += asked and got is None
        _print(number, asked, got, as_lines)
    return 1 if missing else 0


class _Answers:
    """The frames that come back on one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._splitter = Splitter()
        self._ready: deque[Frame] = deque()

    def to(self, sent: Frame) -> bytes | None:
        """The acknowledgement (9013 or 9014) with the QN of the frame sent; None when none comes in time."""
        while True:
            while self._ready:
                got = self._ready.popleft()
                if got.cn in ("9013", "9014") and got.qn == sent.qn:
                    return got.raw
            if not self._receive():
                return None

    def _receive(self) -> bool:
        try:
            chunk = self._connection.recv(65536)
        except TimeoutError:
            return False
        self._ready += [decode(piece.raw) for piece in self._splitter.feed(chunk) if piece.kind == "hj212"]
        return bool(chunk)


def _print(number: int, asked: bool, got: bytes | None, as_lines: bool) -> None:
    text = got.decode(errors="replace").strip() if got else None
    if as_lines:
        print(json.dumps({"frame": number, "asked": asked, "answer": text}, ensure_ascii=False), flush=True)
    elif text:
        print(f"{number}\t{text[:_LINES_SHOWN]}", flush=True)
    else:
        print(f"{number}\t{'没有应答 · no answer' if asked else '未要求应答 · none asked'}", flush=True)
