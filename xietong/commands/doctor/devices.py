"""What `xietong doctor` looks at in devices of HJ 212: who may speak for them, and how their analysers are."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xietong.commands.doctor.checks import Check
from xietong.intake.devices import BadSettings, DeviceBook
from xietong.protocols.hj212.tables import RESULTS
from xietong.texts import Text

NAMED = 5
# The states of an analyser that call for somebody (HJ 212-2017 appendix B, i12001): fault, no power.
FAULTS = frozenset({"2", "6"})
_STATE = "i12001/Info@"


def taken_in(data: Path) -> Iterator[Check]:
    """Devices whose readings count because a point names them, while any password will do for them."""
    try:
        book = DeviceBook.read(data / "devices.toml")
    except (BadSettings, OSError):  # `devices` says so
        return
    named = _told(data / "registry.json").get("devices", [])
    open_ones = [str(mn) for mn in named if not book.rule(str(mn)).password]
    told = _told(data / "live.json").get("devices", {})
    several = [mn for mn in open_ones if len(told.get(mn, {}).get("passwords", ())) > 1]
    remedy = Text(
        '在 devices.toml 的 [device.MN] 写明 password；要只收写明的设备，在 [listen] 写 unlisted = "refused"',
        'say the password under [device.MN] in devices.toml; with unlisted = "refused" under [listen] only listed '
        "devices are heard",
    )
    if several:
        listed = ", ".join(several[:NAMED])
        found = Text(
            f"{len(several)} 台设备（{listed}）用过不止一个口令，devices.toml 没有写明哪个对：可能有人冒充，值都计入了",
            f"{len(several)} devices ({listed}) spoke with more than one password and devices.toml does not say which "
            "is right: somebody may pose as them, and all their values count",
        )
        yield Check("passwords", "failed", found, remedy)
    elif open_ones:
        listed = ", ".join(open_ones[:NAMED])
        found = Text(
            f"{len(open_ones)} 台设备（{listed}）的口令没有写明：谁用它的 MN 发来的值都计入",
            f"no password is listed of {len(open_ones)} devices ({listed}): whoever sends under their MN counts",
        )
        yield Check("passwords", "note", found, remedy)


def analysers(data: Path) -> Iterator[Check]:
    """Analysers that said last that they are out of order (3020)."""
    for address, reading in sorted(_told(data / "live.json").get("readings", {}).items()):
        if not address.startswith("hj212:") or _STATE not in address or reading.get("value") not in FAULTS:
            continue
        mn, code = address.removeprefix("hj212:").split("/")[:2]
        which = code.rpartition(".")[0] or "?"
        state = RESULTS["i12001", reading["value"]]
        found = Text(
            f"设备 {mn} 的分析仪 {which} 自 {reading['at']} 报告：{state.zh}（{reading['entry']}）",
            f"analyser {which} of device {mn} has said since {reading['at']}: {state.en} ({reading['entry']})",
        )
        remedy = Text("检修后在 events.csv 登记故障起止", "mend it, and enter the fault in events.csv")
        yield Check("analyser", "note", found, remedy)


def _told(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
