"""What a command prints, whatever the terminal's encoding and whoever wrote the text: never a traceback for a letter,
never a control character that steers the terminal. One edge for all commands; their own code prints as it likes.
"""

import codecs
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from io import TextIOWrapper
from typing import IO, cast

from xietong.texts import escaped

PLAIN, EXACT = "xietong-plain", "xietong-exact"
# What a reader takes for the same where the encoding lacks the sign.
_ALIKE = {
    **dict(zip("−–—―·•…✓✗×÷≤≥≈±→←“”‘’μ°℃￥¥", (
        *("-", "-", "-", "-", ".", "*", "...", "v", "x", "x", "/", "<=", ">=", "~", "+/-", "->", "<-"),
        *('"', '"', "'", "'", "u", "deg ", "deg C", "CNY ", "CNY "),
    ), strict=True)),
    **dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True)),
}  # fmt: skip
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-", strict=True))


def _exactly(error: UnicodeError) -> tuple[str, int]:
    """Letters that the encoding lacks as \\uXXXX, in pairs beyond the basic plane: in JSON the very same text."""
    run, end = _lacking(error)
    units = run.encode("utf-16-be", "surrogatepass")
    codes = (int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))
    return "".join(f"\\u{code:04x}" for code in codes), end


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """The same for a person: 10⁻⁹ as 10^-9, ✓ as v; other letters as \\uXXXX."""
    run, end = _lacking(error)
    found = []
    for place, letter in enumerate(run):
        if letter in _RAISED:
            follows = place > 0 and run[place - 1] in _RAISED
            found.append(("" if follows else "^") + _RAISED[letter])
        else:
            found.append(_ALIKE.get(letter) or _exactly(UnicodeEncodeError("", letter, 0, 1, ""))[0])
    return "".join(found), end


def _lacking(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return error.object[error.start : error.end], error.end


codecs.register_error(EXACT, _exactly)
codecs.register_error(PLAIN, _plainly)


class Shown:
    """A stream that prints control characters escaped; all else is the stream's own."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write it, and say how many characters were given."""
        self._stream.write(escaped(text))
        return len(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


@contextmanager
def printing(*, exactly: bool) -> Iterator[None]:
    """Within, whatever is printed on standard output and error comes out. exactly: it is JSON, and stays the same."""
    out, err = sys.stdout, sys.stderr
    with ExitStack() as stack:
        for stream, handler in ((out, EXACT if exactly else PLAIN), (err, PLAIN)):
            if isinstance(stream, TextIOWrapper):
                stack.callback(stream.reconfigure, errors=stream.errors)
                stream.reconfigure(errors=handler)
        stack.enter_context(redirect_stdout(cast("IO[str]", Shown(out))))
        stack.enter_context(redirect_stderr(cast("IO[str]", Shown(err))))
        yield
