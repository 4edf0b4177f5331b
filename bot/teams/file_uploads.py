"""Puts a file of the helpdesk where a person wants it: into their OneDrive, through the link Teams gave us.

The link is an upload session of OneDrive's: it opens that one place for whoever has it, so it is a secret,
and never gets our token. Its address is a stranger's, and is looked at as those of downloads are
(`bot.teams.files`); no error names one. A whole file is one request:
https://learn.microsoft.com/en-us/onedrive/developer/rest-api/api/driveitem_createuploadsession
Must not know: activities, the store, how often to try again.
"""

from collections.abc import AsyncIterator
from typing import Final

import aiohttp
from yarl import URL

from bot.errors import DeliveryFailed, FileLost
from bot.retry_after import seconds
from bot.teams.files import may_be_asked

_PIECE: Final = 64 * 1024
_THERE: Final = frozenset({200, 201})
_RUN_OUT: Final = frozenset({401, 403, 404, 410})
_ENDED: Final = frozenset({404, 410})
_PASSING: Final = frozenset({202, 408, 416, 425, 429})


class FileUploads:
    """Puts one file at a time, one attempt each."""

    def __init__(self, client: aiohttp.ClientSession, *, loopback: bool = False) -> None:
        """Take what a request needs.

        Args:
            client: One of `open_file_client`, with the same `loopback`.
            loopback: This machine may be spoken to, without TLS.
        """
        self._client = client
        self._loopback = loopback

    async def put(self, link: str, content: bytes, *, again: bool = False) -> None:
        """Put `content` behind `link`.

        Args:
            link: An upload session.
            content: All of the file, at least a byte.
            again: It has been tried before, and may have worked: then it is looked up first. A session ends
                when its file is there, and lives much longer than we try.

        Raises:
            FileLost: It cannot be put there: the link has run out or may not be followed.
            DeliveryFailed: Not now; another try is worth it.
        """
        try:
            url = URL(link, encoded=True)
        except ValueError:
            raise FileLost("failed") from None
        may_be_asked(url, loopback=self._loopback)
        if again and (await self._asked("GET", url))[0] in _ENDED:
            return
        size = len(content)
        headers = {
            "Content-Length": str(size),
            "Content-Range": f"bytes 0-{size - 1}/{size}",
            "Content-Type": "application/octet-stream",
        }
        status, wait = await self._asked("PUT", url, content, headers)
        if status in _THERE:
            return
        if status in _RUN_OUT:
            raise FileLost("expired")
        if status in _PASSING or status >= 500:
            raise DeliveryFailed(f"where the file goes says {status}", retry_after=wait)
        raise FileLost("failed")

    async def _asked(
        self, method: str, url: URL, content: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, float | None]:
        """The status of the answer, and for how long to wait."""
        try:
            async with self._client.request(
                method,
                url,
                data=None if content is None else _once(content),
                headers=headers,
                allow_redirects=False,
            ) as response:
                return response.status, seconds(response.headers.get("Retry-After"))
        # Whatever went wrong, its words may hold the address.
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise DeliveryFailed(f"where the file goes cannot be reached ({type(error).__name__})") from None
        except TimeoutError:
            raise DeliveryFailed("the file was not taken in time", unknown=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise DeliveryFailed(f"the file broke off ({type(error).__name__})", unknown=True) from None


async def _once(content: bytes) -> AsyncIterator[bytes]:
    """The content in pieces, which go out once.

    Bytes aiohttp would send again by itself when a PUT broke off: then the end of the session, which the
    first one made, would look like a refusal.
    """
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]
