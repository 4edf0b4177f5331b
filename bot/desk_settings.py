"""The settings of a ticket desk besides the environment's. Must not know: where they come from."""

import msgspec

from bot.secret import Secret


class TicketDesk(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a desk besides the environment's; all but the first two are named as in `Settings`.

    `cases` are the words of the cases that go there, as `bot.routing` reads them.
    """

    name: str
    cases: tuple[str, ...]
    tickets: str
    tickets_url: str = ""
    tickets_user: str = ""
    tickets_token: Secret = Secret()
    tickets_project: str = ""
    tickets_secret: Secret = Secret()
