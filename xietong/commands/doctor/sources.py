"""What `xietong doctor` looks at in the sources that the platform goes to itself: MQTT brokers, Modbus, OPC UA.

Settings are read as the processes read them, and each device is asked once over a connection of its own.
"""

import asyncio
import socket
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from django.db import DatabaseError

from xietong.commands.doctor.checks import Check
from xietong.intake.devices import BadSettings
from xietong.intake.hj212.listener import utc_now
from xietong.intake.modbus import registers
from xietong.intake.modbus.poller import probe
from xietong.intake.modbus.registers import Device, read_devices
from xietong.intake.mqtt.brokers import FILE, exposed, is_open_to_others, read_brokers
from xietong.intake.opcua import monitor, servers
from xietong.intake.opcua.servers import Server, read_servers
from xietong.park.nouns import Point
from xietong.park.registry import snapshot
from xietong.protocols import opcua
from xietong.protocols.modbus import Poll, decode
from xietong.protocols.values import Message
from xietong.texts import Text
from xietong.units import UnitError, convert

MEND = Text("改正后保存", "mend it and save it")
AT_ONCE, MOST_REASONS = 50, 3


def brokers(data: Path) -> Iterator[Check]:
    """mqtt.toml can be used, its passwords are nobody else's, TLS is on where it matters, and each broker is there."""
    try:
        found = read_brokers(data / FILE)
    except BadSettings as error:
        yield Check("mqtt", "failed", error.text, MEND)
        return
    for broker in found:
        yield from secret("mqtt", broker.password_file)
        warning = exposed(broker)
        if warning is not None:
            yield Check("mqtt", "failed", warning)
        there = f"MQTT {broker.name} {broker.host}:{broker.port}"
        if _is_reached(broker.host, broker.port):
            yield Check("mqtt", "ok", Text(f"{there} 可以连接", f"{there} can be reached"))
        else:
            remedy = Text(
                "检查地址、端口和网络；平台会继续重连", "look at address, port and network; it is tried again"
            )
            yield Check("mqtt", "note", Text(f"{there} 连不上", f"{there} cannot be reached"), remedy)


def polled(data: Path) -> Iterator[Check]:
    """modbus.toml can be used, each device answers for each register, and points mean the units that registers have."""
    try:
        found = read_devices(data / registers.FILE)
    except BadSettings as error:
        yield Check("modbus", "failed", error.text, MEND)
        return
    for text in found.problems.values():
        yield Check("modbus", "failed", text, MEND)
    devices = list(found.settings.values())
    for device, poll in zip(devices, asyncio.run(_probed(devices)), strict=True):
        yield _answered(device, poll)
    named = {f"modbus:{device.name}/{each.name}": each.unit for device in devices for each in device.registers}
    yield from mapped("modbus", named)


def monitored(data: Path) -> Iterator[Check]:
    """opcua.toml can be used, its secrets are nobody else's, each server answers for each node, and units fit."""
    try:
        found = read_servers(data / servers.FILE)
    except BadSettings as error:
        yield Check("opcua", "failed", error.text, MEND)
        return
    for text in found.problems.values():
        yield Check("opcua", "failed", text, MEND)
    known = list(found.settings.values())
    for server in known:
        yield from secret("opcua", server.password_file)
        yield from secret("opcua", server.key)
        warning = servers.exposed(server)
        if warning is not None:
            yield Check("opcua", "failed", warning)
        yield _heard(server)
    named = {f"opcua:{server.name}/{each.name}": each.unit for server in known for each in server.nodes}
    yield from mapped("opcua", named)


def secret(name: str, path: str) -> Iterator[Check]:
    """A file that holds a password or a key is nobody else's."""
    if path and is_open_to_others(Path(path)):
        said = Text(f"别的用户可以读取 {path}", f"others can read {path}")
        yield Check(name, "failed", said, Text(f"运行 chmod 600 {path}", f"run chmod 600 {path}"))


def mapped(name: str, units: Mapping[str, str]) -> Iterator[Check]:
    """The points of the park that name an address of this kind: there is one, and its unit fits theirs."""
    try:
        points = snapshot.load().points.values()
    except (snapshot.NoParkError, DatabaseError):  # other checks say so
        return
    for point in points:
        if point.source.startswith(f"{name}:") and point.source not in units:
            said = Text(
                f"监测点 {point.code} 的来源 {point.source} 在 {name}.toml 中没有，收不到数据",
                f"point {point.code} names {point.source}, which {name}.toml does not have: it receives nothing",
            )
            yield Check(name, "failed", said, Text("改正其中一处的名称", "mend the name in one of the two"))
        elif units.get(point.source) and point.unit:
            yield from _fitting(name, point, units[point.source])


def _fitting(name: str, point: Point, unit: str) -> Iterator[Check]:
    """Whether the values of a source, in their unit, are in the point's unit once multiplied."""
    where_zh = f"监测点 {point.code}（{point.unit}）的来源 {point.source} 是 {unit}"
    where_en = f"point {point.code} ({point.unit}) takes {point.source}, which is in {unit}"
    try:
        factor = convert(Decimal(1), unit, point.unit)
    except UnitError:
        if unit != point.unit:
            said = Text(f"{where_zh}，不能换算", f"{where_en}: the one cannot be converted into the other")
            yield Check(name, "failed", said, Text("改正 unit 或来源", "mend the unit or the source"))
        return
    if factor != 1 and point.multiplier == 1:
        said = Text(f"{where_zh}，而倍率是 1", f"{where_en}, and its multiplier is 1")
        remedy = Text(
            "按两个单位的换算和 CT×PT 写 multiplier，或改 scale、unit",
            "set multiplier by the two units and CT × PT, or change scale or unit",
        )
        yield Check(name, "failed", said, remedy)


async def _probed(devices: list[Device]) -> list[Poll]:
    """One poll of each device, a few at a time."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(device: Device) -> Poll:
        async with room:
            return await probe(device, utc_now)

    return await asyncio.gather(*(one(device) for device in devices))


def _answered(device: Device, poll: Poll) -> Check:
    return _counted("modbus", f"Modbus {device.name} {device.address}", decode(poll))


def _heard(server: Server) -> Check:
    """What a server answers when every node is read once."""
    where = f"OPC UA {server.name} {server.url}"
    try:
        values = asyncio.run(monitor.probe(server))
    except monitor.FAILURES as error:
        said = str(error) or type(error).__name__
        remedy = Text("检查地址、口令、证书和网络；平台会继续重连", "look at url, password, certificates, network")
        return Check("opcua", "note", Text(f"{where}：{said}", f"{where}: {said}"), remedy)
    notice = opcua.Notice(
        server.name, server.url, how="read", at=utc_now(), nodes=server.nodes, values=tuple(values.values())
    )
    return _counted("opcua", where, opcua.decode(notice))


def _counted(name: str, where: str, message: Message) -> Check:
    every = len(message.values) + len(message.unused)
    zh = f"{where}：{len(message.values)} / {every} 个值"
    en = f"{where}: {len(message.values)} of {every} values"
    if not message.unused:
        return Check(name, "ok", Text(zh, en))
    without: dict[Text, list[str]] = {}  # a device that is away has one reason for all its values
    for each in message.unused:
        without.setdefault(each.sentence, []).append(each.path)
    some = list(without.items())[:MOST_REASONS]
    reasons = Text(
        "；".join(f"{'、'.join(paths)}：{sentence.zh}" for sentence, paths in some),
        "; ".join(f"{', '.join(paths)}: {sentence.en}" for sentence, paths in some),
    )
    return Check(name, "note", Text(zh, en), reasons)


def _is_reached(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=2):
            return True
    except OSError:
        return False


SOURCES: tuple[Callable[[Path], Iterator[Check]], ...] = (brokers, polled, monitored)
