"""Whether settings that are each right also fit together, and what is suspicious without being wrong.

Every check gets the values read so far, by field (a wrong one is missing), and their texts, by name.

Must not know: how the environment is read, what the texts of single values must look like.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec
from rapidfuzz import fuzz, process

from bot.setting_values import IN_MEMORY, listed
from bot.teams.service_urls import PUBLIC, ServiceUrls, is_loopback_host
from bot.tickets.needs import ENDS, SYSTEMS
from bot.tickets.signature import PREFIX as SECRET_PREFIX
from bot.tickets.signature import signing_key

IDENTITY: Final = ("MicrosoftAppId", "MicrosoftAppPassword", "MicrosoftAppType", "MicrosoftAppTenantId")
"""The four settings that say who the bot is, in the names that Azure gives them."""

_OURS: Final = "HANDRAIL_"
_SHORTEST_SECRET: Final = 20  # characters
_CLOSE: Final = 70  # of 100; one letter swapped in a word of four gives 75
_HOLIDAYS = re.compile(r"\bPH\b")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with one setting: its name, its value as it may be shown, a sentence with the remedy."""

    name: str
    shown: str
    says: str

    def __str__(self) -> str:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        return f"{self.name} is {self.shown}: {self.says}." if self.shown else f"{self.name}: {self.says}."


def identity(values: Mapping[str, Any], texts: Mapping[str, str]) -> list[Problem]:
    """Id, secret, tenant and type belong together; nothing half-filled may look like local mode."""
    problems = []
    if not texts["MicrosoftAppId"].strip():
        if any(texts[name].strip() for name in IDENTITY) and "app_id" in values:
            says = (
                "it is not set, but other MicrosoftApp… settings are; set it, or remove those for local mode"
            )
            problems.append(Problem("MicrosoftAppId", "", says))
        return problems
    if not texts["MicrosoftAppTenantId"].strip() and "tenant_id" in values:
        says = "it is not set; give the tenant (directory) id of the app registration"
        problems.append(Problem("MicrosoftAppTenantId", "", says))
    if values.get("app_type") == "UserAssignedMSI":
        if values.get("app_password"):
            says = "a managed identity has no secret; remove it, or set MicrosoftAppType to SingleTenant"
            problems.append(Problem("MicrosoftAppPassword", "set, not shown", says))
        if values.get("token_url"):
            says = "a managed identity gets its token from the machine; remove it"
            problems.append(Problem("HANDRAIL_TOKEN_URL", quoted(texts["HANDRAIL_TOKEN_URL"]), says))
    elif not texts["MicrosoftAppPassword"] and "app_password" in values:
        says = "it is not set; give the app's client secret, or set MicrosoftAppType to UserAssignedMSI"
        problems.append(Problem("MicrosoftAppPassword", "", says))
    return problems


def holidays(values: Mapping[str, Any], _texts: Mapping[str, str]) -> list[Problem]:
    """Hours that speak of public holidays need to know whose; else every holiday were a working day."""
    if not _HOLIDAYS.search(values.get("helpdesk_hours", "")) or values.get("helpdesk_country", "?"):
        return []
    says = "it is not set, but HANDRAIL_HELPDESK_HOURS speaks of public holidays (PH); say whose, as in DE"
    return [Problem("HANDRAIL_HELPDESK_COUNTRY", "", says)]


def listening(values: Mapping[str, Any], texts: Mapping[str, str]) -> list[Problem]:
    """A bot without an identity cannot tell who speaks to it, so nobody else may."""
    host = values.get("host")
    if host is None or texts["MicrosoftAppId"].strip() or is_loopback_host(host):
        return []
    says = "without an app id the bot listens on this machine only; use 127.0.0.1, or set MicrosoftAppId"
    return [Problem("HANDRAIL_HOST", quoted(host), says)]


def database(values: Mapping[str, Any], texts: Mapping[str, str]) -> list[Problem]:
    """What people in Teams began must still be there after a restart."""
    if not values.get("app_id") or texts["HANDRAIL_DATABASE_URL"].strip() != IN_MEMORY:
        return []
    says = "a database in memory forgets every conversation at a restart; name a file"
    return [Problem("HANDRAIL_DATABASE_URL", quoted(IN_MEMORY), says)]


def tickets(values: Mapping[str, Any], texts: Mapping[str, str]) -> list[Problem]:
    """The ticket system of the environment."""
    given = [end for end in ENDS if texts[f"HANDRAIL_TICKETS_{end}"].strip()]
    return ticket_system(values, given, lambda end: f"HANDRAIL_TICKETS_{end}" if end else "HANDRAIL_TICKETS")


def ticket_system(
    values: Mapping[str, Any], given: Sequence[str], called: Callable[[str], str], where: str = ""
) -> list[Problem]:
    """Each system needs some settings; where others are set, somebody expects what it does not do.

    Args:
        values: By field, as everywhere in this file.
        given: The ends of the settings that are set.
        called: What the setting with this end is called; "" is the one that names the system.
        where: What stands before its name when it is told; nothing before that of a variable.
    """
    system = values.get("tickets")
    if system is None:
        return []
    needs = SYSTEMS[system]
    named = called("")
    problems = [
        Problem(where + called(end), "", f"it is not set, but {named} is {system}; {remedy}")
        for end, remedy in needs.must.items()
        if end not in given
    ]
    unused = [end for end in given if end not in needs.must and end not in needs.may]
    if system == "builtin" and unused:
        says = (
            f"builtin sends nothing, but {called(unused[0])} is set; "
            f"set this to {listed([*SYSTEMS][1:])}, or remove that"
        )
        return [Problem(where + named, quoted(system), says)]
    problems += [
        Problem(where + called(end), "set", f"{system} does not use it; remove it, or look for a mistake")
        for end in unused
    ]
    url = values.get("tickets_url", "")
    if url and (system == "smtp") != url.startswith(("smtp://", "smtps://")):
        says = f"{system} is not reached like that; {needs.must.get('URL', 'remove it')}"
        problems.append(Problem(where + called("URL"), quoted(url), says))
    secret = values.get("tickets_secret")
    if secret and (says := _weak(system, secret.reveal())):
        problems.append(Problem(where + called("SECRET"), "set (not shown)", says))
    return problems


def _weak(system: str, secret: str) -> str:
    """What is wrong with a secret that signs messages; "" if nothing is."""
    if system == "webhook":
        try:
            signing_key(secret)
        except ValueError as error:
            return f"it is not a Standard Webhooks secret; {error}"
    short = len(secret) < _SHORTEST_SECRET
    return "it is short enough to be guessed; make one on both sides: openssl rand -hex 32" if short else ""


def helpdesk(values: Mapping[str, Any], texts: Mapping[str, str]) -> list[Problem]:
    """Somebody must see the cases: a channel of the bot's tenant, at an address that may get its token."""
    problems = []
    if texts["MicrosoftAppId"].strip() and not texts["HANDRAIL_HELPDESK_CHANNEL"].strip():
        says = (
            "it is not set, so nobody would see a case; "
            "paste the link from the channel's … menu, Get link to channel"
        )
        problems.append(Problem("HANDRAIL_HELPDESK_CHANNEL", "", says))
    tenants = parse_qs(urlsplit(texts["HANDRAIL_HELPDESK_CHANNEL"].strip()).query).get("tenantId", [])
    own = values.get("tenant_id")
    if own and values.get("helpdesk_channel") and any(tenant.lower() != own for tenant in tenants):
        says = "the link is of another tenant; paste a channel's link of the tenant in MicrosoftAppTenantId"
        problems.append(Problem("HANDRAIL_HELPDESK_CHANNEL", quoted(values["helpdesk_channel"]), says))
    url, allowed = values.get("helpdesk_service_url"), values.get("service_urls")
    if values.get("app_id") and url and allowed and not ServiceUrls(allowed).allows(url):
        says = "HANDRAIL_SERVICE_URLS does not contain it, so nothing could be sent there; add it there"
        problems.append(Problem("HANDRAIL_HELPDESK_SERVICE_URL", quoted(url), says))
    return problems


def board(values: Mapping[str, Any], texts: Mapping[str, str]) -> list[Problem]:
    """Who may enter a board is of no use without its address, which is a whole host."""
    problems = []
    url = values.get("public_url")
    wanted = [name for name in ("HANDRAIL_BOARD_ROLE", "HANDRAIL_BOARD_GROUP") if texts[name].strip()]
    if not texts["MicrosoftAppId"].strip() or not wanted:
        return []
    if url == "":
        says = f"it is not set, but {wanted[0]} is; give the address at which people reach the bot"
        problems.append(Problem("HANDRAIL_PUBLIC_URL", "", says))
    elif url and urlsplit(url).path.strip("/"):
        says = "the board needs a host of its own; leave out everything behind the host"
        problems.append(Problem("HANDRAIL_PUBLIC_URL", quoted(url), says))
    own = texts["HANDRAIL_BOARD_APP_ID"].strip()
    if values.get("app_type") == "UserAssignedMSI" and not own:
        says = "it is not set, and nobody can sign in to a managed identity; register an app for the board"
        problems.append(Problem("HANDRAIL_BOARD_APP_ID", "", says))
    elif values.get("app_type") == "SingleTenant" and own:
        says = "people sign in to the app in MicrosoftAppId, whose secret is known; remove this"
        problems.append(Problem("HANDRAIL_BOARD_APP_ID", quoted(own), says))
    return problems


ALL: Final = (identity, listening, database, tickets, helpdesk, holidays, board)
"""Every check, in the order in which problems are told."""


def helpdesk_service_url(default: str, allowed: str) -> str:
    """The default address of the helpdesk's channel, or in another cloud the first allowed one."""
    if ServiceUrls(allowed).allows(default):
        return default
    first = allowed.split(",", maxsplit=1)[0].strip().rstrip("/")
    return f"{first}/teams/" if first in PUBLIC.split(",") else f"{first}/"


def misspelt_identity(environ: Mapping[str, str]) -> list[Problem]:
    """MICROSOFT_APP_ID is read by nobody, and must not quietly mean local mode."""
    plain = {name.lower(): name for name in IDENTITY}
    problems = []
    for name in environ:
        meant = plain.get(re.sub(r"[_-]", "", name).lower())
        # On Windows the system itself writes all names in capitals, and finds them in any case.
        if meant is not None and name != meant and environ.get(meant) is None:
            problems.append(Problem(name, "", f"nobody reads this name; write {meant}"))
    return problems


def warnings(environ: Mapping[str, str], values: Mapping[str, Any], texts: Mapping[str, str]) -> list[str]:
    """What does not stop the bot but is rarely meant."""
    found = []
    for name in sorted(environ):
        if name.startswith(_OURS) and name not in texts:
            known = {each.removeprefix(_OURS): each for each in texts}
            close = closest(name.removeprefix(_OURS), known)
            hint = f" Did you mean {known[close]}?" if close else " `handrail doctor` lists all settings."
            found.append(f"{name} is set, but there is no such setting.{hint}")
    if _GUID.fullmatch(texts["MicrosoftAppPassword"]):
        found.append("MicrosoftAppPassword looks like the secret's ID; the bot needs the secret's value.")
    if values.get("probes") and values.get("app_id") == "":
        found.append("HANDRAIL_PROBES does nothing in local mode: without an app id nobody may be asked.")
    if values.get("app_id") == "" and (values.get("board_role") or values.get("board_group")):
        found.append("HANDRAIL_BOARD_… does nothing in local mode: whoever is at this machine may enter.")
    if values.get("crash"):
        found.append("HANDRAIL_CRASH is set: this bot will kill itself. It is for tests only.")
    return found


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that somebody probably meant; "" when there is none."""
    found = process.extractOne(word, list(known), scorer=fuzz.ratio, score_cutoff=_CLOSE)
    return found[0] if found else ""


def shown_text(text: str, secrets: Iterable[str] = ()) -> str:
    """A wrong value as it may be shown, unless it holds a secret or looks like one in the wrong place."""
    looks_secret = re.fullmatch(r"[\w~.-]{30,}", text.strip(), re.ASCII) and "~" in text
    if looks_secret or SECRET_PREFIX in text or any(each and each in text for each in secrets):
        return "set (not shown)"
    return quoted(re.sub(r"(?<=//)[^/]*@", "…@", text)) if text else ""


def quoted(text: str) -> str:
    """A value as it stands in a message: escaped, and cut when it is long."""
    return repr(text if len(text) <= 80 else f"{text[:79]}…")
