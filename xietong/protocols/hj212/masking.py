"""Passwords of devices (PW, NewPW) hidden wherever bytes are shown: whole frames, refused ones and junk alike."""

import re

HIDDEN = "••••••"
_PASSWORD = re.compile(r"((?:new)?pw\s*=)[^;,&\r\n]*", re.IGNORECASE)
# A piece of a stream may begin within the password or its key; the MN that follows tells.
_CUT = re.compile(r"\A(?:P?W?\s*=)?[^;=#]*(?=;,?\s*MN\s*=)", re.IGNORECASE)
SECRET = frozenset({"pw", "newpw"})


def without_password(text: str) -> str:
    """The text with every password in it hidden; where it begins in the middle of one, that too."""
    return _CUT.sub(HIDDEN, _PASSWORD.sub(lambda found: found[1] + HIDDEN, text))
