"""Which ticket systems there are, and what each has to be told: the one list that settings are checked by.

A new system adds its line here, its file beside this one, and its line in `bot/tickets/choose.py`.

Must not know: how any of them works.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

Words = Mapping[str, str]


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a system, by the ends of their names (HANDRAIL_TICKETS_…).

    Attributes:
        must: Those without which it cannot work, each with a word on what to put there.
        may: Those that it can use besides; of all others somebody expects what it does not do.
    """

    must: Words = {}
    may: frozenset[str] = frozenset()


_SIGNING: Final = "give the receiver's, or make one: echo whsec_$(openssl rand -base64 32)"

SYSTEMS: Final[Mapping[str, Needs]] = {
    "builtin": Needs(),
    "webhook": Needs(must={"URL": "give the address that takes the cases", "SECRET": _SIGNING}),
    "django-helpdesk": Needs(
        must={
            "URL": "give its address, above /api/",
            "USER": "give the name of a staff user that is its e-mail address too",
            "TOKEN": "give that user's password",
            "PROJECT": "give the number of the queue",
        }
    ),
    "freshservice": Needs(
        must={
            "URL": "give https://<you>.freshservice.com",
            "USER": "give the e-mail address of the agent that Handrail is",
            "TOKEN": "give that agent's API key, from its profile settings",
        },
        may=frozenset({"PROJECT"}),
    ),
    "github": Needs(
        must={
            "URL": "give https://api.github.com, or that of your enterprise server",
            "USER": "give the login that the token is of",
            "TOKEN": "give a token that may write issues and contents of the repository",
            "PROJECT": "give the private repository, as owner/name",
        },
        may=frozenset({"SECRET"}),
    ),
    "jira": Needs(
        must={
            "URL": "give https://<you>.atlassian.net, or https://api.atlassian.com/ex/jira/<cloud id>",
            "USER": "give the e-mail address of the account that Handrail has there",
            "TOKEN": "give that account's API token",
            "PROJECT": "give the ids of the service desk and of the request type, for example 3/25",
        }
    ),
    "roundup": Needs(
        must={
            "URL": "give the tracker's address",
            "USER": "give the login that Handrail has there",
            "TOKEN": "give that login's password",
        }
    ),
    "rt": Needs(
        must={
            "URL": "give Request Tracker's own address, above REST/",
            "USER": "give the name of the user that Handrail has there",
            "TOKEN": "give that user's password",
            "PROJECT": "give the queue's name",
        }
    ),
    "servicenow": Needs(
        must={
            "URL": "give https://<you>.service-now.com",
            "USER": "give the name of the user that Handrail has there",
            "TOKEN": "give that user's password",
        },
        may=frozenset({"PROJECT"}),
    ),
    "smtp": Needs(
        must={
            "URL": "give smtp://host:587 or smtps://host:465",
            "USER": "give the address that mails come from, which is the login too",
            "PROJECT": "give the address of the helpdesk's mailbox",
        },
        may=frozenset({"TOKEN"}),
    ),
    "zammad": Needs(
        must={
            "URL": "give Zammad's own address, above api/",
            "TOKEN": "give an access token of the agent that Handrail is, with ticket.agent",
            "PROJECT": "give the group's name",
        },
        may=frozenset({"SECRET"}),
    ),
    "zendesk": Needs(
        must={
            "URL": "give https://<you>.zendesk.com",
            "USER": "give the e-mail address of the agent that Handrail is",
            "TOKEN": "give an API token, from Admin Center, Apps and integrations",
        }
    ),
}
"""By the word in HANDRAIL_TICKETS."""

ENDS: Final = ("URL", "USER", "TOKEN", "PROJECT", "SECRET")
"""All there are, in the order in which they are shown."""
