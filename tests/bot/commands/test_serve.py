"""`handrail serve` as a process: it says where it is when it is there, and not before."""

import asyncio
import re
import socket
from pathlib import Path

import aiohttp

from tests.support.processes import HANDRAIL, environment


async def _started(tmp_path: Path, *options: str, **settings: str) -> asyncio.subprocess.Process:
    settings = {"HANDRAIL_DATABASE_URL": f"sqlite:///{tmp_path}/h.db", **settings}
    return await asyncio.create_subprocess_exec(
        HANDRAIL, "serve", *options, env=environment(**settings), stderr=asyncio.subprocess.PIPE
    )


async def _refused(tmp_path: Path, *options: str, **settings: str) -> tuple[int | None, str]:
    process = await _started(tmp_path, *options, **settings)
    _, said = await process.communicate()
    return process.returncode, said.decode()


async def test_the_address_is_told_once_somebody_answers_there(tmp_path: Path) -> None:
    """With `--port 0` the port told is the real one, and it can be used at once."""
    process = await _started(tmp_path, "--port", "0")
    assert process.stderr
    said = ""
    try:
        while "lists all settings" not in said:
            line = (await asyncio.wait_for(process.stderr.readline(), 30)).decode()
            assert line, said
            said += line
        address = re.search(r"Handrail is on (http://127\.0\.0\.1:[1-9]\d*)\. ", said)
        assert address, said
        async with aiohttp.ClientSession() as client, client.get(f"{address[1]}/healthz") as response:
            assert response.status == 200
    finally:
        process.terminate()
        await process.communicate()
    assert said.index("Handrail is starting.") < said.index("Handrail is on")
    assert f"{address[1]}/helpdesk" in said
    assert process.returncode == 0


async def test_a_taken_port_is_not_called_ours(tmp_path: Path) -> None:
    """Nothing says "Handrail is on" when somebody else is; another port is proposed."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = await _refused(tmp_path, "--port", str(port))
    assert code == 2
    assert f"port {port} on 127.0.0.1 is in use" in said
    assert "Handrail is on" not in said


async def test_a_broken_guide_is_told_before_any_address(tmp_path: Path) -> None:
    """A bot that does not start names no address."""
    (tmp_path / "content" / "guides").mkdir(parents=True)
    (tmp_path / "content" / "guides" / "x.yaml").write_text("guide: [", "utf-8")
    code, said = await _refused(tmp_path, "--port", "0", HANDRAIL_CONTENT=str(tmp_path / "content"))
    assert code == 2
    assert "handrail: the guides in" in said
    assert "have 1 mistake:" in said
    assert "Handrail is on" not in said
