"""Local mode: nobody has signed anything, and a case says so."""

from pathlib import Path

import aiohttp
from aiohttp import web

from bot.app import running, web_app
from bot.config import Settings


async def test_a_case_from_local_mode_is_not_verified(tmp_path: Path) -> None:
    """Whoever posts on this machine may call themselves anything: the helpdesk is told so."""
    settings = Settings.read({"HANDRAIL_DATABASE_URL": f"sqlite:///{tmp_path}/handrail.db"})
    async with running(settings) as parts:
        runner = web.AppRunner(web_app(parts), access_log=None, shutdown_timeout=0.1, auto_decompress=False)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
        async with aiohttp.ClientSession() as client:
            for number, words in enumerate(("AADSTS1000002", "a person please", "hand it over")):
                activity = {
                    "type": "message",
                    "id": str(number),
                    "text": words,
                    "channelId": "msteams",
                    "serviceUrl": "http://127.0.0.1:9/",
                    "from": {"id": "29:ceo", "name": "The CEO", "aadObjectId": "ceo"},
                    "recipient": {"id": "28:bot"},
                    "conversation": {"id": "a:chat", "conversationType": "personal"},
                }
                async with client.post(url, json=activity) as response:
                    assert response.status == 200
        await runner.cleanup()

        [case] = await parts.store.cases()

        assert case.person.name == "The CEO"
        assert not case.person.verified
