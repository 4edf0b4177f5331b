"""The operator's manual says what the program does: settings, messages, metrics, files."""

import inspect
import re
from pathlib import Path
from typing import get_args

import click
import pytest

from bot import control
from bot.cli import app
from bot.commands.outbox_shown import table
from bot.config import SETTINGS, Settings
from bot.errors import ConfigError
from bot.metrics import Metrics
from bot.outbox import dispatcher
from bot.outbox.entry import entry_of
from bot.store.api import Message, MessageState
from bot.store.retention import Retention
from bot.teams import adapter, auth, keys, news, tokens
from bot.web import health

DEPLOYMENT = Path(__file__).parents[2] / "deployment"
MANUAL = (DEPLOYMENT / "README.md").read_text("utf-8")
APP = "5f2c8d10-7a44-4c1b-9a55-0d6f8b2e1c90"
CHANNEL = {"HANDRAIL_HELPDESK_CHANNEL": "19:abc@thread.tacv2"}
REGISTERED = {"MicrosoftAppId": APP, "MicrosoftAppPassword": "x", "MicrosoftAppTenantId": APP, **CHANNEL}


def settings_table() -> list[tuple[str, str, str]]:
    """Name, default and meaning of each row of the manual's table."""
    section = MANUAL.split("<!-- settings:")[1].split("<!-- end of settings -->")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return [(row[0].strip("`"), row[1], row[2]) for row in rows]


def test_the_settings_table_is_the_programs() -> None:
    """Every setting is in the manual, in the same order, with the same default and the same meaning."""
    expected = [
        (
            setting.name,
            "<br>".join(f"`{part}`" for part in setting.default.split(",")) if setting.default else "–",
            setting.meaning,
        )
        for setting in SETTINGS
    ]

    assert settings_table() == expected


def test_every_setting_the_deployments_name_exists() -> None:
    """No file of the deployment sets a variable that nobody reads."""
    known = {setting.name for setting in SETTINGS}
    named = {
        (path.name, name)
        for path in DEPLOYMENT.rglob("*")
        if path.is_file() and path.suffix in {".md", ".yaml", ".example", ".bicep", ""}
        for name in re.findall(r"\b(?:HANDRAIL_[A-Z_]*[A-Z]|MicrosoftApp[A-Z]\w+)", path.read_text("utf-8"))
    }

    assert {(file, name) for file, name in named if name not in known} == set()
    assert len(named) > len(known)


@pytest.mark.parametrize(
    "environ",
    [
        {**REGISTERED, "MicrosoftAppId": "<application (client) id>"},
        {"HANDRAIL_HOST": "0.0.0.0"},
        {"MicrosoftAppId": APP, "MicrosoftAppPassword": "x", **CHANNEL},
        {**REGISTERED, "HANDRAIL_HELPDESK_CHANNEL": ""},
        {**REGISTERED, "MicrosoftAppType": "MultiTenant"},
        {**REGISTERED, "HANDRAIL_HELPDESK_CHANNEL": "19:abc@thread.v2"},
        {"HANDRAIL_PORT": "tcp://10.0.0.7:80"},
    ],
)
def test_the_messages_in_the_manual_are_the_programs(environ: dict[str, str]) -> None:
    """Whoever searches the manual for the message on the screen finds it word for word."""
    with pytest.raises(ConfigError) as caught:
        Settings.read(environ)

    [message] = str(caught.value).splitlines()[1:]
    assert f"\n{message.strip()}\n" in MANUAL


def test_the_example_of_an_environment_is_refused_until_filled_in() -> None:
    """The example's lines are all settings, and none of its placeholders passes for a value."""
    lines = (DEPLOYMENT / "handrail.env.example").read_text("utf-8").splitlines()
    environ = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    with pytest.raises(ConfigError) as caught:
        Settings.read(environ)

    placeholders = {name for name, value in environ.items() if value.startswith("<")}
    assert {line.split()[0] for line in str(caught.value).splitlines()[1:]} == placeholders


def test_every_metric_in_the_manual_exists() -> None:
    """An alert on a metric that nobody writes never fires."""
    described = set(re.findall(r"`(handrail_[a-z_]+)", MANUAL))
    exported = set(re.findall(r"# TYPE (\w+)", Metrics().text().decode()))

    assert described
    assert {
        name for name in described if name not in exported and name.removesuffix("_total") not in exported
    } == (set())


def test_every_reason_in_the_manual_is_given_by_the_gate() -> None:
    """The table of refusals holds words that the log really has."""
    table = MANUAL.split("| `reason` |")[1].split("\n\n")[0]
    reasons = set(re.findall(r"`([a-z_]+)`(?=[,\s|]*[|`])", table.split("---", 2)[2]))
    source = inspect.getsource(auth)

    assert {"audience", "foreign_tenant", "expired", "not_yet_valid", "service_url_not_allowed"} <= reasons
    assert {reason for reason in reasons if f'"{reason}"' not in source} == set()


def test_every_log_line_in_the_manual_is_written_somewhere() -> None:
    """The names of events that the manual tells to look for are those in the code."""
    modules = (keys, tokens, adapter, news, dispatcher, health, control)
    sources = "".join(inspect.getsource(module) for module in modules)
    told = set(re.findall(r"`(teams_[a-z_]+)`", MANUAL))

    assert told
    for event in (
        *told, "signing_keys_not_fetched", "bot_token_not_fetched", "activity_refused", "message_dead",
        "not_ready", "control_socket_not_open",
    ):  # fmt: skip
        assert event in MANUAL
        assert f'"{event}"' in sources


def test_every_command_in_the_manual_exists() -> None:
    """Each is there with each option that is named; the states of the outbox are explained, all of them."""
    outbox = app.commands["outbox"]
    assert isinstance(outbox, click.Group)
    named = set(re.findall(r"handrail outbox (\w+)((?: --[a-z-]+)?)", MANUAL))

    assert {command for command, _ in named} == set(outbox.commands)
    for command, option in named:
        options = {word for each in outbox.commands[command].params for word in each.opts}
        assert not option or option.strip() in options
    section = MANUAL.split("## The outbox")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == {*get_args(MessageState)} - {"done"}


def test_the_example_of_the_outbox_is_what_it_looks_like(capsys: pytest.CaptureFixture[str]) -> None:
    """Its heading is that of the table, drawn as wide as in the manual."""
    message = Message(
        id=10, key="k", lane="l", kind="handoff-update", conversation="c", body=b"", state="dead",
        attempt=1, created_at=0, error="x" * 40,
    )  # fmt: skip
    table([entry_of(message)], cut=False)

    heading = capsys.readouterr().out.splitlines()[0].split()
    assert heading in [line.split() for line in MANUAL.splitlines()]


def test_the_periods_in_the_manual_are_those_of_the_store() -> None:
    """How long something is kept is a promise, so the table and the constants say the same."""
    kept_for = Retention()
    days = {
        "messages that Teams took": kept_for.receipts / 86400,
        "other messages that are done, or could not be delivered": kept_for.messages / 86400,
        "messages for somebody who blocked or removed the bot": kept_for.parked / 86400,
        "ids of events": kept_for.events / 86400,
    }

    for what, kept in days.items():
        assert re.search(rf"^\| {what} \| [^|]+ \| {kept:.0f} days(,[^|]*)? \|$", MANUAL, re.MULTILINE), what


def test_every_link_inside_the_manual_leads_somewhere() -> None:
    """The contents name headings that are there."""
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in MANUAL.splitlines()
        if line.startswith("#")
    }

    assert set(re.findall(r"\]\(#([^)]+)\)", MANUAL)) <= headings


def test_what_builds_the_image_is_pinned_like_everything_else() -> None:
    """The image's build tools have the versions and hashes of requirements-dev.lock."""
    development = (DEPLOYMENT.parent / "requirements-dev.lock").read_text("utf-8")
    lines = [
        line.rstrip("\\ ")
        for line in (DEPLOYMENT / "requirements-build.lock").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]

    assert lines
    assert [line for line in lines if line not in development] == []


def test_the_proxies_let_in_one_path() -> None:
    """Health, metrics and whatever comes later stay inside, behind each of the proxies that we ship."""
    for name in ("Caddyfile", "azure/cloud-init.yaml"):
        text = (DEPLOYMENT / name).read_text("utf-8")
        assert re.findall(r"^\s*path (.+)$", text, re.MULTILINE) == ["/api/messages"], name
        assert "respond 404" in text
    ingress = (DEPLOYMENT / "kubernetes" / "ingress.yaml").read_text("utf-8")
    assert re.findall(r"- path: (\S+)\n\s+pathType: (\S+)", ingress) == [("/api/messages", "Exact")]


def test_the_bicep_file_fills_in_the_whole_template() -> None:
    """Every @NAME@ of the machine's first start has its replacement."""
    template = (DEPLOYMENT / "azure" / "cloud-init.yaml").read_text("utf-8")
    bicep = (DEPLOYMENT / "azure" / "main.bicep").read_text("utf-8")

    assert set(re.findall(r"@[A-Z_]+@", template)) == set(re.findall(r"'(@[A-Z_]+@)'", bicep))


def test_the_manual_is_honest_about_azure() -> None:
    """Who reads the manual or the file learns that nobody has deployed it yet."""
    for text in (MANUAL, (DEPLOYMENT / "azure" / "main.bicep").read_text("utf-8")):
        assert "never deployed by us" in text
