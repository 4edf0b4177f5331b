"""A page that somebody pastes is looked through beside the event loop."""

import threading
from pathlib import Path

import pytest

import bot.turn
from bot.store.sqlite import SqliteStore
from bot.store.sqlite_file import SqliteFile
from bot.turn import Turns
from dialogs.events import Event, Said
from dialogs.library import Library
from tests.support import screens


@pytest.mark.parametrize(("length", "beside"), [(40, False), (3_000, False), (60_000, True)])
async def test_a_long_text_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int, beside: bool
) -> None:
    """What is short is looked through on the spot, what is long in a thread, and each of them once."""
    store = SqliteStore(SqliteFile(str(tmp_path / "handrail.db")))
    await store.open()
    library: Library = screens.library()
    seen: list[bool] = []
    clean = bot.turn._clean

    def watched(event: Event) -> Event:
        seen.append(threading.current_thread() is not threading.main_thread())
        return clean(event)

    monkeypatch.setattr(bot.turn, "_clean", watched)
    turns = Turns(library=lambda: library, store=store, changed=lambda _: None)
    await turns.take("c", "e", Said(at=1, text="x" * length))
    await store.close()

    assert seen == [beside]
