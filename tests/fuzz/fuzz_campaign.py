"""A campaign guided by coverage (atheris): `python tests/fuzz/fuzz_campaign.py decoder|sheets|payloads FOLDER SECONDS`.

It begins with the target's seeds and with what FOLDER/corpus holds, and stops at the first crash, whose bytes it leaves
in FOLDER as crash-*. The same targets as in test_fuzz.py; what was found becomes a named case there.
"""

import importlib
import os
import random
import sys
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import atheris
import django

DOORS = ("xietong.protocols", "xietong.intake", "xietong.settle.taking", "xietong.settle.batch")
SHEETS = ("package", *(f"bringing.{name}" for name in ("receiving", "statements", "bills", "marking", "template")))
# Name → its module, its class, and what is instrumented: what it is about, for all else only costs time.
TARGETS = {
    "decoder": ("fuzz_decoder", "Decoder", DOORS),
    "sheets": ("fuzz_sheets", "Sheets", tuple(f"xietong.park.{name}" for name in SHEETS)),
    "payloads": (
        "fuzz_payloads",
        "Payloads",
        (
            *DOORS,
            "xietong.web.api.push",
            "xietong.web.api.months",
            "xietong.park.bringing.months",
            "xietong.park.bringing.statements",
        ),
    ),
}


class Target(Protocol):
    """What is fuzzed."""

    longest: int

    def seeds(self) -> list[bytes]:
        """Inputs to begin with."""

    def mutate(self, data: bytes, dice: random.Random, blind: Callable[[bytes], bytes]) -> bytes:
        """Another input made of one; blind: the fuzzer's own changes."""

    def check(self, data: bytes) -> None:
        """Raises where something does not hold."""


def campaign(target: Target, folder: Path, options: list[str]) -> None:
    """Fuzz until the options end it; never returns."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds():
        (corpus / sha256(seed).hexdigest()[:16]).write_bytes(seed)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        dice = random.Random(seed)

        def blind(part: bytes) -> bytes:
            return bytes(atheris.Mutate(part, min(most, len(part) + 64)))

        found = blind(data) if dice.random() < 0.15 else target.mutate(data, dice, blind)
        return found[:most]

    arguments = [
        sys.argv[0],
        str(corpus),
        f"-artifact_prefix={folder}/",
        f"-max_len={target.longest}",
        "-timeout=60",
        "-rss_limit_mb=4000",
        "-print_final_stats=1",
        *options,
    ]
    atheris.Setup(arguments, target.check, custom_mutator=mutate)
    atheris.Fuzz()


def main() -> None:
    """Instrument what is imported from here on, and begin."""
    name, folder, seconds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    module, made, instrumented = TARGETS[name]
    with tempfile.TemporaryDirectory(prefix="xietong-fuzz-") as data:
        os.environ |= {"XIETONG_DATA": data, "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "xietong.settings"}
        with atheris.instrument_imports(include=list(instrumented)):
            target = _made(module, made, Path(data))
        campaign(target, folder, [f"-max_total_time={seconds}", *sys.argv[4:]])


def _made(module: str, name: str, data: Path) -> Target:
    target: Target
    if name == "Decoder":
        target = getattr(importlib.import_module(module), name)()
    else:
        django.setup()
        founded = importlib.import_module("fuzz_park").founded
        target = getattr(importlib.import_module(module), name)(founded(data))
    return target


if __name__ == "__main__":
    main()
