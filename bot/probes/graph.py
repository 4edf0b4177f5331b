"""The automatic checks that Microsoft Graph can answer, put together.

None of them needs another, and all of them work, as "unknown", without any permission.
"""

import time
from collections.abc import Callable, Mapping
from typing import Final

import aiohttp
from yarl import URL

from bot.probes.account_state import AccountState
from bot.probes.api import Probe
from bot.probes.device_state import DeviceState
from bot.probes.reader import GraphReader
from bot.probes.service_health import ServiceHealth
from bot.probes.sign_in_log import SignInLog
from bot.probes.sign_ins import SignIns
from bot.teams.tokens import TokenSource

LIMIT: Final = 6.0  # seconds for a whole check; a person is waiting


def graph_probes(
    client: aiohttp.ClientSession,
    tokens: TokenSource,
    base_url: str,
    *,
    limit: float = LIMIT,
    clock: Callable[[], float] = time.time,
) -> Mapping[str, Probe]:
    """Every check of `dialogs.probes` by its name.

    Args:
        client: The pooled client; it is used, never closed.
        tokens: The source of tokens for `graph_resource(base_url)`.
        base_url: Where Microsoft Graph is, with the version.
        limit: Seconds for a whole check.
        clock: Seconds since 1970.

    Raises:
        ValueError: The URL is neither https nor on loopback.
    """
    graph = GraphReader(client, tokens, base_url, clock=clock)
    sign_ins = SignIns(graph, clock=clock)
    return {
        "service-health": ServiceHealth(graph, limit=limit, clock=clock),
        "sign-in-log": SignInLog(sign_ins, limit=limit),
        "account-state": AccountState(graph, limit=limit),
        "device-state": DeviceState(graph, sign_ins, limit=limit),
    }


def graph_resource(base_url: str) -> str:
    """Whom a token for this Graph is for: its address without the version, in every cloud."""
    return str(URL(base_url).origin())
