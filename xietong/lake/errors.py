"""What can go wrong with the lake, each with its sentence: where, why it matters, what to do."""

from pathlib import Path

from xietong.texts import Text


class LakeError(Exception):
    """The lake could not do what was asked; `text` is the sentence in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class DamagedFile(LakeError):
    """A file of the lake is not what was written: it is not read, so that no figure comes of it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            Text(
                f"数据湖文件 {path} 不是写入时的内容（{reason}），没有读取，以免得出错误的数；请从备份恢复它，"
                "或停止平台、移走数据目录下的 lake 后运行 xietong settle --once，从存证重新生成。",
                f"file {path} of the lake is not what was written ({reason}); it was not read, so that no wrong figure "
                "comes of it. Restore it from a backup; or stop the platform, move lake out of the data folder and run "
                "xietong settle --once, which makes it anew from the evidence.",
            )
        )
        self.path, self.reason = path, reason


class LakeBehind(DamagedFile):
    """A table of the lake is not the one that settle left: older, or another copy. No figure is made of it."""

    def __init__(self, folder: Path, found: int, wanted: int) -> None:
        there = Text(f"只有第 {found} 版", f"is at version {found}")
        if found < 0:
            there = Text("不在", "is gone")
        elif found >= wanted:
            there = Text("是另一份副本", "is another copy")
        zh = (
            f"数据湖 {folder} {there.zh}，而结转已做到第 {wanted} 版，没有读取，以免得出别的数；"
            "请运行 xietong settle --once（运行中的平台会自行修复），它按存证补齐；存证也缺失时它会说明。"
        )
        en = (
            f"lake table {folder} {there.en} where settle had made version {wanted}; it was not read, so that no other "
            "figures come of it. Run xietong settle --once (a running platform mends it by itself), which makes it "
            "good from the evidence, and says so where evidence is gone too."
        )
        LakeError.__init__(self, Text(zh, en))
        self.path, self.reason = folder, there.en


class LakeConflict(LakeError):
    """Somebody else committed after the positions were read: nothing was added. Read `positions()` again."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            Text(
                f"数据湖 {folder} 在读取位置之后被另一进程写入，本批没有写入；请确认只有一个结转进程，再重新读取位置。",
                f"lake table {folder} was written by another process after its positions were read; nothing of this "
                "batch was added. Make sure that one settle process runs, then read the positions again.",
            )
        )


class PositionsGoBackwards(LakeError):
    """A batch that was settled before, or part of it: adding it would count readings twice."""

    def __init__(self, journal: str, given: int, settled: int) -> None:
        super().__init__(
            Text(
                f"存证日志 {journal} 已结转到第 {settled} 条，本批却写第 {given} 条；为避免重复计数，没有写入。"
                "请从数据湖的位置重新读取日志。",
                f"journal {journal} is settled up to entry {settled}, but this batch says {given}; it was not added, "
                "because its readings would count twice. Read the journal again from the lake's positions.",
            )
        )
        self.journal, self.given, self.settled = journal, given, settled
