"""A name alone does not say where: outlets and facilities carry the enterprise that they belong to."""

from dataclasses import replace

import handmade
import pytest

from xietong.park.nouns import Registry, Subject
from xietong.texts import Text
from xietong.web.shell.live import live
from xietong.wording.places import full_name


def park() -> Registry:
    """The hand-made park with a boiler's outlet in an enterprise and the outlet of the park's own works."""
    more = (
        Subject("E01-B", "equipment", "燃煤锅炉", "", "E01"),
        Subject("E01-B-G", "outlet", "锅炉烟囱", "Boiler stack", "E01-B"),
        Subject("W", "treatment", "污水厂", "Water works", "PARK"),
        Subject("W-1", "outlet", "总排口", "Main outlet", "W"),
    )
    known = handmade.park()
    return replace(known, subjects={**known.subjects, **{each.code: each for each in more}})


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("E01-G1", Text("青塬特钢有限公司 · 烧结机头排放口", "Qingyuan Special Steel · Sinter outlet")),
        ("E01-B-G", Text("青塬特钢有限公司 · 锅炉烟囱", "Qingyuan Special Steel · Boiler stack")),
        ("W-1", Text("污水厂 · 总排口", "Water works · Main outlet")),
        ("W", Text("污水厂", "Water works")),
        ("E01", Text("青塬特钢有限公司", "Qingyuan Special Steel")),
        ("NO", Text("NO", "NO")),
    ],
)
def test_a_subject_is_named_after_its_enterprise_or_works(code: str, name: Text) -> None:
    assert full_name(park(), code) == name


def test_a_live_device_says_whose_outlet_it_is() -> None:
    told = {"devices": {handmade.MN: {"last_seen": handmade.NOW.isoformat(), "frames": 1}}}
    (device,) = live(told, handmade.park(), handmade.NOW).devices
    assert device.place.zh == "青塬特钢有限公司 · 烧结机头排放口"
