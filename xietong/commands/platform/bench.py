"""`xietong bench NAME`: measure speed beside a limit of the same run, and print both as one JSON object.

Each measurement is a module of xietong.bench, brought in only when it is asked for.
"""

import argparse
import importlib
import json
import sys

from xietong.texts import Text

BENCHES: dict[str, Text] = {
    "account": Text("核算：全部指标及其计算过程的秒数", "accounts: seconds for every figure with its working"),
    "devices": Text("一万台设备同时在线：确认时延的 p99", "ten thousand devices at once: p99 of the acknowledgement"),
    "door": Text("监听口：确认的帧每秒", "the listener: acknowledged frames a second"),
    "settle": Text("结转：到小时和日的监测值每秒", "settle: readings a second, up to hours and days"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The name; what a measurement takes besides is asked by `bench NAME --help`."""
    names = "；".join(f"{name}：{line.zh} · {line.en}" for name, line in BENCHES.items())
    parser.add_argument("name", choices=sorted(BENCHES), help=names)
    parser.add_argument("options", nargs=argparse.REMAINDER, help="各项的选项 · options of that measurement")
    parser.add_argument("--json", action="store_true", help="总是 JSON · it always is JSON")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 with the figures; 1 where the measurement could not be made."""
    module = importlib.import_module(f"xietong.bench.{arguments.name}")
    own = argparse.ArgumentParser(prog=f"xietong bench {arguments.name}", description=BENCHES[arguments.name].en)
    module.add_arguments(own)
    try:
        measured = module.run(own.parse_args([option for option in arguments.options if option != "--json"]))
    except OSError as error:
        print(f"xietong bench: {error}", file=sys.stderr)
        return 1
    print(json.dumps(measured, ensure_ascii=False))
    return 0
