"""Prompts and cases to render: one of every kind, in the bot's real words."""

from pathlib import Path
from typing import Any

import yaml

from bot.address import Person
from bot.store.api import CaseRecord, LogEntry
from dialogs.case import Asked, CaseFile, Checked, FixTried
from dialogs.conversation import Evidence
from dialogs.effects import Choices, Entry, Fact, Option, Progress, Prompt
from dialogs.library import Library
from dialogs.text import Text

_TEXTS = Path(__file__).parents[2] / "content" / "texts"
OPENED = 1_795_340_460  # 2026-11-22 09:41:00 UTC

# A guide's own words, which belong to no content file.
GUIDE = {
    "g/opened": "AADSTS1000002 is most often good news: an account was linked to yours.\n"
    "Did the app open after you pressed **Continue**?",
    "g/why": "Microsoft paused the sign-in to tell you. Usually:\n"
    "- it goes on by itself\n- or you press **Continue** once",
    "g/seen": "Which of these did you see while signing in?",
    "g/when": "Since when does this happen?",
    "g/paste": "Please paste what the error page says.",
    "g/page": "Text of the error page",
    "g/day": "Day",
    "g/title": "Sign-in stops with AADSTS1000002",
    "g/headline": "Account linking was completed, then the sign-in was blocked by Conditional Access.",
    "g/say": "{it}",
    "g/number": "Number to type into the Authenticator app",
    "g/org": "Another organisation's name",
    "g/device": "Something about my device",
    "g/terms": "Terms to accept",
    "g/more-info": '"More information required"',
    "g/stay": '"Stay signed in?"',
    "g/permissions": '"Permissions requested"',
    "g/finish": "finish and reopen",
    "g/private": "private window",
    "g/network": "other network",
    "g/password": "password (not asked)",
    "g/outage": "service outage",
    "g/hint": "Conditional Access result for this sign-in",
    "g/reset": "reset the app",
    "g/nothing": "There was nothing to press",
    "g/came-back": "No, the message came back",
}


def library(**more: str) -> Library:
    """The bot's own words in every language there is, with a guide's words and `more` in English."""
    texts = {file.stem: _flat(yaml.safe_load(file.read_text("utf-8"))) for file in _TEXTS.glob("*.yaml")}
    texts["en"] = {**texts["en"], **GUIDE, **more}
    return Library(version="1", guides={}, fixes={}, codes={}, texts=texts)


def _flat(tree: dict[str, Any], before: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in tree.items():
        name = f"{before}{key}"
        flat |= _flat(value, f"{name}/") if isinstance(value, dict) else {name: str(value)}
    return flat


def options(*names: str) -> tuple[Option, ...]:
    """Options with the ids and labels `names`."""
    return tuple(Option(id=name, label=Text(f"g/{name}")) for name in names)


def prompts() -> dict[str, Prompt]:
    """One prompt of every kind, by name."""
    commands: Any = ("back", "person")
    screens = ("number", "permissions", "more-info", "terms", "stay", "device", "org")
    return {
        "choice": Prompt(
            id="p1",
            say=Text("g/opened"),
            notes=(Text("bot/noted-ids", {"what": Text("bot/id/correlation")}),),
            more=Text("g/why"),
            ask=Choices(
                options=(
                    Option(id="works", label=Text("after/fixed"), main=True),
                    *options("came-back", "nothing"),
                )
            ),
            commands=commands,
            progress=Progress(step=1, about=6),
        ),
        "several": Prompt(
            id="p2",
            say=Text("g/seen"),
            ask=Choices(
                options=(
                    *options(*screens),
                    Option(id="none", label=Text("bot/skip"), alone=True),
                ),
                several=True,
            ),
            commands=commands,
            progress=Progress(step=2, about=6),
        ),
        "many": Prompt(
            id="p3", say=Text("g/seen"), ask=Choices(options=options(*screens)), commands=commands
        ),
        "entry": Prompt(
            id="p4",
            say=Text("g/paste"),
            ask=Entry(label=Text("g/page"), kind="details", skip=Option(id="skip", label=Text("bot/skip"))),
            commands=commands,
            progress=Progress(step=3, about=6),
        ),
        "date": Prompt(
            id="p5", say=Text("g/when"), ask=Entry(label=Text("g/day"), kind="date"), commands=commands
        ),
        "summary": Prompt(
            id="p6",
            say=Text("bot/handover"),
            facts=(
                Fact(label=Text("bot/fact/codes"), values=("AADSTS1000002", "AADSTS53003")),
                Fact(label=Text("bot/fact/app"), values=("SAP",)),
                Fact(label=Text("bot/fact/seen"), values=(Text("g/org"), Text("g/device"))),
                Fact(label=Text("bot/fact/ids"), values=("3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90",)),
            ),
            ask=Choices(
                options=(
                    Option(id="yes", label=Text("bot/handover-yes"), main=True),
                    Option(id="add", label=Text("bot/handover-add")),
                    Option(id="no", label=Text("bot/handover-no")),
                )
            ),
            commands=commands,
        ),
        "scale": Prompt(
            id="p7",
            say=Text("bot/solved-rating"),
            tone="good",
            ask=Choices(
                options=tuple(Option(id=str(n), label=Text("g/say", {"it": str(n)})) for n in range(1, 6)),
                scale=True,
            ),
        ),
        "warning": Prompt(
            id="p8", say=Text("bot/removed", {"kind": Text("bot/secret/password")}), tone="warning"
        ),
    }


def record(**changes: Any) -> CaseRecord:
    """A case with something in every place. `changes` replace fields of the record or else of its file."""
    file: dict[str, Any] = {
        "number": "HR-7K3F",
        "queue": "sign-in",
        "guide": "aadsts1000002",
        "title": Text("g/title"),
        "language": "de",
        "content": "1",
        "started_at": OPENED - 300,
        "opened_at": OPENED,
        "codes": (1000002, 53003),
        "evidence": Evidence(
            correlation_id="3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90",
            request_id="8d1c44aa-7d44-4c1b-9a55-0d6f8b2e1c90",
            timestamp="2026-11-22T09:41:07Z",
        ),
        "headline": Text("g/headline"),
        "app": ("SAP",),
        "device": (Text("g/device"),),
        "since": ("2026-11-22",),
        "seen": (Text("g/org"), Text("g/device")),
        "asked": (
            Asked(question=Text("g/opened"), answers=(Text("g/came-back"),), at=OPENED - 200),
            Asked(question=Text("g/paste"), text="Sorry, but we're having trouble", at=OPENED - 100),
            Asked(question=Text("g/when"), skipped=True, at=OPENED - 50),
        ),
        "tried": (
            FixTried(fix=Text("g/finish"), result="same", at=OPENED - 90),
            FixTried(fix=Text("g/private"), result="same", at=OPENED - 60),
            FixTried(fix=Text("g/network"), result="could-not", at=OPENED - 30),
        ),
        "untried": (Text("g/reset"),),
        "ruled_out": (Text("g/password"), Text("g/outage")),
        "checks": (Checked(probe="service-health", outcome="fine", at=OPENED - 20),),
        "ask_next": (Text("g/hint"),),
        "remarks": ("I have a meeting at eleven, please hurry",),
    }
    whole: dict[str, Any] = {
        "number": "HR-7K3F",
        "conversation": "c1",
        "status": "open",
        "opened_at": OPENED,
        "changed_at": OPENED,
        "person": Person(
            name="Erika Mustermann", object_id="11112222-3333-4444-5555-666677778888", verified=True
        ),
        "log": (LogEntry(at=OPENED, status="open"),),
    }
    for name, value in changes.items():
        (file if name in CaseFile.__struct_fields__ and name not in whole else whole)[name] = value
    return CaseRecord(file=CaseFile(**file), **whole)
