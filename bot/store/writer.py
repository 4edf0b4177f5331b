"""One thread that owns the one connection: work goes in, results come back to the event loop.

Whatever waits at the same moment is committed together, so that one wait for the disk serves many; when a
piece of it raises, all is undone, and the others start again without it. A result is handed out after its
commit and never before. When the database is in trouble the connection is thrown away and opened anew for the
next piece of work: it recovers by itself.

Must not know: tables, queries, what the work is about.
"""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from itertools import groupby
from typing import Any, Final, Protocol, TypeVar

import structlog

from bot.errors import ConfigError, StoreUnavailable

_log = structlog.get_logger(__name__)

T = TypeVar("T")

_TOGETHER: Final = 64  # pieces of work in one commit; more would make the first one wait too long
_MANY: Final = 3  # pieces of work in a commit, from which on the next one waits for company
_BREATH: Final = 0.003  # seconds that it waits: then more of them share one wait for the disk
_A_MOMENT: Final = 0.1  # seconds; a commit takes a few milliseconds
_MEND: Final = "mend what 'trouble' names; it recovers by itself, without a restart"
_WAITING: Final = 10_000  # with more than this waiting the disk hangs, and memory must not fill up


class Database(Protocol):
    """How the writer comes by its connection."""

    def connect(self) -> sqlite3.Connection:
        """Open it, ready for use and without automatic transactions.

        Raises:
            sqlite3.Error, OSError: It does not work now.
            ConfigError: It will not work before somebody changes something.
        """
        ...

    def stale(self) -> bool:
        """Whether the open connection no longer leads to the database (its file was moved or replaced)."""
        ...

    def lasting(self) -> bool:
        """Whether the database outlives its connection."""
        ...


class _Job:
    """A piece of work and where its result is waited for."""

    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(self, work: Callable[[sqlite3.Connection], Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def resolve(self) -> None:
        """On the loop: hand the result over, if anybody still waits."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        elif isinstance(self.error, StopIteration):  # a future cannot carry it
            self.future.set_exception(RuntimeError("the work raised StopIteration"))
        else:
            self.future.set_exception(self.error)


class Writer:
    """Runs work in transactions, in the order it came in."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closing = False
        self._connection: sqlite3.Connection | None = None
        self._trouble = ""
        self._began = float("inf")  # when the present commit began
        self._thread = threading.Thread(target=self._serve, name="handrail-store", daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` inside a transaction on the writer's thread and commit it.

        Work that was handed in is done even if the caller is cancelled meanwhile. It may run more than once
        (when other work of the same commit raises), but it takes effect once.

        Raises:
            StoreUnavailable: It was not kept, or nobody can tell; a repeat is safe for work that notes what
                it took.
            BaseException: Whatever `work` raised; it left nothing behind.
        """
        if self._closing:
            raise StoreUnavailable("the store is closed")
        if self._queue.qsize() >= _WAITING:
            raise StoreUnavailable("too much is waiting for the disk; it hangs or is far too slow")
        job = _Job(work, asyncio.get_running_loop())
        self._queue.put(job)
        result: T = await job.future
        return result

    def prompt(self) -> bool:
        """Whether the disk answers: nothing has been under way for longer than a moment."""
        return time.monotonic() - self._began < _A_MOMENT

    async def close(self) -> None:
        """Do what was handed in, close the connection, end the thread. May be called twice."""
        if not self._closing:
            self._closing = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    # ---- from here on: the writer's own thread

    def _serve(self) -> None:
        going, many = True, False
        while going:
            jobs, going = self._waiting(_BREATH if many else 0.0)
            many = len(jobs) >= _MANY
            self._began = time.monotonic()
            self._take(jobs)
            self._began = float("inf")
            for loop, group in groupby(jobs, key=lambda job: job.loop):
                finished = list(group)
                try:
                    loop.call_soon_threadsafe(_resolve, finished)
                except RuntimeError:  # the loop is closed: nobody waits for these any more
                    _log.debug("results nobody waits for", count=len(finished))
        self._disconnect()

    def _waiting(self, breath: float) -> tuple[list[_Job], bool]:
        """All that waits now, at least one, at most so many; False when there will be no more.

        After the first one it waits for `breath` seconds, so that others can join.
        """
        jobs: list[_Job] = []
        while len(jobs) < _TOGETHER:
            try:
                job = self._queue.get(block=not jobs)
            except queue.Empty:
                break
            if job is None:
                return jobs, False
            jobs.append(job)
            if breath and len(jobs) == 1:
                time.sleep(breath)
        return jobs, True

    def _take(self, jobs: list[_Job]) -> None:
        """Commit all jobs together; one that breaks the connection is left out and the others start again."""
        left = jobs
        while left:
            try:
                broken = self._commit(left)
            except ConfigError as error:
                broken = left
                for job in left:
                    job.error = error
            except Exception as error:  # noqa: BLE001 - whatever it is, the thread must live and nobody hang
                self._give_up(error)
                broken = left
                for job in left:
                    job.error = StoreUnavailable(reason(error))
            left = [job for job in left if job not in broken] if broken else []

    def _commit(self, jobs: list[_Job]) -> list[_Job]:
        """One transaction for all; the job that broke it, if one did (then nothing was committed)."""
        if self._connection is not None and self._database.stale():
            self._disconnect()
        if self._connection is None:
            self._connection = self._database.connect()
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        for job in jobs:
            job.result, job.error = None, None
            try:
                job.result = job.work(connection)
            except sqlite3.Error as error:
                self._give_up(error)
                job.error = StoreUnavailable(reason(error))
                return [job]
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever handed the work in
                connection.execute("ROLLBACK")
                job.error = error
                return [job]
        connection.execute("COMMIT")
        if self._trouble:
            _log.info("the store works again", trouble=self._trouble)
            self._trouble = ""
        return []

    def _give_up(self, error: Exception) -> None:
        """Undo what was begun. A connection that met an error is not trusted again."""
        said = reason(error)
        if said != self._trouble:
            _log.error("the store is in trouble", trouble=said, what_to_do=_MEND)
            self._trouble = said
        if self._database.lasting():
            self._disconnect()
        elif self._connection is not None and self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _disconnect(self) -> None:
        if self._connection is not None:
            try:
                self._connection.close()  # rolls back what is not committed
            except sqlite3.Error as error:
                _log.warning("the database did not close cleanly", trouble=reason(error), what_to_do=_MEND)
            self._connection = None


def _resolve(jobs: list[_Job]) -> None:
    for job in jobs:
        job.resolve()


_ADVICE: Final = {
    "SQLITE_FULL": "the disk is full: free some space",
    "SQLITE_READONLY": "the database is read-only: check the mount and the file's owner",
    "SQLITE_CANTOPEN": "the database file cannot be opened: check that it is there and who owns it",
    "SQLITE_IOERR": "the disk reports an error: check the disk and its space",
    "SQLITE_BUSY": "another program holds the database: let it finish",
    "SQLITE_CORRUPT": "the database is damaged: restore the latest backup",
    "SQLITE_NOTADB": "the file is no SQLite database: check HANDRAIL_DATABASE_URL",
}


def reason(error: Exception) -> str:
    """What is wrong and what to do, without anything that was stored."""
    if isinstance(error, OSError):
        return f"the database file cannot be reached: {error.strerror or type(error).__name__}"
    if not isinstance(error, sqlite3.Error):
        return f"the database cannot be opened: {error} ({type(error).__name__})"
    name: str = getattr(error, "sqlite_errorname", "") or type(error).__name__
    for prefix, advice in _ADVICE.items():
        if name.startswith(prefix):
            return f"{advice} ({name})"
    return f"{error} ({name})"
