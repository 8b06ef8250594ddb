"""The look in numbers: every text colour of the tokens has at least 4.5 : 1 against every ground, in both themes."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[3] / "xietong/web/static/web/page.css").read_text(encoding="utf-8")
GROUNDS = ("paper", "card", "soft")
TEXTS = ("ink", "muted", "accent", "energy", "carbon", "air", "water", "recycling", "excellent", "qualified", "needs")
LEAST = 4.5


def tokens(theme: str) -> dict[str, str]:
    """The colours of one theme, the dark one laid over the light."""
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[:2]
    found = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", light))
    return found | dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", dark)) if theme == "dark" else found


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_itself() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_stands_out_from_every_ground(theme: str) -> None:
    colours = tokens(theme)
    weak = {
        f"{text} on {ground}": round(contrast(colours[text], colours[ground]), 2)
        for text in TEXTS
        for ground in GROUNDS
        if contrast(colours[text], colours[ground]) < LEAST
    }
    assert weak == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marked_text_and_filled_buttons_stand_out(theme: str) -> None:
    colours = tokens(theme)
    assert contrast(colours["ink"], colours["mark"]) >= LEAST
    assert contrast(colours["paper"], colours["accent"]) >= LEAST


def test_colours_come_from_tokens_alone() -> None:
    rules = CSS.partition("*, *::before")[2]
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)", rules) == []
