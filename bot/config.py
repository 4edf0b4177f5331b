"""The environment -> frozen settings: the one file that reads the environment.

All mistakes are told at once, each with the variable, its value (never a secret's) and the remedy. Without an
app id the bot is in local mode, which no other machine can reach; a half-filled identity refuses to start.

Must not know: what the settings are used for, the command line, how to open anything.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from bot import setting_checks as checks
from bot import setting_values as to
from bot.desk_settings import TicketDesk
from bot.errors import ConfigError
from bot.places import shipped
from bot.secret import Secret
from bot.teams.service_urls import PUBLIC
from bot.tickets.needs import SYSTEMS


class Setting(msgspec.Struct, frozen=True):
    """One setting: parsed, checked, shown and documented from this one entry.

    `default` is text as it would stand in the environment; "" means that there is none.
    `field` is its name in Settings.
    """

    name: str
    field: str
    kind: str
    parse: Callable[[str], Any]
    default: str
    meaning: str
    secret: bool = False


SETTINGS: Final = (
    Setting("MicrosoftAppId", "app_id", "id", to.guid, "",
            "The bot's app id; without it the bot runs in local mode, for this machine only."),
    Setting("MicrosoftAppPassword", "app_password", "secret", to.secret, "",
            "The app's client secret (its value, not its ID); not used with a managed identity.",
            secret=True),
    Setting("MicrosoftAppType", "app_type", "word", to.one_of("SingleTenant", "UserAssignedMSI"),
            "SingleTenant",
            "How the bot proves itself: SingleTenant with a secret, UserAssignedMSI by a managed identity."),
    Setting("MicrosoftAppTenantId", "tenant_id", "id", to.guid, "",
            "The Microsoft Entra tenant of the bot; people of other tenants are refused."),
    Setting("HANDRAIL_DATABASE_URL", "database_url", "URL", to.database_url, "sqlite:///var/handrail.db",
            "Where everything is kept; three slashes are relative to the working directory, four absolute.",
            secret=True),
    Setting("HANDRAIL_CONTENT", "content", "folder", to.folder, "",
            "The folder with guides, fixes and texts; without it, the content that comes with Handrail."),
    Setting("HANDRAIL_TICKETS", "tickets", "word", to.one_of(*SYSTEMS), "builtin",
            "The ticket system; builtin keeps cases in Handrail's own database and sends nothing."),
    Setting("HANDRAIL_TICKETS_URL", "tickets_url", "URL", to.tickets_url, "",
            "Its address; for webhook the whole address that takes the POST."),
    Setting("HANDRAIL_TICKETS_USER", "tickets_user", "text", to.line, "",
            "Who Handrail is there: a user or an e-mail address, as the system wants it."),
    Setting("HANDRAIL_TICKETS_TOKEN", "tickets_token", "secret", to.secret, "",
            "That user's API token or password.",
            secret=True),
    Setting("HANDRAIL_TICKETS_PROJECT", "tickets_project", "text", to.line, "",
            "Where tickets are filed: a project, queue, group or repository, as the system calls it."),
    Setting("HANDRAIL_TICKETS_SECRET", "tickets_secret", "secret", to.secret, "",
            "What signs messages between the two; for webhook whsec_ and then base64 of 24 to 64 bytes.",
            secret=True),
    Setting("HANDRAIL_TICKETS_FILE", "tickets_file", "file", to.file, "",
            "A TOML file with further ticket systems, each with the cases that are filed there."),
    Setting("HANDRAIL_HELPDESK_CHANNEL", "helpdesk_channel", "channel", to.channel, "",
            "The Teams channel for the cases, by id (19:…@thread.tacv2) or link; needed with an app id."),
    Setting("HANDRAIL_HELPDESK_CHANNELS", "helpdesk_channels", "channels", to.channels, "",
            "Other channels for some cases: urgent=19:…, security=19:…, AADSTS53003=19:…, sign-in/de=19:…."),
    Setting("HANDRAIL_HELPDESK_SECOND", "helpdesk_second", "channel", to.channel, "",
            "The channel a case goes to as well when nobody has taken it at the second reminder."),
    Setting("HANDRAIL_HELPDESK_LANGUAGE", "helpdesk_language", "language", to.language, "en",
            "The language of the helpdesk's cards."),
    Setting("HANDRAIL_HELPDESK_ZONE", "helpdesk_zone", "time zone", to.zone, "UTC",
            "The time zone of the helpdesk's cards, as an IANA name."),
    Setting("HANDRAIL_HELPDESK_HOURS", "helpdesk_hours", "hours", to.hours, "",
            "When the helpdesk is there, as in Mo-Fr 08:00-17:00; PH off; empty means always."),
    Setting("HANDRAIL_HELPDESK_COUNTRY", "helpdesk_country", "country", to.country, "",
            "Whose public holidays PH means in the hours, as two letters (DE)."),
    Setting("HANDRAIL_HELPDESK_REMIND", "helpdesk_remind", "minutes", to.minutes, "30",
            "After so many minutes of its hours the helpdesk is reminded of an unclaimed case; 0: never."),
    Setting("HANDRAIL_HELPDESK_SERVICE_URL", "helpdesk_service_url", "URL", to.url,
            "https://smba.trafficmanager.net/teams/",
            "Where that channel is reached; if HANDRAIL_SERVICE_URLS lacks the default, its first."),
    Setting("HANDRAIL_PUBLIC_URL", "public_url", "URL", to.url, "",
            "The public address: its host for the app package, itself for the board and links to it."),
    Setting("HANDRAIL_BOARD_ROLE", "board_role", "app role", to.app_role, "",
            "Who may enter the board: people with this app role, by its value; or a group."),
    Setting("HANDRAIL_BOARD_GROUP", "board_group", "id", to.guid, "",
            "Who may enter the board: members of this Microsoft Entra group, by its object id; or a role."),
    Setting("HANDRAIL_BOARD_APP_ID", "board_app_id", "id", to.guid, "",
            "The app that people sign in to; needed with a managed identity only, which is none."),
    Setting("HANDRAIL_SIGN_IN_URL", "sign_in_url", "URL", to.url, "https://login.microsoftonline.com",
            "The sign-in host of the cloud, for the board."),
    Setting("HANDRAIL_OPENID_METADATA_URL", "openid_metadata_url", "URL", to.url,
            "https://login.botframework.com/v1/.well-known/openidconfiguration",
            "Where the keys are published that sign what Teams sends."),
    Setting("HANDRAIL_TOKEN_URL", "token_url", "URL", to.url, "",
            "Where the bot gets its token; without it, the Microsoft Entra sign-in of its tenant."),
    Setting("HANDRAIL_TOKEN_ISSUER", "token_issuer", "URL", to.url, "https://api.botframework.com",
            "The one issuer whose tokens are accepted."),
    Setting("HANDRAIL_SERVICE_URLS", "service_urls", "URLs", to.service_urls, PUBLIC,
            "The URL prefixes that may receive the bot's token, separated by commas."),
    Setting("HANDRAIL_LANGUAGE", "language", "language", to.language, "en",
            "The language for people whose own is unknown or not translated."),
    Setting("HANDRAIL_LOG_LEVEL", "log_level", "word", to.one_of("DEBUG", "INFO", "WARNING", "ERROR"), "INFO",
            "How much is logged: DEBUG, INFO, WARNING or ERROR."),
    Setting("HANDRAIL_HOST", "host", "host", to.host, "127.0.0.1",
            "The address to listen on; --host wins."),
    Setting("HANDRAIL_PORT", "port", "port", to.port, "3978",
            "The port to listen on; --port wins."),
    Setting("HANDRAIL_PROBES", "probes", "words", to.some_of("graph"), "",
            "Automatic checks: graph asks Microsoft Graph; empty means none."),
    Setting("HANDRAIL_GRAPH_URL", "graph_url", "URL", to.url, "https://graph.microsoft.com/v1.0",
            "Where Microsoft Graph is reached."),
    Setting("HANDRAIL_CRASH", "crash", "point", to.crash_point, "",
            "For tests only: point:n, where the process kills itself; never set it where people are."),
)  # fmt: skip
"""Every setting there is, in the order in which they are shown."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, dict=False):
    """All settings, valid and fitting together. What each means stands in SETTINGS.

    `ticket_desks` are those of the file.
    `given` names the settings that were not left to their default; `warnings` are sentences for the log.
    """

    app_id: str
    app_password: Secret
    app_type: str
    tenant_id: str
    database_url: Secret
    content: Path
    tickets: str
    tickets_url: str
    tickets_user: str
    tickets_token: Secret
    tickets_project: str
    tickets_secret: Secret
    tickets_file: str
    ticket_desks: tuple[TicketDesk, ...]
    helpdesk_channel: str
    helpdesk_channels: tuple[tuple[str, str], ...]
    helpdesk_second: str
    helpdesk_language: str
    helpdesk_zone: str
    helpdesk_hours: str
    helpdesk_country: str
    helpdesk_remind: int
    helpdesk_service_url: str
    public_url: str
    board_role: str
    board_group: str
    board_app_id: str
    sign_in_url: str
    openid_metadata_url: str
    token_url: str
    token_issuer: str
    service_urls: str
    language: str
    log_level: str
    host: str
    port: int
    probes: frozenset[str]
    graph_url: str
    crash: str
    given: frozenset[str]
    warnings: tuple[str, ...]

    @property
    def local(self) -> bool:
        """No app id: this machine only, with the chat page on `/` and the board on `/helpdesk`."""
        return not self.app_id

    @property
    def board_url(self) -> str:
        """Where the helpdesk's board is; "" without one: it needs an address, and to know who may enter."""
        if self.local:
            return (self.public_url or f"http://127.0.0.1:{self.port}").rstrip("/") + "/helpdesk"
        known = self.public_url and (self.board_role or self.board_group)
        return f"{self.public_url.rstrip('/')}/helpdesk" if known else ""

    @classmethod
    def read(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        host: str | None = None,
        port: int | None = None,
        in_memory: bool = False,
    ) -> Self:
        """Read and check the settings.

        Args:
            environ: Names and values; None reads the process's environment.
            host: What --host says; it wins over HANDRAIL_HOST.
            port: What --port says; it wins over HANDRAIL_PORT.
            in_memory: Keep nothing, whatever HANDRAIL_DATABASE_URL says (a conversation in the terminal).

        Raises:
            ConfigError: Something is wrong; the message lists all of it, one line each.
        """
        values, problems, warnings = examine(environ, host=host, port=port)
        if problems:
            count = "A setting is wrong" if len(problems) == 1 else f"{len(problems)} settings are wrong"
            raise ConfigError("\n  ".join([f"{count}; nothing was started.", *map(str, problems)]))
        if in_memory:
            values["database_url"] = Secret(to.IN_MEMORY)
        return cls(**values, warnings=warnings)


def examine(
    environ: Mapping[str, str] | None = None, *, host: str | None = None, port: int | None = None
) -> tuple[dict[str, Any], tuple[checks.Problem, ...], tuple[str, ...]]:
    """Read the settings as far as they can be read.

    Returns:
        The values by field (those that are wrong are missing), all problems, and warnings.
    """
    environ = os.environ if environ is None else environ
    texts = {setting.name: environ.get(setting.name, "") for setting in SETTINGS}
    if host is not None:
        texts["HANDRAIL_HOST"] = host
    if port is not None:
        texts["HANDRAIL_PORT"] = str(port)
    problems = checks.misspelt_identity(environ)
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        text = texts[setting.name]
        try:
            values[setting.field] = _value(setting, text, is_set=setting.name in environ)
        except ValueError as error:
            problems.append(checks.Problem(setting.name, _shown(setting, text, texts), str(error)))
    url = values.get("helpdesk_service_url")
    if url and not texts["HANDRAIL_HELPDESK_SERVICE_URL"].strip() and "service_urls" in values:
        values["helpdesk_service_url"] = checks.helpdesk_service_url(url, values["service_urls"])
    for check in checks.ALL:
        problems += check(values, texts)
    warnings = checks.warnings(environ, values, texts)
    values["ticket_desks"] = ()
    if values.get("tickets_file"):
        from bot.desk_file import read_desks  # who has one desk reads no TOML

        found = read_desks(values["tickets_file"])
        values["ticket_desks"] = found.desks
        problems += found.problems
        warnings += found.warnings
    given = {name for name, text in texts.items() if text.strip()}
    return {**values, "given": frozenset(given)}, tuple(problems), tuple(warnings)


def shown(
    values: Mapping[str, Any], problems: Iterable[checks.Problem] = ()
) -> list[tuple[Setting, str, str]]:
    """Every setting with its value as it may be shown, and where that came from ("set" or "default").

    Args:
        values: By field, as `examine` gives them.
        problems: Those of `examine`; a wrong setting is shown as its problem shows it.
    """
    wrong = {problem.name: problem.shown for problem in problems}
    rows = []
    for setting in SETTINGS:
        match values.get(setting.field):
            case Secret() as value if setting.field == "database_url":
                text = to.without_password(value.reveal())
            case Secret() as value:
                text = "set (not shown)" if value else ""
            case frozenset() as value:
                text = ", ".join(sorted(value))
            case None:
                text = wrong.get(setting.name, "")
            case value:
                text = str(value)
        rows.append((setting, text or "not set", "set" if setting.name in values["given"] else "default"))
    return rows


def _value(setting: Setting, text: str, *, is_set: bool) -> Any:
    identity = setting.name in checks.IDENTITY
    if identity and to.is_placeholder(text) and text.strip():
        raise ValueError("it is a placeholder; put the real value there")
    if setting.name == "MicrosoftAppId" and is_set and not text.strip():
        raise ValueError("it is empty; give the bot's app id, or remove the variable for local mode")
    if not text.strip() and not (text and identity):
        text = setting.default
    if text or setting.name == "HANDRAIL_PROBES":
        return setting.parse(text if setting.secret or identity else text.strip())
    if setting.name == "HANDRAIL_CONTENT":
        return shipped("content", "content")
    return Secret() if setting.secret else ""


def _shown(setting: Setting, text: str, texts: Mapping[str, str]) -> str:
    """A wrong value, unless it is a secret, holds one, or looks like one pasted into the wrong variable."""
    if setting.secret:
        return "set (not shown)" if text else ""
    return checks.shown_text(text, [texts["MicrosoftAppPassword"].strip()])
