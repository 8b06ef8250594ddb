"""The console script. Each command is a module in a wing of xietong.commands, brought in only when it is asked for,
so that --help stays quick and `hj212 decode` starts no Django."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from xietong import __version__
from xietong.disks import FULL, is_full
from xietong.lake.errors import DamagedFile
from xietong.terminal import printing
from xietong.texts import Text, escaped


class Command(NamedTuple):
    """One command: its module, whether it needs the park's database, and its line of help."""

    module: str
    database: bool
    help: Text


COMMANDS: dict[str, Command] = {
    "demo": Command("platform.demo", False, Text("建立并运行演示园区", "build and serve the demo park")),
    "serve": Command("platform.serve", False, Text("运行平台", "run the platform")),
    "settle": Command("platform.settle", True, Text("把存证结转为监测值", "turn journal entries into readings")),
    "init": Command("platform.init", True, Text("建立数据目录和管理员", "make the data folder and its first user")),
    "doctor": Command("doctor.command", True, Text("检查平台", "check the platform")),
    "load": Command("exchange.load", True, Text("载入园区数据包", "load a park package")),
    "export": Command("exchange.export", True, Text("导出园区数据包", "export the park as a package")),
    "import": Command("exchange.import_", True, Text("导入监测值或填报量", "import readings or reported amounts")),
    "template": Command("exchange.template", True, Text("一个月的填报工作簿", "the workbook of a month to fill in")),
    "key": Command("platform.key", True, Text("推送数据的密钥", "keys for programs that push readings")),
    "access": Command("platform.access", True, Text("谁登录过、看过什么", "who signed in, and who looked at what")),
    "hj212": Command("exchange.hj212", False, Text("解码、发送 HJ 212 报文", "decode or send HJ 212 frames")),
    "order": Command(
        "platform.order", True, Text("命令园区自有的设备，两人为准", "command the park's own device, two persons")
    ),
    "account": Command("figures.account", True, Text("核算指标", "compute figures")),
    "trend": Command("figures.trend", True, Text("同比、环比、累计同比", "figures with their changes")),
    "batch": Command("figures.batch", True, Text("核算所有企业和汇总主体", "every figure of every subject")),
    "standard": Command("figures.standard", True, Text("按另一标准核算并判定", "another standard over the same data")),
    "key-enterprises": Command(
        "figures.key_enterprises", True, Text("重点企业的进出和变动", "the key enterprises and their changes")
    ),
    "balance": Command("balances.balance", True, Text("逐月介质平衡", "monthly balances of media")),
    "total": Command("balances.total", True, Text("一个总量的勾稽", "one total, from its units and from its fence")),
    "breakdown": Command("balances.breakdown", True, Text("分解一个指标", "the parts of a figure")),
    "close": Command("closed.close", True, Text("封存一个期间的指标", "close the figures of a period")),
    "reopen": Command("closed.reopen", True, Text("重开已封存的指标", "reopen what is closed")),
    "closed": Command("closed.closed", True, Text("已封存的报告", "what is closed")),
    "explain": Command("figures.explain", True, Text("展开一个指标的算法", "open the working of one figure")),
    "evaluate": Command("figures.evaluate", True, Text("年度绩效评估", "evaluate a year")),
    "factors": Command(
        "standard.factors", True, Text("系数库：列出、试算、接受、批准", "the factor library and its changes")
    ),
    "quality": Command("figures.quality", True, Text("列出数据质量问题", "list what is wrong with the data")),
    "case": Command("standard.case", False, Text("运行算例", "run worked examples")),
    "clauses": Command("standard.clauses", False, Text("列出条款", "list the clauses")),
    "bench": Command("platform.bench", False, Text("测速", "measure speed against a limit of the same run")),
}


class UsageError(Exception):
    """Bad use of a command: exit 2, the sentence on standard error."""


def parser() -> argparse.ArgumentParser:
    """The whole parser without any command's own arguments."""
    top = argparse.ArgumentParser(prog="xietong", description="协同 Xietong")
    top.add_argument("--version", action="version", version=__version__)
    names = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        names.add_parser(name, help=f"{command.help.zh} · {command.help.en}", add_help=False)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status (2 bad use, 1 failed check, 3 partly accepted)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    with printing(exactly="--json" in given or given[:2] == ["hj212", "decode"]):
        return _run(given)


def _run(given: list[str]) -> int:
    name = parser().parse_known_args(given[:1])[0].command
    given = _take_data(given)
    if COMMANDS[name].database:
        _start_django()
    try:
        return run_command(name, given[1:])
    except UsageError as error:
        return _told(name, error)
    except BrokenPipeError:  # whoever read our output has seen enough, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if not (is_full(error) or _is_of_files(error) or _is_of_database(error)):
            raise
        return _told(name, error)


def run_command(name: str, words: Sequence[str]) -> int:
    """Let one command answer to its own words, its module brought in by name; gives its exit status."""
    command = COMMANDS[name]
    module = importlib.import_module(f"xietong.commands.{command.module}")
    own = argparse.ArgumentParser(prog=f"xietong {name}", description=f"{command.help.zh} · {command.help.en}")
    own.add_argument("--data", metavar="DIR", help="数据目录 · the data folder (or XIETONG_DATA)")
    own.set_defaults(data=os.environ.get("XIETONG_DATA"))
    module.add_arguments(own)
    return int(module.run(own.parse_args(words)))


def _told(name: str, error: Exception) -> int:
    """Say on standard error why the command could not be carried out: 2 for bad use, 1 where disk or files refuse."""
    said = FULL if is_full(error) else error.text if isinstance(error, DamagedFile) else None
    if said is None and isinstance(error, OSError) and error.filename is not None:
        what = escaped(f"{error.filename}：{error.strerror}", in_line=True)
        said = Text(
            f"文件系统不让使用这一处，命令没有做完：{what}；请核对路径、权限和文件种类后再运行。",
            f"the file system refuses this place, so the command was not finished: {what}; check the path, its "
            "permissions and what kind of file it is, and run it again.",
        )
    if said is None and _is_of_database(error):
        said = importlib.import_module("xietong.commands.terminal.databases").why_unusable(error)
    print(f"xietong {name}: {f'{said.zh} · {said.en}' if said else error}", file=sys.stderr)
    return 1 if said else 2


def _is_of_files(error: Exception) -> bool:
    """Whether a file is damaged, or the system refuses one by name: a folder in its place, no permission."""
    return isinstance(error, DamagedFile) or (isinstance(error, OSError) and error.filename is not None)


def _is_of_database(error: Exception) -> bool:
    """Whether the park's database failed; Django is not imported to ask."""
    return any(each.__module__ == "django.db.utils" for each in type(error).__mro__)


def _take_data(given: list[str]) -> list[str]:
    """Take --data out, wherever it stands: every command and part of a command has it, and settings read it first."""
    data = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    data.add_argument("--data")
    found, rest = data.parse_known_args(given)
    if found.data:
        os.environ["XIETONG_DATA"] = found.data
    return rest


def _start_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xietong.settings")
    importlib.import_module("django").setup()


if __name__ == "__main__":
    sys.exit(main())
