"""What the doctor looks at on this machine: versions, content, database, port.

Must not know: how findings are shown, anything beyond this machine.
"""

import contextlib
import platform
import socket
import sqlite3
from pathlib import Path

import aiohttp
import msgspec

from bot.commands.findings import Check, State
from bot.config import Settings
from bot.errors import ConfigError, DatabaseInUse, StoreUnavailable
from bot.languages import spoken
from bot.libraries import libraries
from bot.secret import Secret
from bot.setting_values import without_password

_WAL_RESET_FIXED = ((3, 44, 6), (3, 50, 7), (3, 51, 3))  # in their lines; 3.51.3 and all after


async def checks_here(settings: Settings) -> list[Check]:
    """Look at everything on this machine; never raises."""
    state, port = await _port(settings)
    return [
        Check("Python", "ok", platform.python_version()),
        *_libraries(),
        sqlite(sqlite3.sqlite_version_info),
        _content(settings),
        await _database(settings, running=state),
        port,
    ]


def _libraries() -> list[Check]:
    return [
        Check(
            each.name,
            "failed" if each.too_old else "ok",
            each.installed or "not installed",
            f"It must be at least {each.least}: install what requirements.lock names."
            if each.too_old
            else "",
        )
        for each in libraries()
    ]


def sqlite(version: tuple[int, int, int]) -> Check:
    """The SQLite that Python brings, and whether it has the bug of resetting the write-ahead log."""
    found = ".".join(map(str, version))
    line_fixed = any(version[:2] == fixed[:2] and version >= fixed for fixed in _WAL_RESET_FIXED)
    if version >= _WAL_RESET_FIXED[-1] or line_fixed:
        return Check("SQLite", "ok", found)
    note = "has a bug with several connections to one file; Handrail opens one, so it is not touched by it"
    return Check("SQLite", "ok", f"{found} ({note})")


def _content(settings: Settings) -> Check:
    from dialogs.language.load import load

    try:
        library, diagnostics = load(settings.content)
    except Exception as error:  # noqa: BLE001  a doctor says what is wrong, whatever it is
        return Check(
            "Content", "failed", f"{settings.content}: {error}", "Set HANDRAIL_CONTENT, or reinstall."
        )
    errors = sum(each.severity == "error" for each in diagnostics)
    if errors:
        found = f"{settings.content} has {errors} mistake{'s' if errors > 1 else ''}"
        return Check("Content", "failed", found, "`handrail check` shows each with its line and its mending.")
    if not library.guides:
        return Check(
            "Content", "failed", f"{settings.content} has no guide", "Set HANDRAIL_CONTENT to another."
        )
    try:
        spoken(library, "HANDRAIL_LANGUAGE", settings.language)
        spoken(library, "HANDRAIL_HELPDESK_LANGUAGE", settings.helpdesk_language)
    except ConfigError as error:
        return Check("Content", "failed", str(error), "Set it to one of those, or add the translation.")
    languages = ", ".join(library.languages)
    return Check("Content", "ok", f"{len(library.guides)} guides in {settings.content}, in {languages}")


async def _database(settings: Settings, *, running: str) -> Check:
    """Open the database and write to it, unless a running bot has it and says itself how it is."""
    if running:
        state: State = "ok" if running == "ready" else "failed"
        remedy = "" if state == "ok" else "Its log says why; the disk may be full or read-only."
        return Check("Database", state, f"in use by the running bot, which is {running}", remedy)
    from bot.store.open import database_file, open_store

    url = settings.database_url.reveal()
    try:
        store = await open_store(url)
        try:
            await store.check()
        finally:
            await store.close()
    except DatabaseInUse as error:
        file = database_file(url)
        assert file is not None, "only a file is somebody's alone"
        return await _of_its_holder(file, error.holder)
    except Exception as error:  # noqa: BLE001  as above; a driver may raise anything about a strange address
        said = isinstance(error, StoreUnavailable | ConfigError)
        what = _without(settings.database_url, str(error)) if said else type(error).__name__
        remedy = "Set HANDRAIL_DATABASE_URL to a file that this user may write, on a local disk."
        return Check("Database", "failed", what, remedy)
    return Check("Database", "ok", "can be opened and written")


async def _of_its_holder(database: Path, holder: str) -> Check:
    """What the bot says that has the database file to itself; it may serve on another port than ours."""
    from bot.control import Control
    from bot.readiness import missing

    try:
        async with Control.through(database) as bot:
            trouble = missing(await bot.look())
    except (ConfigError, StoreUnavailable) as error:
        return Check("Database", "failed", f"in use by {holder}, which tells nothing", f"{error}.")
    found = f"in use by a running Handrail ({holder}), which answers"
    if trouble:
        why = "; ".join(f"{name}: {each}" for name, each in trouble.items())
        return Check("Database", "failed", f"{found}, but is not ready ({why})", "Its log says more.")
    return Check("Database", "ok", f"{found} and is ready")


def _without(database: Secret, text: str) -> str:
    """A message without the database's password, should it contain the address."""
    return text.replace(database.reveal(), without_password(database.reveal()))


async def _port(settings: Settings) -> tuple[str, Check]:
    """Whether the port is free, or Handrail already has it ("ready" or "not ready")."""
    at = f"{settings.host}:{settings.port}"
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
            probe.listen()
    except OSError as error:
        running = await _handrail_at(settings)
        if running:
            return running, Check("Port", "ok", f"{at}, where Handrail is running")
        remedy = "Stop what listens there, or set HANDRAIL_PORT (or HANDRAIL_HOST) to another."
        return "", Check("Port", "failed", f"{at} cannot be used: {error.strerror}", remedy)
    return "", Check("Port", "ok", f"{at} is free")


async def _handrail_at(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104  compared, not bound
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/readyz"
    with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError, ValueError, LookupError, TypeError):
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=4)) as client,
            client.get(url, allow_redirects=False) as response,
        ):
            said = msgspec.json.decode(await response.content.read(65536))
            return "ready" if said["ready"] is True else "not ready"
    return ""
