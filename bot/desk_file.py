"""The TOML file of further ticket desks -> their settings; one table for each, named as the desk is.

All mistakes are told at once, each with file, table and key, its value (never a secret's) and the remedy.
Only whoever has such a file loads this module. Must not know: the environment, how a desk is opened.
"""

import os
import re
import stat
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from bot import setting_checks as checks
from bot import setting_values as to
from bot.desk_names import MAIN
from bot.desk_settings import TicketDesk
from bot.setting_checks import Problem
from bot.tickets.needs import ENDS, SYSTEMS

_LARGEST: Final = 256 * 1024  # bytes
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,30}", re.ASCII)
_PARSE: Final[Mapping[str, Callable[[str], Any]]] = {
    "system": to.one_of(*SYSTEMS),
    "url": to.tickets_url,
    "user": to.line,
    "token": to.secret,
    "project": to.line,
    "secret": to.secret,
}
_SECRET: Final = ("token", "secret")
_KEYS: Final = ("cases", *_PARSE, *(f"{key}_file" for key in _SECRET))
_FORM: Final = "write one table for each desk, as in [security]"


class Found(msgspec.Struct, frozen=True):
    """What a file says: desks as far as they are right, mistakes, and what is rarely meant."""

    desks: tuple[TicketDesk, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]


def read_desks(path: str) -> Found:
    """Read and check a file; never raises for what is in it."""
    try:
        tables = _parsed(Path(path))
    except ValueError as error:
        return Found((), (Problem("HANDRAIL_TICKETS_FILE", checks.quoted(path), str(error)),), ())
    reading = _Reading(path)
    for name, table in tables.items():
        reading.take(name, table)
    return Found(tuple(reading.desks), tuple(reading.problems), tuple(reading.warnings))


def _parsed(path: Path) -> dict[str, Any]:
    """The tables of the file.

    Raises:
        ValueError: It holds none, or cannot be read; the message has the remedy and nothing of the file.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise ValueError(f"it cannot be read ({error.strerror}); let this user read it") from None
    if len(content) > _LARGEST:
        raise ValueError(f"it is longer than {_LARGEST // 1024} KiB; name the right file")
    try:
        tables = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8; save it as that") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"it is not TOML: {error}; mend it there") from None
    except RecursionError:
        raise ValueError(f"it is nested too deeply; {_FORM}") from None
    if not tables:
        raise ValueError(f"it names no ticket desk; {_FORM}, or remove the setting")
    return tables


class _Reading:
    """Reads table after table, and remembers which desk has which cases."""

    def __init__(self, path: str) -> None:
        self.desks: list[TicketDesk] = []
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self._path = Path(path)
        self._claimed: dict[str, str] = {}
        self._look_at(self._path)

    def take(self, name: str, table: Any) -> None:
        """Read one table."""
        if not isinstance(table, dict):
            self._wrong(f"{self._path} {checks.quoted(name)}", "", f"it stands in no table; {_FORM}")
            return
        where = f"{self._path} [{name}]" if _NAME.fullmatch(name) else f"{self._path} [{checks.quoted(name)}]"
        if not _NAME.fullmatch(name):
            self._wrong(where, "", "it is no name for a desk; use up to 31 letters, digits, - and _")
        elif name == MAIN:
            self._wrong(where, "", "so the desk of HANDRAIL_TICKETS is called; take another name")
        before = len(self.problems)
        self._look_for_strangers(where, table)
        cases = self._cases(f"{where} cases", name, table.get("cases"))
        texts = self._texts(where, table)
        values: dict[str, Any] = {}
        for key, text in texts.items():
            try:
                values[_field(key)] = _PARSE[key](text)
            except ValueError as error:
                shown = "set (not shown)" if key in _SECRET else checks.shown_text(text, _secrets(texts))
                self._wrong(f"{where} {key}", shown, str(error))
        if not table.get("system"):
            self._wrong(f"{where} system", "", f"it is not set; write {to.listed([*SYSTEMS])}")
        given = [end for end in ENDS if table.get(end.lower()) or table.get(f"{end.lower()}_file")]
        self.problems += checks.ticket_system(values, given, _called, f"{where} ")
        if len(self.problems) == before:
            self.desks.append(TicketDesk(name=name, cases=cases, **values))

    def _look_for_strangers(self, where: str, table: Mapping[str, Any]) -> None:
        for key in table:
            if key not in _KEYS:
                close = checks.closest(key, _KEYS)
                hint = f"did you mean {close}" if close else f"write {to.listed(_KEYS)}"
                self._wrong(f"{where} {checks.quoted(key)}", "", f"there is no such key; {hint}")

    def _cases(self, where: str, name: str, words: Any) -> tuple[str, ...]:
        if not isinstance(words, list) or not all(isinstance(each, str) for each in words):
            says = "it is no list of words" if words is not None else "it is not set"
            self._wrong(
                where, "", f'{says}; write ["security", "AADSTS53003", "security/de"], or [] for no new cases'
            )
            return ()
        for word in words:
            if not to.is_case_word(word):
                says = "it is no word for cases; write a code, a guide, a severity, a queue or a language"
                self._wrong(where, checks.shown_text(word), says)
            elif word in self._claimed:
                says = f"[{self._claimed[word]}] has these cases already; leave them to one of the two"
                self._wrong(where, checks.quoted(word), says)
            else:
                self._claimed[word] = name
        return tuple(words)

    def _texts(self, where: str, table: Mapping[str, Any]) -> dict[str, str]:
        """What is set, by key; secrets out of their files."""
        texts: dict[str, str] = {}
        for key, value in table.items():
            known = key in _KEYS and key != "cases"
            if known and not isinstance(value, str):
                self._wrong(f"{where} {key}", "", "it is not text; put it into quotation marks")
            elif known and value:
                texts[key] = value
        for key in _SECRET:
            file = texts.pop(f"{key}_file", "")
            if file and key in texts:
                says = f"{key} is set too; remove one of the two"
                self._wrong(f"{where} {key}_file", checks.shown_text(file, _secrets(texts)), says)
            elif file:
                try:
                    texts[key] = self._secret_in(self._path.parent / Path(file).expanduser())
                except ValueError as error:
                    self._wrong(f"{where} {key}_file", checks.shown_text(file, _secrets(texts)), str(error))
        return texts

    def _secret_in(self, path: Path) -> str:
        try:
            with path.open("rb") as file:
                content = file.read(_LARGEST).decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise ValueError("the file is not text in UTF-8; put the secret into it, as one line") from None
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "no such name"
            raise ValueError(f"the file cannot be read ({why}); let this user read it") from None
        if not content:
            raise ValueError("the file is empty; put the secret into it, as one line")
        self._look_at(path)
        return content

    def _look_at(self, path: Path) -> None:
        if os.name == "posix" and path.stat().st_mode & stat.S_IROTH:
            self.warnings.append(f"{path} can be read by everybody on this machine; chmod o-r mends that.")

    def _wrong(self, name: str, shown: str, says: str) -> None:
        self.problems.append(Problem(name, shown, says))


def _field(key: str) -> str:
    return "tickets" if key == "system" else f"tickets_{key}"


def _called(end: str) -> str:
    return end.lower() or "system"


def _secrets(texts: Mapping[str, str]) -> list[str]:
    return [texts[key] for key in _SECRET if key in texts]
