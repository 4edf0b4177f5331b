"""The helpdesk's pages: one language, and the same words around each. It must not know what they show."""

from collections.abc import Callable
from typing import Any

import aiohttp_jinja2
from aiohttp import web

from bot.cards.speech import Speaker
from bot.web.agents import AGENT
from bot.web.assets import Assets
from dialogs.library import Library


class Frame:
    """Renders pages below `/helpdesk`."""

    def __init__(self, *, library: Callable[[], Library], language: str, zone: str, assets: Assets) -> None:
        """Put the parts together.

        Args:
            library: The content as it is now.
            language: The helpdesk's, which the content has.
            zone: The helpdesk's IANA time zone.
            assets: Where script and style are.
        """
        self.library = library
        self._language = language
        self._zone = zone
        self._assets = assets

    def speaker(self) -> Speaker:
        """Who speaks on these pages."""
        return Speaker(self.library(), self._language, self._zone)

    def page(
        self, request: web.Request, template: str, context: dict[str, Any], *, status: int = 200
    ) -> web.Response:
        """A page, whose reader is named on it when they have signed in."""
        speaker = self.speaker()
        common = {
            "assets": self._assets,
            "say": speaker.key,
            "language": speaker.language,
            "direction": "rtl" if speaker.right_to_left else "ltr",
            "agent": request.get(AGENT),
        }
        response: web.Response = aiohttp_jinja2.render_template(
            template, request, {**common, **context}, status=status
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    def away(self, request: web.Request) -> web.Response:
        """The database does not answer; the page tries again by itself."""
        return self.page(request, "unavailable.html", {}, status=503)
