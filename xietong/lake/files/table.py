"""DurableTable: one Delta table whose every commit survives a power cut. What the tables mean is said elsewhere.

A writer claims the table (which mends what a power cut tore), then commits on the very snapshot it claimed.
Readers take views; they change nothing.
"""

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction

from xietong.lake.errors import DamagedFile, LakeBehind, LakeConflict
from xietong.lake.files import whole
from xietong.lake.files.durable import make_folder, replace_file, sync_file, sync_files, sync_folder
from xietong.lake.files.parquet import NewFile
from xietong.lake.files.standing import Expected, Version
from xietong.lake.files.whole import BEFORE, LINES, SEAL

Found = TypeVar("Found")
COMMITS_A_CHECKPOINT = 50
# A file that was replaced stays this long for readers that began before.
KEEP_REPLACED_S = 3600.0
_CREATION_LINES = 3
_NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)


class ActiveFile(NamedTuple):
    """One file of a snapshot."""

    path: Path
    partition: str
    rows: int
    size: int


class Snapshot(NamedTuple):
    """A version of the table and its files."""

    version: int
    files: tuple[ActiveFile, ...]


class DurableTable:
    """A Delta table in a folder, partitioned by one column."""

    def __init__(self, folder: Path, schema: pa.Schema, partition: str, expected: Expected = lambda: None) -> None:
        """expected: which version a reader must find; nobody says so to the writer."""
        self.folder, self.log = folder, folder / "_delta_log"
        self._expected = expected
        self._held: Version | None = None
        self._schema, self.partition = schema, partition
        self._claimed: DeltaTable | None = None
        self._view: DeltaTable | None = None
        self._opened_at = 0
        self._snapshot: Snapshot | None = None
        self._lock = threading.Lock()

    # ---- the writer ----

    def claim(self) -> DeltaTable:
        """Mend, create where absent, make durable, and take the snapshot that the next commit builds on."""
        self._mend()
        if not any(self.log.glob("*.json")):
            self._create()
        self._claimed = self._opened()
        return self._claimed

    @property
    def claimed(self) -> DeltaTable:
        """The snapshot in hand; claims where there is none."""
        return self._claimed or self.claim()

    def commit(
        self,
        added: Sequence[NewFile],
        transactions: Mapping[str, int],
        removed: Sequence[ActiveFile] = (),
        data_change: bool = True,
    ) -> int:
        """Add and remove files and set transaction versions in one commit; returns its version once it is durable.

        The added files must be fsynced already. Raises LakeConflict where the snapshot in hand is no longer the newest.
        """
        table = self.claimed
        before = whole.digest(self._entry(table.version()).read_bytes())
        sealed = whole.seal([whole.linked(before), *self._said(added, transactions, removed, data_change)])
        actions: list[AddAction | RemoveAction] = [self._add(file, data_change) for file in added]
        actions += [self._remove(file, data_change, added) for file in removed]
        version = table.version() + 1
        self._claimed = None  # whatever fails from here on, the next writer's step looks at the disk again
        try:
            table.create_write_transaction(
                actions,
                "append",
                table.schema(),
                [self.partition],
                commit_properties=CommitProperties(
                    custom_metadata={
                        LINES: 1 + len(actions) + len(transactions),
                        SEAL: sealed,
                        BEFORE: before,
                    },
                    max_commit_retries=0,
                    app_transactions=[Transaction(name, number) for name, number in transactions.items()],
                ),
                post_commithook_properties=_NO_HOOKS,
            )
        except CommitFailedError:
            raise LakeConflict(self.folder) from None
        sync_files([self._entry(version)])
        for file in removed:  # readers of older snapshots may still be at it: its time until `vacuum` begins now
            os.utime(file.path)
        table.update_incremental()
        self._claimed = table
        if version % COMMITS_A_CHECKPOINT == 0:
            self.checkpoint()
        return version

    def checkpoint(self) -> None:
        """Gather the log into a checkpoint, so that opening stays fast; visible only once its content is durable.

        It is made from a copy of the log, because deltalake would show it before anything was fsynced, and a power cut
        could then leave a table whose newest checkpoint cannot be read.
        """
        version = self.claimed.version()
        beside = self.folder / "_checkpoint"
        shutil.rmtree(beside, ignore_errors=True)
        copy = beside / "_delta_log"
        copy.mkdir(parents=True)
        last = self.checkpoints()[-1:] or [-1]
        for path in self.log.iterdir():
            number = path.name[:20]
            if path.name == "_last_checkpoint" or (number.isdigit() and last[0] <= int(number) <= version):
                shutil.copyfile(path, copy / path.name)
        DeltaTable(beside).create_checkpoint()
        name = self._checkpoint(version).name
        sync_file(copy / name)
        replace_file(whole.sum_beside(self.log / name), whole.digest((copy / name).read_bytes()).encode())
        (copy / name).replace(self.log / name)
        sync_folder(self.log)
        replace_file(self.log / "_last_checkpoint", (copy / "_last_checkpoint").read_bytes())
        shutil.rmtree(beside)
        self._claimed = self._opened()

    def transaction_names(self) -> set[str]:
        """Every name under which a transaction version was ever set (deltalake answers only for a name it is given)."""
        last = self.checkpoints()[-1:]
        names = {txn["appId"] for version in last for txn in _checkpointed_transactions(self._checkpoint(version))}
        for path in self.log.glob("*.json"):
            if not last or int(path.stem) > last[0]:
                lines = (json.loads(line) for line in path.read_text().splitlines())
                names |= {line["txn"]["appId"] for line in lines if "txn" in line}
        return names

    def checkpoints(self) -> list[int]:
        """The versions that have a checkpoint, in order."""
        return sorted(int(path.name[:20]) for path in self.log.glob("*.checkpoint.parquet"))

    def forget_log(self, before: int) -> None:
        """Drop log entries and checkpoints older than the last checkpoint but one, and older than `before`."""
        kept = min([before, *self.checkpoints()[-2:-1]]) if len(self.checkpoints()) > 1 else 0
        for path in self.log.glob("[0-9]*"):
            if path.name[:20].isdigit() and int(path.name[:20]) < kept:
                path.unlink()

    def vacuum(self, keep_s: float = KEEP_REPLACED_S) -> int:
        """Remove files that the newest version does not name and that were written or replaced long enough ago.

        Long enough is measured against the newest log entry, on the file system's own clock.
        """
        active = {file.path for file in self.view().files}
        entries = sorted(self.log.glob("*.json"))
        if not entries:
            return 0
        now = entries[-1].stat().st_mtime
        old = [
            path
            for path in self.folder.glob(f"{self.partition}=*/*.parquet")
            if path not in active and path.stat().st_mtime < now - keep_s
        ]
        for path in old:
            path.unlink()
        return len(old)

    # ---- readers ----

    def view(self) -> Snapshot:
        """The newest version and its files; an absent table is version −1 without files. Safe from several threads."""
        with self._lock:
            table = self._held_newest()
            if table is None:
                return Snapshot(-1, ())
            if self._snapshot is None or self._snapshot.version != table.version():
                self._snapshot = Snapshot(table.version(), self._files(table))
            return self._snapshot

    def transaction(self, name: str) -> int | None:
        """A transaction version as readers see it, None where it was never set."""
        with self._lock:
            table = self._held_newest()
            return None if table is None else table.transaction_version(name)

    def changed(self, after: int, upto: int) -> list[ActiveFile] | None:
        """The files that brought new data in the versions (after, upto]; None where the log no longer reaches back."""
        found = []
        for version in range(after + 1, upto + 1):
            if not self._entry(version).exists():
                return None
            whole.prove([self._entry(version)])
            for line in self._entry(version).read_text().splitlines():
                add = json.loads(line).get("add")
                if add and add["dataChange"]:
                    rows = json.loads(add["stats"])["numRecords"]
                    partition = add["partitionValues"][self.partition]
                    found.append(ActiveFile(self.folder / add["path"], partition, rows, add["size"]))
        return found

    # ---- inside ----

    def _entry(self, version: int) -> Path:
        return self.log / f"{version:020d}.json"

    def _checkpoint(self, version: int) -> Path:
        return self.log / f"{version:020d}.checkpoint.parquet"

    def _create(self) -> None:
        make_folder(self.log)
        DeltaTable.create(
            self.folder,
            self._schema,
            partition_by=[self.partition],
            configuration={"delta.enableExpiredLogCleanup": "false"},
            commit_properties=CommitProperties(custom_metadata={LINES: _CREATION_LINES}),
            post_commithook_properties=_NO_HOOKS,
        )
        sync_files([self._entry(0)])

    def _mend(self) -> None:
        """Drop a log entry that a power cut tore (nobody was told of it) and make the newest whole one durable."""
        if not self.log.is_dir():
            return
        self._drop_broken_checkpoint()
        for path in sorted(self.log.glob("*.json"), reverse=True):
            if is_whole(path):
                sync_files([path])
                return
            path.unlink()
            sync_folder(self.log)

    def _drop_broken_checkpoint(self) -> None:
        """A newest checkpoint that is damaged goes where the log tells all of it again."""
        *older, newest = [-1, *self.checkpoints()]
        if newest < 0 or not whole.file_damage(self._checkpoint(newest)):
            return
        if all(self._entry(version).exists() for version in range(older[-1] + 1, newest + 1)):
            (self.log / "_last_checkpoint").unlink(missing_ok=True)
            whole.sum_beside(self._checkpoint(newest)).unlink(missing_ok=True)
            self._checkpoint(newest).unlink()
            sync_folder(self.log)

    def _held_newest(self) -> DeltaTable | None:
        """The newest version, held against what settle said; the expectation is asked for first, see Expectation."""
        wanted = self._expected()
        table = self._newest()
        found = -1 if table is None else table.version()
        if wanted is None or wanted == self._held:
            return table
        entry = self._entry(wanted.number)
        if found < wanted.number or (entry.exists() and whole.digest(entry.read_bytes()) != wanted.entry):
            raise LakeBehind(self.folder, found, wanted.number)
        self._held = wanted
        return table

    def stated(self) -> Version:
        """The newest version as it must be found from now on. The writer's call."""
        version = self.claimed.version()
        return Version(version, whole.digest(self._entry(version).read_bytes()))

    def set_aside(self) -> Path:
        """Put a table that can be made anew out of the way, whole; answers where it is now. The writer's call."""
        number = 0
        while (aside := self.folder.with_name(f"{self.folder.name}.damaged-{number}")).exists():
            number += 1
        self.folder.rename(aside)
        sync_folder(self.folder.parent)
        self._claimed = self._view = self._snapshot = None
        return aside

    def _newest(self) -> DeltaTable | None:
        view = self._view
        if view is not None and not self._entry(view.version()).exists():
            view = None  # the log was shortened while this view slept
        if view is not None and not self._entry(view.version() + 1).exists():
            return view
        entries = sorted(self.log.glob("*.json"))
        torn = False
        while entries and not is_whole(entries[-1]):  # by a power cut, and not yet mended by the writer
            entries.pop()
            torn = True
        if not entries:
            return None
        if view is None or torn or int(entries[-1].stem) - self._opened_at >= COMMITS_A_CHECKPOINT:
            self._view = self._opened(int(entries[-1].stem) if torn else None)
            self._opened_at = self._view.version()
        else:
            whole.prove(entry for entry in entries if int(entry.stem) > view.version())
            self._readable(view.update_incremental)
        return self._view

    def _opened(self, version: int | None = None) -> DeltaTable:
        """The table at a version (None: the newest), its log proven from the last checkpoint on."""
        last = self.checkpoints()[-1:]
        whole.prove(self._checkpoint(number) for number in last)
        newer = [path for path in sorted(self.log.glob("*.json")) if not last or int(path.stem) > last[0]]
        newer = [path for path in newer if version is None or int(path.stem) <= version]
        whole.prove(newer)
        broken = whole.chain_damage(newer)
        if broken is not None:
            raise DamagedFile(*broken)
        table = self._readable(lambda: DeltaTable(self.folder, version=version))
        names = [field.name for field in table.schema().fields]
        if (names, table.metadata().partition_columns) != (self._schema.names, [self.partition]):
            raise DamagedFile(self._entry(0), f"it says {', '.join(names)}")
        return table

    def _readable(self, look: Callable[[], Found]) -> Found:
        """What deltalake makes of the log; what it cannot make anything of is damage with its sentence."""
        try:
            return look()
        except (DeltaError, OSError, ValueError) as error:
            raise DamagedFile(self.log, str(error).partition("\n")[0]) from error

    def _said(
        self, added: Sequence[NewFile], moved: Mapping[str, int], removed: Sequence[ActiveFile], data_change: bool
    ) -> Iterator[tuple[object, ...]]:
        """What this commit says, for its own log entry to be held against later."""
        for new in added:
            numbers = new.size, new.rows, new.modified_ms
            yield whole.added(self._named(new.path), new.partition, numbers, data_change)
        for file in removed:
            yield whole.removed(self._named(file.path), data_change)
        for name, number in moved.items():
            yield whole.moved(name, number)

    def _named(self, path: Path) -> str:
        return str(path.relative_to(self.folder))

    def _files(self, table: DeltaTable) -> tuple[ActiveFile, ...]:
        adds = pa.table(table.get_add_actions(flatten=True))
        columns = [adds.column(name).to_pylist() for name in ("path", f"partition.{self.partition}")]
        sizes = [adds.column(name).to_pylist() for name in ("num_records", "size_bytes")]
        rows = zip(*columns, *sizes, strict=True)
        files = (ActiveFile(self.folder / path, str(value), count, size) for path, value, count, size in rows)
        return tuple(sorted(files))

    def _add(self, file: NewFile, data_change: bool) -> AddAction:
        return AddAction(
            path=self._named(file.path),
            size=file.size,
            partition_values={self.partition: file.partition},
            modification_time=file.modified_ms,
            data_change=data_change,
            stats=json.dumps({"numRecords": file.rows}),
        )

    def _remove(self, file: ActiveFile, data_change: bool, added: Iterable[NewFile]) -> RemoveAction:
        return RemoveAction(
            path=self._named(file.path),
            data_change=data_change,
            deletion_timestamp=max((new.modified_ms for new in added), default=0),
            size=file.size,
            partition_values={self.partition: file.partition},
        )


def _checkpointed_transactions(checkpoint: Path) -> list[dict[str, Any]]:
    column = pq.read_table(checkpoint, columns=["txn"]).column("txn")
    return [txn for txn in column.to_pylist() if txn is not None]


def is_whole(entry: Path) -> bool:
    """Whether a log entry is what was written."""
    return not whole.entry_damage(entry)
