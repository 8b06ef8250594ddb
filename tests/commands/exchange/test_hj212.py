"""`xietong hj212`: decode of a file and of standard input, send against a small listener of the test's own."""

import io
import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from laid_beside import laid_beside

from xietong.cli import main
from xietong.protocols.hj212 import Splitter, frame, reply
from xietong.protocols.hj212.sealing import seal

FRAMES = Path(__file__).parents[2] / "frames"
ASKED = frame("QN=20160801085857223;ST=32;CN=2011;PW=1;MN=A1;Flag=5;CP=&&DataTime=20160801085857&&")
NOT_ASKED = ASKED.replace(b"Flag=5", b"Flag=4")


def decoded(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert main(["hj212", "decode", *arguments]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_decode_answers_a_line_a_frame_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    good = decoded(capsys, str(FRAMES / "accepted.txt"))
    assert [line["ok"] for line in good] == [True] * 10
    assert [line["flag"] for line in good] == [5, 4, None, 0, 7, 9, 8, 5, 4, 4]
    assert [line["ok"] for line in decoded(capsys, str(FRAMES / "broken.txt"))] == [False] * 7


def test_decode_reads_standard_input_and_survives_any_bytes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(b"\xff\xfe##\n\n" + ASKED + b"\x00" * 100_000))
    monkeypatch.setattr(sys, "stdin", stream)
    assert [line["ok"] for line in decoded(capsys)] == [False, True, False]


def test_decode_accepts_twelve_public_packets_and_refuses_six(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines = [json.loads(line) for line in laid_beside("hj212/open-packets.jsonl").read_text().splitlines()]
    (tmp_path / "packets.txt").write_text("".join(line["raw"] + "\n" for line in lines))
    got = decoded(capsys, str(tmp_path / "packets.txt"))
    assert [line["ok"] for line in got] == [line["verdict"] == "valid" for line in lines]
    assert (sum(bool(line["ok"]) for line in got), sum("crc" in str(line["errors"]) for line in got)) == (12, 6)


@pytest.mark.parametrize("arguments", [["decode", "no-such-file"], ["send", "-", "--to", "nowhere"]])
def test_bad_use_exits_2_with_a_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hj212", *arguments]) == 2
    assert capsys.readouterr().err.startswith("xietong hj212: ")


@contextmanager
def listener(answers: bool) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve_one, args=(server, answers))
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join(timeout=5)


def _serve_one(server: socket.socket, answers: bool) -> None:
    connection, _ = server.accept()
    splitter = Splitter()
    with connection:
        while chunk := connection.recv(65536):
            for piece in splitter.feed(chunk):
                back = reply(piece.raw) if answers and piece.kind == "hj212" else None
                if back:
                    # A late answer to another frame must not be taken for this one's.
                    connection.sendall(back.replace(b"857223", b"857000") + back)


@pytest.mark.parametrize(("answers", "status"), [(True, 0), (False, 1)])
def test_send_prints_each_acknowledgement_or_its_absence(
    answers: bool, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = frame(NOT_ASKED[6:-6])
    (tmp_path / "frames.txt").write_bytes(ASKED + again)
    with listener(answers) as address:
        given = ["hj212", "send", str(tmp_path / "frames.txt"), "--to", address, "--timeout", "0.3", "--json"]
        assert main(given) == status
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    back = reply(ASKED)
    assert back is not None
    assert first == {"frame": 1, "asked": True, "answer": back.decode().strip() if answers else None}
    assert second == {"frame": 2, "asked": False, "answer": None}


def test_send_without_a_listener_fails_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "frames.txt").write_bytes(ASKED)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert main(["hj212", "send", str(tmp_path / "frames.txt"), "--to", f"127.0.0.1:{port}"]) == 1
    assert "no connection" in capsys.readouterr().err


def test_decode_opens_an_encrypted_frame_with_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = b"DataTime=20160801085857;w01018-Rtd=2.25,w01018-Flag=N"
    (tmp_path / "sealed.txt").write_bytes(
        seal(ASKED[6:-6].partition(b"CP=")[0] + b"CP=&&" + content + b"&&", b"0" * 16)
    )
    for key, ok in (("0" * 16, True), ("30" * 16, True), ("1" * 16, False)):
        assert main(["hj212", "decode", str(tmp_path / "sealed.txt"), "--sm4-key", key]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["ok"], told["errors"]) == (ok, [] if ok else ["encrypted"])
        assert [value["value"] for value in told["values"]] == ([2.25] if ok else [])
    assert main(["hj212", "decode", str(tmp_path / "sealed.txt"), "--sm4-key", "short"]) == 2
