"""`xietong hj212`: decode frames, and play a file of frames as a device would."""

import argparse
import json
import socket
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from xietong.cli import UsageError
from xietong.protocols.hj212 import Frame, Splitter, as_json, decode, wants_answer
from xietong.protocols.hj212.sealing import read_key

_LINES_SHOWN = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """decode [FILE] | send FILE --to HOST:PORT."""
    verbs = parser.add_subparsers(dest="verb", metavar="decode|send", required=True)
    decoding = verbs.add_parser("decode", help="一行一帧，逐行输出 JSON · a frame a line in, a JSON object a line out")
    decoding.add_argument("file", nargs="?", metavar="FILE", help="缺省读标准输入 · standard input by default")
    decoding.add_argument("--json", action="store_true", help="总是 JSON · it always is JSON")
    decoding.add_argument("--sm4-key", help="密文的密钥，16 个字符或 32 个十六进制数字 · key of encrypted contents")
    sending = verbs.add_parser("send", help="像设备一样发送 · play frames as a device and print each acknowledgement")
    sending.add_argument("file", metavar="FILE", help="每行一帧，- 为标准输入 · a frame a line, - for standard input")
    sending.add_argument("--to", required=True, metavar="HOST:PORT")
    sending.add_argument("--timeout", type=float, default=10.0, metavar="S", help="等待应答秒数 · seconds to wait (10)")
    sending.add_argument("--json", action="store_true", help="逐行输出 JSON · one JSON object a line")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0; send exits 1 when an acknowledgement that a frame asked for did not come."""
    if arguments.verb == "decode":
        return _decode(arguments.file, _keys(arguments.sm4_key))
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
