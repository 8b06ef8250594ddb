"""The Modbus process, `python -m xietong.intake.modbus`: a poller for every device of modbus.toml over one journal.

How settings are looked at and sources served is in `sources`; here is only who shares a connection.
"""

from collections.abc import Callable, Sequence

from xietong.intake import sources
from xietong.intake.modbus.line import Line
from xietong.intake.modbus.poller import Poller
from xietong.intake.modbus.registers import FILE, Device, Framing, read_devices


def main(arguments: Sequence[str] | None = None) -> int:
    """Poll until SIGTERM or SIGINT; 0 after an orderly end, 1 where the journal cannot be opened."""
    return sources.main(sources.Kind("modbus", FILE, read_devices, _begin), arguments)


def _begin(ground: sources.Ground) -> Callable[[Device], Poller]:
    shared: dict[tuple[str, int, Framing], Line] = {}

    def made(device: Device) -> Poller:
        place = (device.host, device.port, device.framing)
        line = Line(*place, ground.clock)
        return Poller(device, ground, shared.setdefault(place, line) if device.shared else line)

    return made
