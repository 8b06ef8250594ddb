"""HJ 212: the wire format of China's pollution monitors (editions 2005, 2017, 2025). Pure: bytes in, nouns out.

No sockets and no files here. A stream goes through Splitter; a frame through decode, readings or ColumnReader, parts of
one message through Parts; what the platform says back comes from answer and reply, what it asks from building and peer.
"""

from xietong.protocols.hj212.answers import answer, glance, reply, wants_answer
from xietong.protocols.hj212.codes import CODES, modern
from xietong.protocols.hj212.columns import ColumnReader, Columns, readings
from xietong.protocols.hj212.content import Value
from xietong.protocols.hj212.crc import crc16
from xietong.protocols.hj212.describing import as_json
from xietong.protocols.hj212.frames import Frame, decode
from xietong.protocols.hj212.framing import Piece, Splitter, frame

__all__ = [
    "CODES",
    "ColumnReader",
    "Columns",
    "Frame",
    "Piece",
    "Splitter",
    "Value",
    "answer",
    "as_json",
    "crc16",
    "decode",
    "frame",
    "glance",
    "modern",
    "readings",
    "reply",
    "wants_answer",
]
