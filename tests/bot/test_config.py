"""Settings: a matrix of right and wrong environments, and what is said about each."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import config
from bot.config import SETTINGS, Settings
from bot.errors import ConfigError
from bot.secret import Secret
from bot.teams.auth import PUBLIC_ISSUER

APP = "5f2c8d10-7a44-4c1b-9a55-0d6f8b2e1c90"
TENANT = "9b1d4c77-3e0a-4f6b-8c21-77d0a1e2f3b4"
OTHER = "0a0b0c0d-1111-4222-8333-444455556666"
PASSWORD = "Zq8Q~canary-6tJ.h2PmXw_not-in-any-message"
CHANNEL = "19:aBc-1_2d3e4f@thread.tacv2"
LINK = f"https://teams.microsoft.com/l/channel/19%3AaBc-1_2d3e4f%40thread.tacv2/General?groupId={OTHER}&tenantId="

_ID = {"MicrosoftAppId": APP, "MicrosoftAppTenantId": TENANT, "HANDRAIL_HELPDESK_CHANNEL": CHANNEL}
SINGLE = {**_ID, "MicrosoftAppPassword": PASSWORD}
WEBHOOK_SECRET = "whsec_" + "canary/+" * 9 + "canary8="
WEBHOOK = {
    "HANDRAIL_TICKETS": "webhook",
    "HANDRAIL_TICKETS_URL": "https://tickets.example/cases",
    "HANDRAIL_TICKETS_SECRET": WEBHOOK_SECRET,
}
MANAGED = {**_ID, "MicrosoftAppType": "UserAssignedMSI"}
BOARD = {
    **SINGLE,
    "HANDRAIL_PUBLIC_URL": "https://bot.example.com",
    "HANDRAIL_BOARD_ROLE": "Helpdesk",
}


def problem(environ: dict[str, str]) -> str:
    """What is said about a wrong environment."""
    with pytest.raises(ConfigError) as caught:
        Settings.read(environ)
    return str(caught.value)


ACCEPTED = {
    "nothing at all is local mode": {},
    "single tenant with a secret": SINGLE,
    "an app id in capitals": {**SINGLE, "MicrosoftAppId": APP.upper()},
    "the type named in another case": {**SINGLE, "MicrosoftAppType": "singletenant"},
    "a managed identity needs no secret": MANAGED,
    "a managed identity with an empty secret, as Azure writes it": {**MANAGED, "MicrosoftAppPassword": ""},
    "a registered bot on every interface": {**SINGLE, "HANDRAIL_HOST": "0.0.0.0"},
    "local mode on IPv6 loopback": {"HANDRAIL_HOST": "::1"},
    "local mode on localhost": {"HANDRAIL_HOST": "localhost"},
    "any free port": {"HANDRAIL_PORT": "0"},
    "a board for a role": BOARD,
    "a board for a group, with a slash behind the host": {
        **SINGLE,
        "HANDRAIL_PUBLIC_URL": "https://bot.example.com/",
        "HANDRAIL_BOARD_GROUP": TENANT,
    },
    "a board of a managed identity": {
        **MANAGED,
        "HANDRAIL_PUBLIC_URL": "https://bot.example.com",
        "HANDRAIL_BOARD_ROLE": "Helpdesk",
        "HANDRAIL_BOARD_APP_ID": TENANT,
    },
    "a public address without a board": {**SINGLE, "HANDRAIL_PUBLIC_URL": "https://example.com/handrail"},
    "an absolute database file": {"HANDRAIL_DATABASE_URL": "sqlite:////var/lib/handrail/handrail.db"},
    "PostgreSQL": {"HANDRAIL_DATABASE_URL": "postgresql://handrail:pw@db/handrail"},
    "a channel id": SINGLE,
    "a channel link": {**SINGLE, "HANDRAIL_HELPDESK_CHANNEL": LINK + TENANT},
    "a cloud played on loopback": {
        **SINGLE,
        "HANDRAIL_OPENID_METADATA_URL": "http://127.0.0.1:9000/openid",
        "HANDRAIL_TOKEN_URL": "http://localhost:9000/token",
        "HANDRAIL_TOKEN_ISSUER": "http://127.0.0.1:9000",
        "HANDRAIL_SERVICE_URLS": "http://127.0.0.1:9000",
        "HANDRAIL_HELPDESK_CHANNEL": CHANNEL,
    },
    "blank Handrail settings mean the default": {"HANDRAIL_PORT": "", "HANDRAIL_HELPDESK_CHANNEL": "  "},
    "a webhook": {**SINGLE, **WEBHOOK},
    "a webhook on this machine, in local mode": {
        **WEBHOOK,
        "HANDRAIL_TICKETS_URL": "http://[::1]:9000/cases",
    },
    "a webhook secret of 24 bytes": {**WEBHOOK, "HANDRAIL_TICKETS_SECRET": "whsec_" + "canary00" * 4},
    "a webhook secret without padding": {
        **WEBHOOK,
        "HANDRAIL_TICKETS_SECRET": WEBHOOK_SECRET.rstrip("="),
    },
    "a language with a region": {"HANDRAIL_LANGUAGE": "pt-BR"},
    "a log level in small letters": {"HANDRAIL_LOG_LEVEL": "debug"},
    "probes": {**SINGLE, "HANDRAIL_PROBES": " Graph "},
}

REFUSED = {
    "holidays of nowhere": (
        {"HANDRAIL_HELPDESK_HOURS": "Mo-Fr 08:00-17:00; PH off"},
        "HANDRAIL_HELPDESK_COUNTRY",
        "say whose",
    ),
    "hours that nobody can read": (
        {"HANDRAIL_HELPDESK_HOURS": "Mo-Fr 8-17"},
        "HANDRAIL_HELPDESK_HOURS",
        "from character 7 on",
    ),
    "a channel without a queue": (
        {"HANDRAIL_HELPDESK_CHANNELS": "19:abc@thread.tacv2"},
        "HANDRAIL_HELPDESK_CHANNELS",
        "write security=",
    ),
    "an empty app id": ({"MicrosoftAppId": ""}, "MicrosoftAppId", "empty"),
    "a blank app id": ({**SINGLE, "MicrosoftAppId": "  "}, "MicrosoftAppId", "empty"),
    "an app id in angle brackets": (
        {**SINGLE, "MicrosoftAppId": "<your-app-id>"},
        "MicrosoftAppId",
        "placeholder",
    ),
    "an app id of zeros": (
        {**SINGLE, "MicrosoftAppId": "00000000-0000-0000-0000-000000000000"},
        "MicrosoftAppId",
        "placeholder",
    ),
    "an unexpanded variable": ({**SINGLE, "MicrosoftAppId": "${APP_ID}"}, "MicrosoftAppId", "placeholder"),
    "an app id cut off": ({**SINGLE, "MicrosoftAppId": APP[:-1]}, "MicrosoftAppId", "not an id"),
    "an app id in braces": ({**SINGLE, "MicrosoftAppId": "{" + APP + "}"}, "MicrosoftAppId", "not an id"),
    "an app id without hyphens": (
        {**SINGLE, "MicrosoftAppId": APP.replace("-", "")},
        "MicrosoftAppId",
        "not an id",
    ),
    "an app id with a line break": (
        {**SINGLE, "MicrosoftAppId": APP + "\n"},
        "MicrosoftAppId",
        "white space",
    ),
    "no secret": (
        {k: v for k, v in SINGLE.items() if "Password" not in k},
        "MicrosoftAppPassword",
        "not set",
    ),
    "an empty secret": ({**SINGLE, "MicrosoftAppPassword": ""}, "MicrosoftAppPassword", "not set"),
    "a blank secret": ({**SINGLE, "MicrosoftAppPassword": "   "}, "MicrosoftAppPassword", "white space"),
    "a secret with a line break": (
        {**SINGLE, "MicrosoftAppPassword": PASSWORD + "\n"},
        "MicrosoftAppPassword",
        "space",
    ),
    "a secret of two lines": ({**SINGLE, "MicrosoftAppPassword": "a\nb"}, "MicrosoftAppPassword", "control"),
    "a secret to be filled in": (
        {**SINGLE, "MicrosoftAppPassword": "changeme"},
        "MicrosoftAppPassword",
        "placeholder",
    ),
    "a vault reference that was not resolved": (
        {
            **SINGLE,
            "MicrosoftAppPassword": "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)",
        },
        "MicrosoftAppPassword",
        "placeholder",
    ),
    "no tenant": ({k: v for k, v in SINGLE.items() if "Tenant" not in k}, "MicrosoftAppTenantId", "not set"),
    "a blank tenant": ({**SINGLE, "MicrosoftAppTenantId": " "}, "MicrosoftAppTenantId", "white space"),
    "the tenant called common": (
        {**SINGLE, "MicrosoftAppTenantId": "common"},
        "MicrosoftAppTenantId",
        "not an id",
    ),
    "a tenant by its domain": (
        {**SINGLE, "MicrosoftAppTenantId": "contoso.com"},
        "MicrosoftAppTenantId",
        "not an id",
    ),
    "a managed identity without tenant": (
        {k: v for k, v in MANAGED.items() if "Tenant" not in k},
        "MicrosoftAppTenantId",
        "not set",
    ),
    "a managed identity with a secret": (
        {**MANAGED, "MicrosoftAppPassword": PASSWORD},
        "MicrosoftAppPassword",
        "managed identity",
    ),
    "a managed identity with a token URL": (
        {**MANAGED, "HANDRAIL_TOKEN_URL": "https://login.example/token"},
        "HANDRAIL_TOKEN_URL",
        "managed identity",
    ),
    "a multi-tenant bot": ({**SINGLE, "MicrosoftAppType": "MultiTenant"}, "MicrosoftAppType", "SingleTenant"),
    "a secret without an app id": ({"MicrosoftAppPassword": PASSWORD}, "MicrosoftAppId", "not set"),
    "a tenant without an app id": ({"MicrosoftAppTenantId": TENANT}, "MicrosoftAppId", "not set"),
    "an app id under a name nobody reads": ({"MICROSOFT_APP_ID": APP}, "MICROSOFT_APP_ID", "MicrosoftAppId"),
    "local mode on every interface": ({"HANDRAIL_HOST": "0.0.0.0"}, "HANDRAIL_HOST", "this machine only"),
    "local mode on every IPv6 interface": ({"HANDRAIL_HOST": "::"}, "HANDRAIL_HOST", "this machine only"),
    "local mode on a name": ({"HANDRAIL_HOST": "helpdesk.example"}, "HANDRAIL_HOST", "this machine only"),
    "a host with its port": ({**SINGLE, "HANDRAIL_HOST": "127.0.0.1:80"}, "HANDRAIL_HOST", "without a port"),
    "a port in words": ({"HANDRAIL_PORT": "http"}, "HANDRAIL_PORT", "0 to 65535"),
    "a port too high": ({"HANDRAIL_PORT": "65536"}, "HANDRAIL_PORT", "0 to 65535"),
    "a negative port": ({"HANDRAIL_PORT": "-1"}, "HANDRAIL_PORT", "0 to 65535"),
    "plain http to another machine": (
        {**SINGLE, "HANDRAIL_OPENID_METADATA_URL": "http://login.example/openid"},
        "HANDRAIL_OPENID_METADATA_URL",
        "https",
    ),
    "loopback's name in front of another": (
        {**SINGLE, "HANDRAIL_TOKEN_URL": "http://127.0.0.1.evil.example/token"},
        "HANDRAIL_TOKEN_URL",
        "https",
    ),
    "a URL with a user": (
        {**SINGLE, "HANDRAIL_TOKEN_URL": "https://me:hunter2@login.example/"},
        "HANDRAIL_TOKEN_URL",
        "user",
    ),
    "a URL with a query": (
        {"HANDRAIL_GRAPH_URL": "https://graph.example/v1.0?x=1"},
        "HANDRAIL_GRAPH_URL",
        "query",
    ),
    "a URL without scheme": ({"HANDRAIL_PUBLIC_URL": "handrail.example"}, "HANDRAIL_PUBLIC_URL", "not a URL"),
    "a file as URL": ({"HANDRAIL_GRAPH_URL": "file:///etc/passwd"}, "HANDRAIL_GRAPH_URL", "not a URL"),
    "a plain service URL": (
        {**SINGLE, "HANDRAIL_SERVICE_URLS": "http://smba.trafficmanager.net"},
        "HANDRAIL_SERVICE_URLS",
        "plain http",
    ),
    "service URLs that are commas": (
        {**SINGLE, "HANDRAIL_SERVICE_URLS": ",,"},
        "HANDRAIL_SERVICE_URLS",
        "list",
    ),
    "a helpdesk outside the allowed URLs": (
        {**SINGLE, "HANDRAIL_HELPDESK_SERVICE_URL": "https://elsewhere.example/teams/"},
        "HANDRAIL_HELPDESK_SERVICE_URL",
        "HANDRAIL_SERVICE_URLS",
    ),
    "a group chat as channel": (
        {**SINGLE, "HANDRAIL_HELPDESK_CHANNEL": "19:abc@thread.v2"},
        "HANDRAIL_HELPDESK_CHANNEL",
        "chat",
    ),
    "a channel's name": (
        {**SINGLE, "HANDRAIL_HELPDESK_CHANNEL": "Helpdesk"},
        "HANDRAIL_HELPDESK_CHANNEL",
        "link",
    ),
    "a thread as channel": (
        {**SINGLE, "HANDRAIL_HELPDESK_CHANNEL": CHANNEL + ";messageid=1"},
        "HANDRAIL_HELPDESK_CHANNEL",
        "messageid",
    ),
    "a team's link": (
        {
            **SINGLE,
            "HANDRAIL_HELPDESK_CHANNEL": "https://teams.microsoft.com/l/team/19%3Aabc%40thread.tacv2/x",
        },
        "HANDRAIL_HELPDESK_CHANNEL",
        "Get link",
    ),
    "a channel of another tenant": (
        {**SINGLE, "HANDRAIL_HELPDESK_CHANNEL": LINK + OTHER},
        "HANDRAIL_HELPDESK_CHANNEL",
        "another tenant",
    ),
    "a database nobody knows": (
        {"HANDRAIL_DATABASE_URL": "mysql://db/x"},
        "HANDRAIL_DATABASE_URL",
        "sqlite:///",
    ),
    "a database without file": ({"HANDRAIL_DATABASE_URL": "sqlite:///"}, "HANDRAIL_DATABASE_URL", "no file"),
    "a database path with two slashes": (
        {"HANDRAIL_DATABASE_URL": "sqlite://x.db"},
        "HANDRAIL_DATABASE_URL",
        "file",
    ),
    "a database that forgets": (
        {"HANDRAIL_DATABASE_URL": "sqlite:///:memory:"},
        "HANDRAIL_DATABASE_URL",
        "forgets",
    ),
    "content that is not there": (
        {"HANDRAIL_CONTENT": "/no/such/folder"},
        "HANDRAIL_CONTENT",
        "no such folder",
    ),
    "a board without an address": (
        {**SINGLE, "HANDRAIL_BOARD_ROLE": "Helpdesk"},
        "HANDRAIL_PUBLIC_URL",
        "HANDRAIL_BOARD_ROLE",
    ),
    "a board in a folder of a host": (
        {**BOARD, "HANDRAIL_PUBLIC_URL": "https://example.com/handrail/"},
        "HANDRAIL_PUBLIC_URL",
        "host of its own",
    ),
    "a board that browsers reach in plain http": (
        {**BOARD, "HANDRAIL_PUBLIC_URL": "http://bot.example.com"},
        "HANDRAIL_PUBLIC_URL",
        "https",
    ),
    "a role with a space": ({**BOARD, "HANDRAIL_BOARD_ROLE": "Help desk"}, "HANDRAIL_BOARD_ROLE", "app role"),
    "a group by its name": (
        {**BOARD, "HANDRAIL_BOARD_GROUP": "Helpdesk"},
        "HANDRAIL_BOARD_GROUP",
        "not an id",
    ),
    "a board of a managed identity": (
        {**BOARD, **MANAGED, "MicrosoftAppPassword": ""},
        "HANDRAIL_BOARD_APP_ID",
        "nobody",
    ),
    "an app of its own where there is one": (
        {**BOARD, "HANDRAIL_BOARD_APP_ID": TENANT},
        "HANDRAIL_BOARD_APP_ID",
        "remove this",
    ),
    "a webhook without its address": (
        {"HANDRAIL_TICKETS": "webhook", "HANDRAIL_TICKETS_SECRET": WEBHOOK_SECRET},
        "HANDRAIL_TICKETS_URL",
        "not set",
    ),
    "a webhook without its secret": (
        {"HANDRAIL_TICKETS": "webhook", "HANDRAIL_TICKETS_URL": "https://tickets.example/cases"},
        "HANDRAIL_TICKETS_SECRET",
        "openssl rand",
    ),
    "a webhook's address, and nobody who sends": (
        {"HANDRAIL_TICKETS_URL": "https://tickets.example/cases", "HANDRAIL_TICKETS_SECRET": WEBHOOK_SECRET},
        "HANDRAIL_TICKETS",
        "set this to webhook",
    ),
    "a webhook in plain http": (
        {**WEBHOOK, "HANDRAIL_TICKETS_URL": "http://tickets.example/cases"},
        "HANDRAIL_TICKETS_URL",
        "https",
    ),
    "a webhook secret without its beginning": (
        {**WEBHOOK, "HANDRAIL_TICKETS_SECRET": WEBHOOK_SECRET.removeprefix("whsec_")},
        "HANDRAIL_TICKETS_SECRET",
        "write whsec_",
    ),
    "a webhook secret that is too short": (
        {**WEBHOOK, "HANDRAIL_TICKETS_SECRET": "whsec_" + "canary00" * 3 + "canary0="},
        "HANDRAIL_TICKETS_SECRET",
        "24 to 64",
    ),
    "a webhook secret that is too long": (
        {**WEBHOOK, "HANDRAIL_TICKETS_SECRET": "whsec_" + "canary00" * 11},
        "HANDRAIL_TICKETS_SECRET",
        "24 to 64",
    ),
    "a webhook secret that is no base64": (
        {**WEBHOOK, "HANDRAIL_TICKETS_SECRET": "whsec_canary-with-characters-of-another-alphabet"},
        "HANDRAIL_TICKETS_SECRET",
        "base64",
    ),
    "a webhook secret with a line break": (
        {**WEBHOOK, "HANDRAIL_TICKETS_SECRET": WEBHOOK_SECRET + "\n"},
        "HANDRAIL_TICKETS_SECRET",
        "white space",
    ),
    "a webhook secret in place of the address": (
        {**WEBHOOK, "HANDRAIL_TICKETS_URL": WEBHOOK_SECRET},
        "HANDRAIL_TICKETS_URL",
        "not a URL",
    ),
    "a ticket system that is not there": ({"HANDRAIL_TICKETS": "tickety"}, "HANDRAIL_TICKETS", "builtin"),
    "an app id and nobody who sees the cases": (
        {k: v for k, v in SINGLE.items() if "CHANNEL" not in k},
        "HANDRAIL_HELPDESK_CHANNEL",
        "Get link to channel",
    ),
    "a language in words": ({"HANDRAIL_LANGUAGE": "German"}, "HANDRAIL_LANGUAGE", "language"),
    "a zone that is an offset": (
        {"HANDRAIL_HELPDESK_ZONE": "+01:00"},
        "HANDRAIL_HELPDESK_ZONE",
        "Europe/Berlin",
    ),
    "a zone that is a path": (
        {"HANDRAIL_HELPDESK_ZONE": "../../etc/passwd"},
        "HANDRAIL_HELPDESK_ZONE",
        "time zone",
    ),
    "a log level too many": ({"HANDRAIL_LOG_LEVEL": "TRACE"}, "HANDRAIL_LOG_LEVEL", "INFO"),
    "a probe nobody knows": ({"HANDRAIL_PROBES": "graph,ping"}, "HANDRAIL_PROBES", "unknown"),
}


@pytest.mark.parametrize("environ", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_right_environment_is_accepted(environ: dict[str, str]) -> None:
    """Each of these environments gives settings, and is in local mode exactly when it has no app id."""
    assert Settings.read(environ).local is ("MicrosoftAppId" not in environ)


@pytest.mark.parametrize(("environ", "name", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_a_wrong_environment_is_refused(environ: dict[str, str], name: str, says: str) -> None:
    """Each of these is one mistake, told in one line with the variable and what to do, and never a secret."""
    said = problem(environ)

    lines = [line for line in said.splitlines() if line.startswith("  ")]
    assert len(lines) == 1, said
    assert lines[0].strip().startswith(name)
    assert says in lines[0]
    assert "canary" not in said
    assert "hunter2" not in said


def test_all_mistakes_are_told_at_once() -> None:
    """Nobody should have to start the bot five times to learn of five mistakes."""
    said = problem({**SINGLE, "MicrosoftAppTenantId": "x", "HANDRAIL_PORT": "y", "HANDRAIL_LANGUAGE": "z z"})

    assert said.startswith("3 settings are wrong")
    assert all(name in said for name in ("MicrosoftAppTenantId", "HANDRAIL_PORT", "HANDRAIL_LANGUAGE"))


def test_a_wrong_value_is_quoted() -> None:
    """The message repeats what it found, so that one sees where it came from."""
    assert "HANDRAIL_PORT is '39 78':" in problem({"HANDRAIL_PORT": "39 78"})


def test_a_secret_in_the_wrong_variable_is_not_quoted() -> None:
    """Whoever swaps two lines must not find the secret in a log."""
    assert "canary" not in problem({**SINGLE, "MicrosoftAppId": PASSWORD})
    assert "canary" not in problem({"MicrosoftAppId": PASSWORD})


def test_a_secret_never_shows_itself() -> None:
    """No repr, no text, no JSON, no pickle and no traceback of the settings contains the secret."""
    settings = Settings.read({**SINGLE, **WEBHOOK, "HANDRAIL_DATABASE_URL": "postgresql://me:canary@db/x"})

    assert settings.app_password.reveal() == PASSWORD
    assert settings.tickets_secret.reveal() == WEBHOOK_SECRET
    shown = [
        repr(settings),
        f"{settings.app_password} {settings.database_url!r}",
        repr(config.shown(msgspec.structs.asdict(settings))),
    ]
    assert not any("canary" in text for text in shown)
    with pytest.raises(TypeError):
        msgspec.json.encode(settings)
    with pytest.raises(TypeError):
        pickle.dumps(settings.app_password)


def test_secrets_compare_by_value() -> None:
    """A secret equals the same secret and nothing else, not even its own text; an empty one is false."""
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert not Secret()


def test_a_channel_link_gives_the_channels_id() -> None:
    """What Teams copies as a link is as good as the id inside it."""
    settings = Settings.read({**SINGLE, "HANDRAIL_HELPDESK_CHANNEL": LINK + TENANT})

    assert settings.helpdesk_channel == CHANNEL


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        ("", "https://smba.trafficmanager.net/teams/"),
        ("https://smba.infra.gov.teams.microsoft.us", "https://smba.infra.gov.teams.microsoft.us/teams/"),
        ("http://127.0.0.1:9000/amer", "http://127.0.0.1:9000/amer/"),
    ],
)
def test_the_helpdesk_is_in_the_same_cloud(allowed: str, expected: str) -> None:
    """Who sets the service URLs of another cloud need not say the same again for the helpdesk."""
    assert Settings.read({**SINGLE, "HANDRAIL_SERVICE_URLS": allowed}).helpdesk_service_url == expected


def test_the_command_line_wins() -> None:
    """--host and --port stand above the environment, and obey the same rules."""
    settings = Settings.read({"HANDRAIL_HOST": "0.0.0.0", "HANDRAIL_PORT": "1"}, host="localhost", port=8080)

    assert (settings.host, settings.port) == ("localhost", 8080)
    with pytest.raises(ConfigError, match="this machine only"):
        Settings.read({}, host="0.0.0.0")


def test_a_conversation_in_the_terminal_is_not_kept() -> None:
    """The program may ask for a database in memory at any time; a setting only in local mode."""
    settings = Settings.read({**SINGLE, "HANDRAIL_DATABASE_URL": "sqlite:///x.db"}, in_memory=True)

    assert settings.database_url.reveal() == "sqlite://:memory:"
    assert Settings.read({"HANDRAIL_DATABASE_URL": "sqlite://:memory:"}).local
    assert "forgets" in problem({**SINGLE, "HANDRAIL_DATABASE_URL": "sqlite://:memory:"})


def test_an_unknown_setting_is_a_warning_with_a_guess() -> None:
    """A misspelt setting does not stop the bot, but it is not passed over either."""
    [warning] = Settings.read({"HANDRAIL_DATABSE_URL": "sqlite:///x.db"}).warnings

    assert "HANDRAIL_DATABSE_URL" in warning
    assert "Did you mean HANDRAIL_DATABASE_URL?" in warning


def test_a_setting_like_no_other_gets_no_guess() -> None:
    """A wrong guess is worse than none: then the list of all settings is named."""
    [warning] = Settings.read({"HANDRAIL_FOO": "1"}).warnings

    assert "Did you mean" not in warning
    assert "handrail doctor" in warning


def test_probes_in_local_mode_are_a_warning() -> None:
    """Without an identity nobody can be asked, and somebody who set this expects otherwise."""
    assert ["local mode" in each for each in Settings.read({"HANDRAIL_PROBES": "graph"}).warnings] == [True]
    assert Settings.read({**SINGLE, "HANDRAIL_PROBES": "graph"}).warnings == ()


def test_the_secrets_id_in_place_of_its_value_is_suspicious() -> None:
    """Azure shows an ID beside every secret, and people copy that."""
    settings = Settings.read({**SINGLE, "MicrosoftAppPassword": OTHER, "HANDRAIL_HELPDESK_CHANNEL": CHANNEL})

    assert ["secret's value" in warning for warning in settings.warnings] == [True]


def test_shipped_content_is_the_default() -> None:
    """Without a setting the guides are those that come with the bot."""
    assert (Settings.read({}).content).name == "content"
    assert Settings.read({}).content.is_dir()


def test_every_default_is_what_its_own_parser_accepts() -> None:
    """The table's defaults are themselves valid settings."""
    settings = Settings.read({})

    for setting in SETTINGS:
        if setting.default:
            assert setting.parse(setting.default) == getattr(settings, setting.field), setting.name
    assert settings.given == frozenset()


def test_the_table_and_the_settings_agree() -> None:
    """Each row of the table is a field, and each field but those of the reading and the file is a row."""
    fields = {field.name for field in msgspec.structs.fields(Settings)} - {
        "given",
        "warnings",
        "ticket_desks",
    }

    assert {setting.field for setting in SETTINGS} == fields
    assert len(SETTINGS) == len(fields)


def test_the_default_issuer_is_the_gates() -> None:
    """Two files name the public issuer; they name the same."""
    assert Settings.read({}).token_issuer == PUBLIC_ISSUER


def test_the_process_environment_is_the_default() -> None:
    """Without an argument the settings come from the process."""
    code = "from bot.config import Settings; print(Settings.read().port)"
    environ = {**os.environ, "HANDRAIL_PORT": "4711"}

    run = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )

    assert run.stdout.strip() == "4711"


def test_only_one_file_reads_the_environment() -> None:
    """os.environ and os.getenv appear in config.py and nowhere else in the packages."""
    top = Path(config.__file__).parent.parent
    readers = {
        path.name
        for folder in ("bot", "dialogs")
        for path in (top / folder).rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in ("os.environ", "getenv"))
    }

    assert readers == {"config.py"}


@given(st.dictionaries(st.sampled_from([s.name for s in SETTINGS] + ["HANDRAIL_X"]), st.text(max_size=60)))
def test_any_environment_gives_settings_or_a_clear_refusal(environ: dict[str, str]) -> None:
    """Whatever stands in the environment: settings, or a ConfigError; without an app id, loopback."""
    try:
        settings = Settings.read(environ)
    except ConfigError as error:
        assert "wrong" in str(error)  # noqa: PT017  both outcomes are right, neither may be anything else
    else:
        assert (
            settings.app_id or settings.host in {"127.0.0.1", "localhost", "::1"} or "127." in settings.host
        )
