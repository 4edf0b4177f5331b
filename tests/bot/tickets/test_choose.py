"""Every ticket system that HANDRAIL_TICKETS can name: its settings, and that it is there."""

from pathlib import Path

import pytest

from bot.commands.checks_tickets import checks_tickets
from bot.config import SETTINGS, Settings
from bot.errors import ConfigError
from bot.tickets.choose import elsewhere
from bot.tickets.http import open_client
from bot.tickets.needs import ENDS, SYSTEMS

VALUES = {
    "URL": "http://127.0.0.1:9",
    "USER": "handrail@example.com",
    "TOKEN": "canary-token",
    "PROJECT": "3/25",
    "SECRET": "whsec_" + "canary00" * 4,
}
ELSEWHERE = [each for each in SYSTEMS if each != "builtin"]


def environment(system: str, *ends: str) -> dict[str, str]:
    """The settings of a system, with these of its own."""
    values = {**VALUES, "URL": "smtp://127.0.0.1:9"} if system == "smtp" else VALUES
    return {"HANDRAIL_TICKETS": system, **{f"HANDRAIL_TICKETS_{end}": values[end] for end in ends}}


def test_every_setting_of_ticket_systems_is_in_the_list() -> None:
    """The ends of their names are those of the settings, in the same order."""
    names = [each.name for each in SETTINGS if each.name.startswith("HANDRAIL_TICKETS_")]

    assert names == [*(f"HANDRAIL_TICKETS_{end}" for end in ENDS), "HANDRAIL_TICKETS_FILE"]


def test_the_manual_has_every_system_with_its_settings() -> None:
    """A row for each, and in it something below each setting that it must or may have."""
    manual = (Path(__file__).parents[3] / "deployment" / "README.md").read_text("utf-8")
    table = manual.split("| `HANDRAIL_TICKETS` | `…_URL` |")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]

    assert {
        row[0].strip("`"): {end for end, cell in zip(ENDS, row[1:], strict=True) if cell} for row in rows
    } == {name: {*needs.must, *needs.may} for name, needs in SYSTEMS.items()}


def test_every_system_is_held_to_the_contract() -> None:
    """None is in the list that the contract does not know."""
    files = Path(__file__).parents[2] / "support" / "helpdesks"

    assert [each for each in ELSEWHERE if not (files / f"{each.replace('-', '_')}.py").exists()] == []


@pytest.mark.parametrize("system", ELSEWHERE)
async def test_a_system_with_what_it_needs_is_there(system: str) -> None:
    """By its own name, and without a secret in what can be printed."""
    settings = Settings.read(environment(system, *SYSTEMS[system].must, *SYSTEMS[system].may))

    async with open_client() as client:
        made = elsewhere(settings, client)
        assert made.name == system
        assert "canary" not in repr(vars(made)) + repr(settings)


@pytest.mark.parametrize("system", ELSEWHERE)
def test_what_is_missing_is_told_with_what_to_put_there(system: str) -> None:
    """Each by its name, and all at once."""
    with pytest.raises(ConfigError) as caught:
        Settings.read(environment(system))

    for end, remedy in SYSTEMS[system].must.items():
        expected = f"HANDRAIL_TICKETS_{end}: it is not set, but HANDRAIL_TICKETS is {system}; {remedy}"
        assert expected in str(caught.value)


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_a_system_does_not_use_is_told(system: str) -> None:
    """Somebody expects what it does not do, or has set the wrong one; no value is shown."""
    needs = SYSTEMS[system]
    for end in ENDS:
        if end in needs.must or end in needs.may:
            continue
        with pytest.raises(ConfigError) as caught:
            Settings.read(environment(system, *needs.must, end))
        assert f"HANDRAIL_TICKETS_{end}" in str(caught.value)
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("system", "url"),
    [("smtp", "https://mail.example"), ("smtp", "smtp://mail.example/x"), ("smtp", "smtp://u:p@mail.example"),
     ("smtp", "smtp://"), ("webhook", "smtp://mail.example"), ("zendesk", "smtps://mail.example")],
)  # fmt: skip
def test_an_address_is_of_its_systems_kind(system: str, url: str) -> None:
    """A mail server is no page, and no page a mail server."""
    environ = environment(system, *SYSTEMS[system].must)
    with pytest.raises(ConfigError, match="HANDRAIL_TICKETS_URL"):
        Settings.read({**environ, "HANDRAIL_TICKETS_URL": url})
    Settings.read({**environment("smtp", *SYSTEMS["smtp"].must), "HANDRAIL_TICKETS_URL": "smtps://m.example"})


def test_a_secret_that_can_be_guessed_is_refused() -> None:
    """What it signs comes from the internet and speaks to people."""
    environ = environment("github", *SYSTEMS["github"].must)
    with pytest.raises(ConfigError, match="openssl rand") as caught:
        Settings.read({**environ, "HANDRAIL_TICKETS_SECRET": "canary"})
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("system", ELSEWHERE)
async def test_the_doctor_says_of_every_system_that_nobody_is_there(system: str) -> None:
    """With what to do, and without a secret; with --offline it asks nobody."""
    settings = Settings.read(environment(system, *SYSTEMS[system].must, *SYSTEMS[system].may))

    (check, *_) = await checks_tickets(settings, offline=False)
    assert (check.name, check.state) == ("Ticket system", "failed")
    assert "HANDRAIL_TICKETS_URL" in check.remedy
    assert "canary" not in check.found + check.remedy

    [skipped] = await checks_tickets(settings, offline=True)
    assert skipped.state == "skipped"
