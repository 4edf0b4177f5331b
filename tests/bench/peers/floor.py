"""The floor: an echo on bare aiohttp with nothing else in it, so that it shows what the task itself costs.

It reads the activity, verifies the channel's token, and replies through one pooled client with one token.
`FAST=1` takes what makes the floor lower: uvloop, msgspec's JSON, and tokens that are verified once.
`KEPT=file` adds what a bot has to do that promises something: before it replies the turn is on the disk, in
SQLite; and the message before, which is answered now, is changed. Nothing else is kept or said.
"""

import asyncio
import hashlib
import json
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import aiohttp
import jwt
import msgspec
import uvloop
from aiohttp import web

APP_ID = os.environ["APP_ID"]
CLOUD = os.environ["CLOUD"]
FAST = os.environ.get("FAST") == "1"
ISSUER = "https://api.botframework.com"
KNOWN = 1024  # verified tokens that are remembered

decoded: Callable[[bytes], Any] = msgspec.json.decode if FAST else json.loads


def encoded(value: Any) -> bytes:
    """As JSON."""
    return msgspec.json.encode(value) if FAST else json.dumps(value).encode()


class Kept:
    """The newest words of each conversation, by one thread: what waits together is committed together."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._waiting: queue.SimpleQueue[tuple[str, bytes, asyncio.Future[None]]] = queue.SimpleQueue()
        threading.Thread(target=self._write, daemon=True).start()

    async def keep(self, conversation: str, said: bytes) -> None:
        """Return when it is on the disk."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.put((conversation, said, done))
        await done

    def _write(self) -> None:
        db = sqlite3.connect(self._file, isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE kept (conversation TEXT PRIMARY KEY, said BLOB) WITHOUT ROWID")
        while True:
            turns = [self._waiting.get()]
            while not self._waiting.empty():
                turns.append(self._waiting.get())
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", [turn[:2] for turn in turns])
            db.execute("COMMIT")
            turns[0][2].get_loop().call_soon_threadsafe(self._tell, [turn[2] for turn in turns])

    def _tell(self, done: list[asyncio.Future[None]]) -> None:
        for each in done:
            each.set_result(None)


class Echo:
    """The bot: keys, token and client are made once."""

    def __init__(self) -> None:
        self._kept = Kept(os.environ["KEPT"]) if "KEPT" in os.environ else None
        self._before: dict[str, str] = {}  # conversation -> the message that stands there
        self._keys: dict[str, jwt.PyJWK] = {}
        self._token = ""
        self._token_until = 0.0
        self._verified: dict[bytes, dict[str, Any]] = {}

    async def running(self, _app: web.Application) -> Any:
        """Open the client and get the keys; close it at the end."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as self._client:
            async with self._client.get(f"{CLOUD}/v1/.well-known/openidconfiguration") as answer:
                keys = (await answer.json())["jwks_uri"]
            async with self._client.get(keys) as answer:
                found = (await answer.json())["keys"]
            self._keys = {key["kid"]: jwt.PyJWK(key, "RS256") for key in found}
            yield

    async def messages(self, request: web.Request) -> web.Response:
        """One turn."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            claims = self._claims(token)
        except (jwt.InvalidTokenError, KeyError):
            return web.Response(status=401)
        body = await request.read()
        heard = decoded(body)
        if claims.get("serviceurl") != heard["serviceUrl"]:
            return web.Response(status=401)
        if heard["type"] == "message":
            if self._kept is not None:
                await self._kept.keep(heard["conversation"]["id"], body)
            await self._says(heard, f"echo: {heard['text']}")
        return web.Response()

    def _claims(self, token: str) -> dict[str, Any]:
        if not FAST:
            return self._checked(token)
        name = hashlib.sha256(token.encode()).digest()
        claims = self._verified.get(name)
        if claims is None or claims["exp"] < time.time():
            if len(self._verified) >= KNOWN:
                self._verified.clear()
            claims = self._verified[name] = self._checked(token)
        return claims

    def _checked(self, token: str) -> dict[str, Any]:
        key = self._keys[jwt.get_unverified_header(token)["kid"]]
        required = {"require": ["exp", "iss", "aud"]}
        claims: dict[str, Any] = jwt.decode(
            token, key, ["RS256"], required, audience=APP_ID, issuer=ISSUER, leeway=300
        )
        return claims

    async def _says(self, heard: dict[str, Any], text: str) -> None:
        conversation = heard["conversation"]["id"]
        url = f"{heard['serviceUrl']}v3/conversations/{quote(conversation, safe='')}/activities"
        reply = {
            "type": "message",
            "text": text,
            "from": heard["recipient"],
            "recipient": heard["from"],
            "conversation": heard["conversation"],
            "replyToId": heard["id"],
        }
        head = {"Authorization": f"Bearer {await self._bearer()}", "Content-Type": "application/json"}
        before = self._before.get(conversation)
        if before is None:
            sent = await self._asks("POST", url, reply, head)
        else:
            put = self._asks("PUT", f"{url}/{before}", reply, head)
            sent, _ = await asyncio.gather(self._asks("POST", url, reply, head), put)
        if self._kept is not None:
            self._before[conversation] = decoded(sent)["id"]

    async def _asks(self, method: str, url: str, body: dict[str, Any], head: dict[str, str]) -> bytes:
        async with self._client.request(method, url, data=encoded(body), headers=head) as answer:
            answer.raise_for_status()
            return await answer.read()

    async def _bearer(self) -> str:
        if self._token_until < time.monotonic():
            form = {
                "grant_type": "client_credentials",
                "client_id": APP_ID,
                "client_secret": os.environ["APP_SECRET"],
                "scope": f"{ISSUER}/.default",
            }
            url = f"{CLOUD}/{os.environ['TENANT']}/oauth2/v2.0/token"
            async with self._client.post(url, data=form) as answer:
                answer.raise_for_status()
                got = await answer.json()
            self._token = got["access_token"]
            self._token_until = time.monotonic() + got["expires_in"] - 300
        return self._token


if __name__ == "__main__":
    if FAST:
        uvloop.install()
    echo = Echo()
    app = web.Application()
    app.router.add_post("/api/messages", echo.messages)
    app.cleanup_ctx.append(echo.running)
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None)
