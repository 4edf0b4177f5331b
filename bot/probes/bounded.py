"""The end of every check: it is over in time, and what cannot be told is a finding.

Only `NoAnswer` and time become "unknown" here; a mistake of ours stays one, for the log.
"""

import asyncio
from collections.abc import Awaitable

from bot.probes.api import Finding
from bot.probes.reader import NoAnswer


async def bounded(looking: Awaitable[Finding], limit: float) -> Finding:
    """What looking comes to within `limit` seconds; see Probe."""
    try:
        async with asyncio.timeout(limit):
            return await looking
    except NoAnswer as reason:
        return Finding(detail=str(reason))
    except TimeoutError:
        return Finding(detail="Microsoft Graph did not answer in time")
