"""What can go wrong with a journal, each with its sentence: where, why it matters, what to do."""

from pathlib import Path

from xietong.texts import Text


class JournalError(Exception):
    """A journal could not do what was asked; `text` is the sentence in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class JournalWriteError(JournalError):
    """The batch is not safe on disk: nothing of it may be acknowledged. A later commit may succeed."""

    def __init__(self, folder: Path, cause: OSError) -> None:
        reason = cause.strerror or str(cause)
        super().__init__(
            Text(
                f"存证日志 {folder} 写入失败（{reason}），这一批数据未确认；请检查磁盘空间和磁盘状态，设备会重发。",
                f"journal {folder} could not be written ({reason}); nothing of this batch was acknowledged. "
                "Check the disk and its free space; devices will send again.",
            )
        )
        self.cause = cause


class JournalBusy(JournalError):
    """Another live process writes this journal."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            Text(
                f"存证日志 {folder} 正由另一个进程写入；每个日志只能有一个写入者。",
                f"journal {folder} is being written by another process; a journal has one live writer.",
            )
        )


class CorruptSegment(JournalError):
    """Bytes that were once whole are not any more: file, offset and reason. They are never read as truth.

    resume: offset of the next whole entry in the same file, or None where none follows in it; lost: the ordinals of the
    first and last entry that stood there, where that is known.
    """

    def __init__(
        self,
        path: Path,
        offset: int,
        reason: str,
        resume: int | None = None,
        lost: tuple[int, int] | None = None,
    ) -> None:
        first, last = lost or (0, 0)
        entries = (
            Text(f"第 {first} 至 {last} 条", f"entries {first} to {last}") if lost else Text("该处", "what stood there")
        )
        verb = "are" if lost else "is"
        super().__init__(
            Text(
                f"存证文件 {path} 在字节 {offset} 处损坏（{reason}）；{entries.zh}不作为数据读取，请用备份核对此文件。",
                f"segment {path} is damaged at byte {offset} ({reason}); {entries.en} {verb} not read as data. "
                "Compare the file with a backup.",
            )
        )
        self.path, self.offset, self.reason, self.resume, self.lost = path, offset, reason, resume, lost


class JournalBehind(JournalError):
    """A reader was told to continue after an entry that the journal no longer has (an older copy was restored)."""

    def __init__(self, folder: Path, after: int, last: int) -> None:
        super().__init__(
            Text(
                f"存证日志 {folder} 只到第 {last} 条，但监测值已结转到第 {after} 条：日志是较旧的副本；"
                "其后的存证不在这里，新数据记入另一名称的日志，没有跳过；请恢复更新的副本。",
                f"journal {folder} ends at entry {last}, but readings were settled up to {after}: it is an older copy, "
                "and the evidence behind it is not here. What comes now goes into a journal under another name and "
                "nothing of it is skipped; restore a newer copy.",
            )
        )
        self.after, self.last = after, last


class JournalDiffers(JournalError):
    """The journal holds another entry where one was settled: it went on by itself after it was copied or restored."""

    def __init__(self, folder: Path, at: int) -> None:
        super().__init__(
            Text(
                f"存证日志 {folder} 的第 {at} 条不是已结转的那一条：它是另一份副本续写的；为免监测值指向别的报文，"
                "不再续写它，其中未结转的存证移入另一名称的日志。",
                f"entry {at} of journal {folder} is not the one that was settled: another copy of the folder went on "
                "with it. So that no reading names another frame, it is not continued, and what of it was not settled "
                "goes into a journal under another name.",
            )
        )


class NoSuchEntry(JournalError):
    """No entry has this id."""

    def __init__(self, entry: str) -> None:
        super().__init__(Text(f"没有编号为 {entry} 的存证。", f"there is no entry {entry}."))
