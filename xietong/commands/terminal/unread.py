"""Frames whose DataTime is no time: kept and in no reading; `quality` and `doctor` name the devices."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from xietong.texts import Text


class Unread(NamedTuple):
    """A device and how many of its frames said no time that can be read; entry: the newest of them."""

    mn: str
    frames: int
    entry: str

    @property
    def sentence(self) -> Text:
        """What, where, why it matters, what to do."""
        return Text(
            f"设备 {self.mn} 有 {self.frames} 帧的数据时间不是 1900 至 2199 年的时刻（最近一帧 {self.entry}）："
            "已应答并存证，但不知属于何时，其值未采用。请校准设备时钟后补传。",
            f"{self.frames} frames of device {self.mn} have a DataTime that is no time of 1900 to 2199 (the newest is "
            f"{self.entry}): acknowledged and kept, but nobody knows when their values are of; they are in no reading. "
            "Set the device's clock and send the data again.",
        )

    def as_json(self) -> dict[str, Any]:
        """It as plain values."""
        return {"device": self.mn, "frames": self.frames, "entry": self.entry, "sentence": self.sentence._asdict()}


def unread_frames(data: Path) -> list[Unread]:
    """The devices that sent such frames, by what settle counted (live.json); none where that cannot be read."""
    try:
        devices = json.loads((data / "live.json").read_bytes())["devices"]
        seen = {
            mn: told["violations"]["data_time"] for mn, told in devices.items() if "data_time" in told["violations"]
        }
        return [Unread(mn, int(each["times"]), str(each["entry"])) for mn, each in sorted(seen.items())]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
