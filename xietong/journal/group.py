"""Group commit for an asyncio process: many appends, one fsync in a thread; the next group gathers while it runs."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from xietong.journal.errors import JournalWriteError
from xietong.journal.writer import JournalWriter
from xietong.readings import EntryKind


class GroupCommit:
    """Shares one writer among the tasks of one event loop, and alone commits it."""

    def __init__(self, writer: JournalWriter) -> None:
        self._writer = writer
        self._thread = ThreadPoolExecutor(1, "journal-commit")
        self._gathering: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None

    def add(
        self, kind: EntryKind, origin: str, payload: bytes, received_at: datetime
    ) -> tuple[int, asyncio.Future[None]]:
        """Append one entry; returns its ordinal and the future of its group, shared by all entries of that group.

        The future resolves after the fsync that covers the entry and fails with JournalWriteError where the disk
        refused: then nothing of the group is acknowledged. Never cancel it; wait through asyncio.shield.
        """
        ordinal = self._writer.append(kind, origin, payload, received_at)
        loop = asyncio.get_running_loop()
        if self._gathering is None:
            self._gathering = loop.create_future()
        if self._task is None:
            self._task = loop.create_task(self._run())
        return ordinal, self._gathering

    async def append(self, kind: EntryKind, origin: str, payload: bytes, received_at: datetime) -> int:
        """Append one entry and wait until it is durable; returns its ordinal. Raises JournalWriteError."""
        ordinal, safe = self.add(kind, origin, payload, received_at)
        await asyncio.shield(safe)
        return ordinal

    async def close(self) -> None:
        """Commit what was appended and stop the thread; the writer stays open."""
        if self._task is not None:
            await self._task
        self._thread.shutdown()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._gathering is not None:
            group, self._gathering = self._gathering, None
            try:
                await loop.run_in_executor(self._thread, self._writer.commit)
                group.set_result(None)
            except JournalWriteError as error:
                self._fail(group, error)
                # What gathered meanwhile was dropped with the batch, see JournalWriter.commit.
                later, self._gathering = self._gathering, None
                if later is not None:
                    self._fail(later, error)
        self._task = None

    @staticmethod
    def _fail(group: "asyncio.Future[None]", error: JournalWriteError) -> None:
        group.set_exception(error)
        group.exception()  # marks it as looked at: a group whose devices have all gone is no warning
