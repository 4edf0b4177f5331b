"""`handrail package`: the app package that is uploaded to Teams.

Must not know: what a manifest looks like inside.
"""

import re
import uuid
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click

from bot import config
from bot import setting_values as to
from bot.commands.teams_app import build
from bot.errors import ConfigError
from bot.places import shipped

_TEAMS_APPS: Final = uuid.UUID("4d6e1d6e-2f0a-5d0b-9c64-6f1a7b1f9a35")  # ours; it makes app ids from bot ids


@click.command()
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), default=Path("handrail.zip"), show_default=True,
    help="The file to write.",
)  # fmt: skip
@click.option("--bot-id", default="", help="The bot's app id. Default: MicrosoftAppId.")
@click.option("--app-id", default="", help="The Teams app's id. Default: made from the bot's.")
@click.option("--domain", default="", help="The server's domain. Default: that of HANDRAIL_PUBLIC_URL.")
@click.option("--name", default="Handrail", show_default=True, help="What the bot is called in Teams.")
@click.option("--developer", default="Handrail", show_default=True, help="Who offers it.")
@click.option("--website", default="", help="Your page about it. Default: the domain.")
@click.option("--privacy", default="", help="Your privacy statement. Default: the website.")
@click.option("--terms", default="", help="Your terms of use. Default: the website.")
@click.option(
    "--folder", type=click.Path(path_type=Path),
    help="A copy of deployment/teams with your own icons and texts.",
)  # fmt: skip
def package(
    *,
    output: Path,
    bot_id: str,
    app_id: str,
    domain: str,
    name: str,
    developer: str,
    website: str,
    privacy: str,
    terms: str,
    folder: Path | None,
) -> None:
    """Make the app package that is uploaded to Teams."""
    settings, _, _ = config.examine()
    bot_id = bot_id or settings.get("app_id", "")
    domain = domain or urlsplit(settings.get("public_url", "")).hostname or ""
    website = website or (f"https://{domain}" if domain else "")
    problems = [
        *_option_problems("--bot-id", bot_id, to.guid, "give the bot's app id, or set MicrosoftAppId"),
        *(_option_problems("--app-id", app_id, to.guid, "") if app_id else ()),
        *(_option_problems("--domain", domain, _domain, "") if domain else ()),
        *_option_problems("--website", website, _https, "give it, or --domain"),
        *(_option_problems("--privacy", privacy, _https, "") if privacy else ()),
        *(_option_problems("--terms", terms, _https, "") if terms else ()),
    ]
    if problems:
        raise ConfigError("\n  ".join(["The package was not made.", *problems]))
    values = {
        "APP_ID": app_id or str(uuid.uuid5(_TEAMS_APPS, to.guid(bot_id))),
        "BOT_ID": to.guid(bot_id),
        "DOMAIN": domain,
        "NAME": name,
        "DEVELOPER": developer,
        "WEBSITE": website,
        "PRIVACY": privacy or website,
        "TERMS": terms or website,
        "VERSION": version("handrail"),
    }
    packed = build(folder or shipped("teams", "deployment/teams"), values)
    try:
        output.write_bytes(packed)
    except OSError as error:
        raise ConfigError(
            f"{output} cannot be written ({error.strerror}); choose another place with -o."
        ) from None
    click.echo(f"{output}: {values['NAME']}, version {values['VERSION']}, app id {values['APP_ID']}")
    if not (privacy and terms):
        click.echo(f"Privacy statement and terms of use lead to {website}; --privacy and --terms name yours.")


def _option_problems(option: str, text: str, parse: Any, missing: str) -> list[str]:
    if not text:
        return [f"{option} is not set: {missing}."]
    try:
        if to.is_placeholder(text):
            raise ValueError("it is a placeholder; put the real value there")  # noqa: TRY301  told like the others
        parse(text)
    except ValueError as error:
        return [f"{option} is {text!r}: {error}."]
    return []


def _domain(text: str) -> str:
    if not re.fullmatch(r"(?!-)[a-z0-9-]+(\.[a-z0-9-]+)+", text, re.IGNORECASE | re.ASCII):
        raise ValueError("it is not a domain; write bot.example.com, without https:// and path")
    return text


def _https(text: str) -> str:
    if not to.url(text).startswith("https://"):
        raise ValueError("Teams wants https here")
    return text
