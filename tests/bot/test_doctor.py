"""The doctor: what it shows, what it finds, and that it never tells a secret."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from rich.console import Console

from bot import libraries
from bot.commands.checks_here import checks_here, sqlite
from bot.commands.checks_there import checks_there
from bot.commands.checks_tickets import checks_tickets
from bot.commands.doctor import Report, examine, show
from bot.commands.findings import Check
from bot.config import Settings
from tests.support.cloud import APP_ID, SECRET, TENANT, PlayedCloud
from tests.support.entra import PlayedEntra
from tests.support.tickets import PlayedTickets

CHANNEL = "19:aBc@thread.tacv2"


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def local(tmp_path: Path, free_port: int) -> dict[str, str]:
    """A healthy bot in local mode."""
    return {"HANDRAIL_DATABASE_URL": f"sqlite:///{tmp_path}/h.db", "HANDRAIL_PORT": str(free_port)}


@pytest.fixture
async def cloud() -> AsyncIterator[PlayedCloud]:
    """Microsoft, played on loopback."""
    async with PlayedCloud() as played:
        yield played


@pytest.fixture
def registered(local: dict[str, str], cloud: PlayedCloud) -> dict[str, str]:
    """A healthy registered bot in that cloud."""
    return {
        **local,
        "MicrosoftAppId": APP_ID,
        "MicrosoftAppPassword": SECRET,
        "MicrosoftAppTenantId": TENANT,
        "HANDRAIL_OPENID_METADATA_URL": cloud.metadata_url,
        "HANDRAIL_TOKEN_URL": cloud.token_url,
        "HANDRAIL_SERVICE_URLS": cloud.url,
        "HANDRAIL_HELPDESK_CHANNEL": CHANNEL,
    }


@pytest.fixture
async def tickets() -> AsyncIterator[PlayedTickets]:
    """A ticket system."""
    async with PlayedTickets() as played:
        yield played


@pytest.fixture
def filing(local: dict[str, str], tickets: PlayedTickets) -> dict[str, str]:
    """A healthy bot in local mode that files its cases there."""
    return {
        **local,
        "HANDRAIL_TICKETS": "webhook",
        "HANDRAIL_TICKETS_URL": tickets.url,
        "HANDRAIL_TICKETS_SECRET": tickets.secret,
    }


def found(checks: list[Check], name: str) -> Check:
    """The one check of that name."""
    [check] = [check for check in checks if check.name == name]
    return check


async def asked(environ: dict[str, str], name: str) -> Check:
    """What one question to Microsoft brought."""
    return found(await checks_there(Settings.read(environ)), name)


def was_opened(environ: dict[str, str]) -> bool:
    """Whether the database file is there."""
    return Path(environ["HANDRAIL_DATABASE_URL"].removeprefix("sqlite:///")).exists()


def printed(report: Report) -> str:
    """The report as a person reads it."""
    console = Console(width=200, soft_wrap=True, highlight=False)
    with console.capture() as capture:
        show(report, console)
    return capture.get()


async def test_a_healthy_local_bot_is_ready(local: dict[str, str]) -> None:
    """Everything on this machine is in order, and nobody else was asked."""
    report = await examine(local)

    assert report.ok, printed(report)
    assert report.mode == "local mode"
    assert {check.state for check in report.checks} == {"ok", "skipped"}
    assert "Ready." in printed(report)


async def test_a_healthy_registered_bot_is_ready(registered: dict[str, str], cloud: PlayedCloud) -> None:
    """Clock, keys, token and channel were asked for, and nothing was written into the channel."""
    report = await examine(registered)

    assert report.ok, printed(report)
    assert {check.name for check in report.checks if check.state != "ok"} == {"Board"}
    assert [sent.method for sent in cloud.sent] == ["GET"]
    assert CHANNEL in cloud.sent[0].parts


async def test_the_secret_is_never_told(registered: dict[str, str], cloud: PlayedCloud) -> None:
    """Not in the text, not in the JSON, not when it is wrong, and not the database's password either."""
    registered["MicrosoftAppPassword"] = "wrong-canary-secret"
    registered["HANDRAIL_DATABASE_URL"] = "postgresql://me:canary@127.0.0.1:1/x"

    report = await examine(registered)

    assert "canary" not in printed(report) + repr(report)
    assert re.search(r"MicrosoftAppPassword\s+set \(not shown\)", printed(report))
    assert "postgresql://…@127.0.0.1:1/x" in printed(report)
    assert cloud.tokens.received


async def test_a_long_value_is_shown_whole(local: dict[str, str]) -> None:
    """A setting cut off in the middle is one that nobody can compare."""
    console = Console(width=40, soft_wrap=True, highlight=False)
    with console.capture() as capture:
        show(await examine(local), console)

    assert "https://smba.infra.dod.teams.microsoft.us (default)\n" in capture.get()


async def test_offline_asks_nobody(registered: dict[str, str], cloud: PlayedCloud) -> None:
    """With --offline the cloud hears nothing."""
    report = await examine(registered, offline=True)

    assert report.ok, printed(report)
    assert found(report.checks, "Token") == Check("Token", "skipped", "--offline")
    assert [*cloud.metadata.received, *cloud.tokens.received, *cloud.sent] == []


async def test_a_refused_secret_comes_with_its_remedy(registered: dict[str, str]) -> None:
    """The commonest mistake of all: the secret's ID, or an expired one."""
    registered["MicrosoftAppPassword"] = "some-other-secret"

    checks = await checks_there(Settings.read(registered))

    assert found(checks, "Token").state == "failed"
    assert found(checks, "Token").found == "none: invalid_client"
    assert "not its ID" in found(checks, "Token").remedy
    assert found(checks, "Helpdesk channel").state == "skipped"


async def test_unreachable_keys_are_told(registered: dict[str, str], cloud: PlayedCloud) -> None:
    """Without the signing keys nothing that Teams sends can be believed."""
    cloud.jwks.always(500)

    check = await asked(registered, "Signing keys")

    assert check.state == "failed"
    assert cloud.metadata_url in check.found


async def test_a_wrong_clock_is_told(registered: dict[str, str], cloud: PlayedCloud) -> None:
    """A clock that is years off makes every token invalid."""
    cloud.metadata.next(200, {}, {"Date": "Tue, 01 Jan 2019 00:00:00 GMT"})

    check = await asked(registered, "Clock")

    assert check.state == "failed"
    assert "ahead of" in check.found
    assert "NTP" in check.remedy


@pytest.mark.parametrize(
    ("status", "body", "state", "remedy"),
    [
        (
            403,
            {"error": {"code": "BotNotInConversationRoster"}},
            "failed",
            "Add the app to the helpdesk's team",
        ),
        (403, {"error": {"code": "BotDisabledByAdmin"}}, "failed", "administrator"),
        (404, {"error": {"code": "ConversationNotFound"}}, "failed", "paste its link again"),
        (401, {"error": {"code": "Unauthorized"}}, "failed", "app id of the Azure Bot"),
        (503, {}, "warning", "later"),
    ],
)
async def test_an_unreachable_channel_comes_with_its_remedy(
    registered: dict[str, str], cloud: PlayedCloud, status: int, body: object, state: str, remedy: str
) -> None:
    """Each way in which the channel can be out of reach has its own advice; an unclear one is no failure."""
    cloud.connector.always(status, body)

    check = await asked(registered, "Helpdesk channel")

    assert check.state == state
    assert remedy in check.remedy


async def test_a_bot_whose_cases_nobody_sees_does_not_start(registered: dict[str, str]) -> None:
    """Without the helpdesk's channel the doctor says what the start says: name it."""
    del registered["HANDRAIL_HELPDESK_CHANNEL"]

    report = await examine(registered)

    assert not report.ok
    assert "HANDRAIL_HELPDESK_CHANNEL: it is not set" in printed(report)


async def test_a_healthy_ticket_system_is_asked_and_gets_nothing(
    filing: dict[str, str], tickets: PlayedTickets
) -> None:
    """It is asked for a case that cannot exist, rightly signed and wrongly; no case is filed."""
    report = await examine(filing)

    assert report.ok, printed(report)
    assert found(report.checks, "Ticket system").state == "ok"
    assert [entry.outcome for entry in tickets.journal] == ["none", "bad signature"]
    assert tickets.secret not in printed(report) + repr(report)


async def test_told_to_it_files_a_ticket_and_resolves_it(
    filing: dict[str, str], tickets: PlayedTickets
) -> None:
    """One ticket, of a number that no case gets; and it is said which."""
    report = await examine(filing, trial=True)

    assert report.ok, printed(report)
    (ticket,) = tickets.tickets
    assert ticket.key.startswith("HR-TEST")
    assert ticket.key in found(report.checks, "Ticket system, on trial").found


async def test_a_ticket_system_that_failed_gets_no_ticket(
    filing: dict[str, str], tickets: PlayedTickets
) -> None:
    """What is wrong already would only be wrong again."""
    filing["HANDRAIL_TICKETS_SECRET"] = "whsec_" + "canary00" * 4

    report = await examine(filing, trial=True)

    assert found(report.checks, "Ticket system, on trial").state == "skipped"
    assert not tickets.tickets


async def test_the_built_in_ticket_system_has_nothing_to_try(local: dict[str, str]) -> None:
    """Its tickets are the cases themselves."""
    report = await examine(local, trial=True)

    assert found(report.checks, "Ticket system, on trial").state == "skipped"


async def test_a_ticket_system_with_another_secret_is_told(
    filing: dict[str, str], tickets: PlayedTickets
) -> None:
    """The commonest mistake: one of the two was changed."""
    filing["HANDRAIL_TICKETS_SECRET"] = "whsec_" + "canary00" * 4

    report = await examine(filing)

    assert not report.ok
    assert found(report.checks, "Ticket system").found == f"{tickets.url} answers 401"
    assert "HANDRAIL_TICKETS_SECRET" in found(report.checks, "Ticket system").remedy
    assert "canary" not in printed(report) + repr(report)


async def test_a_wrong_path_does_not_pass_for_a_case_that_is_not_there(
    filing: dict[str, str], tickets: PlayedTickets
) -> None:
    """Both are a 404; but where nobody checks signatures, nobody takes cases."""
    filing["HANDRAIL_TICKETS_URL"] = tickets.url.replace("/cases", "/case")

    [check] = await checks_tickets(Settings.read(filing), offline=False)

    assert check.state == "warning"
    assert "a wrong signature too" in check.found
    assert "HANDRAIL_TICKETS_URL" in check.remedy


async def test_a_ticket_system_that_is_down_is_told(filing: dict[str, str], tickets: PlayedTickets) -> None:
    """With the address, and what may lie between."""
    await tickets.down()

    [check] = await checks_tickets(Settings.read(filing), offline=False)

    assert check.state == "failed"
    assert tickets.url in check.found
    assert "firewall" in check.remedy


@pytest.mark.parametrize(
    ("status", "state", "says"),
    [
        (405, "ok", "know a repeat by its webhook-id"),
        (403, "failed", "HANDRAIL_TICKETS_SECRET"),
        (410, "failed", "takes no more cases"),
        (301, "failed", "redirects are not followed"),
        (200, "failed", "405 when it cannot look cases up"),
        (400, "failed", "405 when it cannot look cases up"),
        (429, "warning", "wait until it is well again"),
        (503, "warning", "wait until it is well again"),
    ],
)
async def test_every_other_answer_of_a_ticket_system_has_its_advice(
    filing: dict[str, str], tickets: PlayedTickets, status: int, state: str, says: str
) -> None:
    """What the bot would make of it is said before the first case."""
    tickets.lookups.always(status)

    [check] = await checks_tickets(Settings.read(filing), offline=False)

    assert check.state == state
    assert f"answers {status}" in check.found
    assert says in check.found + check.remedy


async def test_every_desk_is_asked_and_told_by_its_name(
    filing: dict[str, str], tickets: PlayedTickets, tmp_path: Path
) -> None:
    """With the cases that it gets; what to do names the key in the file, and no secret is shown."""
    file = tmp_path / "desks.toml"
    file.write_text(
        f'[security]\ncases = ["security", "de"]\nsystem = "webhook"\nurl = "{tickets.url}"\n'
        f'secret = "whsec_{"canary00" * 4}"\n[germany]\ncases = []\nsystem = "builtin"\n'
    )
    file.chmod(0o600)
    report = await examine({**filing, "HANDRAIL_TICKETS_FILE": str(file)})

    checks = [each for each in report.checks if each.name.startswith("Ticket")]
    assert [(each.name, each.state) for each in checks] == [
        ("Ticket system", "ok"),
        ("Ticket desk security", "ok"),
        ("Ticket desk security", "failed"),
        ("Ticket desk germany", "ok"),
    ]
    assert checks[1].found == f"webhook, {tickets.url}; gets security, de"
    assert checks[2].remedy.startswith("Is secret of [security] the receiver's, whole?")
    assert checks[3].found == "builtin; gets no new cases"
    assert "canary" not in str(report)


async def test_offline_asks_no_ticket_system(filing: dict[str, str], tickets: PlayedTickets) -> None:
    """With --offline it hears nothing."""
    report = await examine(filing, offline=True)

    assert report.ok, printed(report)
    assert found(report.checks, "Ticket system") == Check("Ticket system", "skipped", "--offline")
    assert tickets.journal == []


# ---- the board


@pytest.fixture
async def entra() -> AsyncIterator[PlayedEntra]:
    """Microsoft Entra, which knows the board's address."""
    async with PlayedEntra("https://bot.example.com/helpdesk/signed-in") as played:
        yield played


@pytest.fixture
def boarding(registered: dict[str, str], entra: PlayedEntra) -> dict[str, str]:
    """A healthy registered bot with a board."""
    return {
        **registered,
        "HANDRAIL_PUBLIC_URL": "https://bot.example.com",
        "HANDRAIL_BOARD_ROLE": "Helpdesk",
        "HANDRAIL_SIGN_IN_URL": entra.url,
    }


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "HANDRAIL_PUBLIC_URL and HANDRAIL_BOARD_ROLE (or HANDRAIL_BOARD_GROUP)"),
        ({"HANDRAIL_PUBLIC_URL": "https://bot.example.com"}, "set HANDRAIL_BOARD_ROLE"),
    ],
)
async def test_what_a_board_would_need_is_told(
    registered: dict[str, str], given: dict[str, str], missing: str
) -> None:
    """A bot without a board is healthy."""
    report = await examine({**registered, **given}, offline=True)

    check = found(report.checks, "Board")
    assert (check.state, report.ok) == ("skipped", True)
    assert missing in check.found


async def test_a_board_that_people_can_enter_is_told(boarding: dict[str, str], entra: PlayedEntra) -> None:
    """Its address, who may enter, and where Entra sends them back to; nobody was signed in."""
    report = await examine(boarding)

    said = "https://bot.example.com/helpdesk, for people with the app role Helpdesk"
    assert found(report.checks, "Board").found == said
    assert found(report.checks, "Board sign-in").state == "ok", printed(report)
    assert entra.issued == []


async def test_an_address_that_entra_does_not_know_comes_with_its_remedy(
    boarding: dict[str, str], entra: PlayedEntra
) -> None:
    """The mistake that is made most often: the redirect URI is not registered."""
    entra.redirect_uri = "https://old.example.com/helpdesk/signed-in"
    check = found((await examine(boarding)).checks, "Board sign-in")

    assert (check.state, check.found) == ("failed", "Entra says AADSTS50011")
    assert "https://bot.example.com/helpdesk/signed-in" in check.remedy


async def test_an_entra_out_of_reach_is_told(boarding: dict[str, str], entra: PlayedEntra) -> None:
    """Nobody could sign in."""
    entra.keys.always(500)
    report = await examine(boarding)

    assert not report.ok
    assert "HANDRAIL_SIGN_IN_URL" in found(report.checks, "Board sign-in").remedy


async def test_offline_asks_no_entra(boarding: dict[str, str], entra: PlayedEntra) -> None:
    """It hears nothing."""
    report = await examine(boarding, offline=True)

    assert found(report.checks, "Board sign-in").state == "skipped"
    assert [*entra.keys.received, *entra.asked] == []


async def test_a_language_that_nobody_wrote_is_told(local: dict[str, str]) -> None:
    """The doctor finds what would keep the bot from starting."""
    report = await examine({**local, "HANDRAIL_LANGUAGE": "fi"})

    assert found(report.checks, "Content").state == "failed"
    assert "HANDRAIL_LANGUAGE is 'fi'" in found(report.checks, "Content").found


async def test_wrong_settings_are_all_told() -> None:
    """A bot that would not start is told why, setting by setting, and nothing else is tried."""
    report = await examine({"MicrosoftAppId": "x", "HANDRAIL_PORT": "y"})

    assert not report.ok
    assert [check.name for check in report.checks] == ["Settings"] * len(report.checks)
    assert "MicrosoftAppId is 'x'" in printed(report)
    assert "HANDRAIL_PORT is 'y'" in printed(report)


async def test_an_unknown_setting_is_a_warning(local: dict[str, str]) -> None:
    """A misspelt setting is worth a word, but no reason to say no."""
    report = await examine({**local, "HANDRAIL_PROT": "1"})

    assert report.ok, printed(report)
    assert "! Settings: HANDRAIL_PROT is set, but there is no such setting. Did you mean HANDRAIL_PORT?" in (
        printed(report)
    )


async def test_a_database_that_cannot_be_opened_is_told(local: dict[str, str], tmp_path: Path) -> None:
    """A folder where the file should be: the reason and what to do."""
    (tmp_path / "folder.db").mkdir()

    report = await examine({**local, "HANDRAIL_DATABASE_URL": f"sqlite:///{tmp_path}/folder.db"})

    assert found(report.checks, "Database").state == "failed"
    assert "HANDRAIL_DATABASE_URL" in found(report.checks, "Database").remedy


async def test_broken_guides_are_told(local: dict[str, str], tmp_path: Path) -> None:
    """Content with mistakes keeps the bot from starting, so the doctor says so and who tells more."""
    (tmp_path / "content" / "guides").mkdir(parents=True)
    (tmp_path / "content" / "guides" / "x.yaml").write_text("guide: [", "utf-8")

    report = await examine({**local, "HANDRAIL_CONTENT": str(tmp_path / "content")})

    assert found(report.checks, "Content").state == "failed"
    assert "handrail check" in found(report.checks, "Content").remedy


async def test_a_taken_port_is_told(local: dict[str, str], aiohttp_server: object) -> None:
    """A port that another program has is a failure, with the setting that mends it."""

    async def teapot(_: web.Request) -> web.Response:
        return web.Response(status=418)

    app = web.Application()
    app.router.add_get("/{rest:.*}", teapot)
    server = await aiohttp_server(app)  # type: ignore[operator]  # pytest-aiohttp's fixture

    check = found(await checks_here(Settings.read({**local, "HANDRAIL_PORT": str(server.port)})), "Port")

    assert check.state == "failed"
    assert "HANDRAIL_PORT" in check.remedy


@pytest.mark.parametrize(("ready", "state"), [(True, "ok"), (False, "failed")])
async def test_a_running_bot_is_asked_itself(
    local: dict[str, str], aiohttp_server: object, *, ready: bool, state: str
) -> None:
    """Beside a running bot neither its port nor its database is a problem; it says itself how it is."""

    async def readyz(_: web.Request) -> web.Response:
        return web.json_response({"ready": ready}, status=200 if ready else 503)

    app = web.Application()
    app.router.add_get("/readyz", readyz)
    server = await aiohttp_server(app)  # type: ignore[operator]  # pytest-aiohttp's fixture

    report = await examine({**local, "HANDRAIL_PORT": str(server.port)})

    assert found(report.checks, "Port").state == "ok"
    assert found(report.checks, "Database").state == state
    assert not was_opened(local)


@pytest.mark.parametrize(
    ("version", "noted"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), False),
        ((4, 0, 0), False),
    ],
)
def test_the_wal_bug_is_noted_but_harmless(version: tuple[int, int, int], *, noted: bool) -> None:
    """SQLite's bug of resetting the log needs two connections; we have one, so it is never a failure."""
    check = sqlite(version)

    assert check.state == "ok"
    assert ("Handrail opens one" in check.found) is noted


def test_the_lower_bounds_are_those_of_the_project() -> None:
    """The versions that the doctor insists on stand in pyproject.toml as well."""
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")

    for name, least in libraries.LOWER_BOUNDS.items():
        assert f'"{name}>={least}"' in text


@pytest.mark.parametrize(
    ("installed", "too_old"),
    [("", True), ("3.9.9", True), ("3.14.4", True), ("3.14.5", False), ("3.14.5rc1", False), ("4.0", False)],
)
def test_versions_are_compared_as_numbers(installed: str, *, too_old: bool) -> None:
    """3.9 is older than 3.14, and a missing library is too old."""
    assert libraries.Library("aiohttp", installed, "3.14.5").too_old is too_old


def run(environ: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """`handrail doctor` as a process of its own: its exit code and the JSON on its standard output."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("HANDRAIL", "Micro"))
    }
    command = [sys.executable, "-m", "bot.cli", "doctor", "--offline", "--format", "json"]
    done = subprocess.run(command, env={**inherited, **environ}, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


def test_the_command_prints_json_and_an_exit_code(local: dict[str, str]) -> None:
    """For machines: the report and nothing else on standard output, and 1 when something failed."""
    good, bad = run(local), run({**local, "HANDRAIL_PORT": "x"})

    assert (good[0], good[1]["ok"]) == (0, True)
    assert (bad[0], bad[1]["ok"]) == (1, False)
    [port] = [row for row in bad[1]["settings"] if row["name"] == "HANDRAIL_PORT"]
    assert (port["value"], port["source"]) == ("'x'", "set")
