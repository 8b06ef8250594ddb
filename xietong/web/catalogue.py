"""Compiles locale/*/LC_MESSAGES/django.po to the .mo file that Django reads, without the system's gettext.

The sentences of the pages are written in 中文 in the templates, so 中文 needs no catalogue; English has one.
Plurals and contexts are not used and are refused. Run by the set-up: `python -m xietong.web.catalogue`.
"""

import ast
import struct
from collections.abc import Iterator
from pathlib import Path

LOCALE = Path(__file__).parent.parent / "locale"
_MAGIC, _HEADER_BYTES = 0x950412DE, 28


def messages(po: Path) -> dict[str, str]:
    """The catalogue as msgid → msgstr, its header under ""; raises ValueError that names the line it cannot read."""
    found: dict[str, str] = {}
    parts = {"msgid": "", "msgstr": ""}
    for keyword, text in _statements(po):
        if keyword == "msgid":
            parts = {"msgid": text, "msgstr": ""}
        else:
            if parts["msgid"] in found:
                raise ValueError(f"{po}: {parts['msgid']!r} stands twice")
            found[parts["msgid"]] = text
    return found


def _statements(po: Path) -> Iterator[tuple[str, str]]:
    keyword, text = "", ""
    for number, raw in enumerate(po.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith('"'):
            text += ast.literal_eval(line)
            continue
        if keyword:
            yield keyword, text
        keyword, _, quoted = line.partition(" ")
        if keyword not in ("msgid", "msgstr"):
            raise ValueError(f"{po}, line {number}: {keyword!r} is not used in this catalogue")
        text = ast.literal_eval(quoted)
    if keyword:
        yield keyword, text


def compiled(catalogue: dict[str, str]) -> bytes:
    """The GNU .mo bytes of a catalogue: little-endian, sorted, no hash table.

    Source: the gettext manual, "The Format of GNU MO Files".
    """
    pairs = sorted((key.encode(), text.encode()) for key, text in catalogue.items() if text)
    count = len(pairs)
    originals, translations, body = b"", b"", b""
    start = _HEADER_BYTES + 16 * count
    for key, _ in pairs:
        originals += struct.pack("<II", len(key), start + len(body))
        body += key + b"\0"
    for _, text in pairs:
        translations += struct.pack("<II", len(text), start + len(body))
        body += text + b"\0"
    end_of_tables = _HEADER_BYTES + 16 * count
    header = struct.pack("<7I", _MAGIC, 0, count, _HEADER_BYTES, _HEADER_BYTES + 8 * count, 0, end_of_tables)
    return header + originals + translations + body


def compile_all(locale: Path = LOCALE) -> list[Path]:
    """Write every .mo beside its .po and give their paths."""
    made = []
    for po in sorted(locale.glob("*/LC_MESSAGES/django.po")):
        mo = po.with_suffix(".mo")
        mo.write_bytes(compiled(messages(po)))
        made.append(mo)
    return made


if __name__ == "__main__":
    compile_all()
