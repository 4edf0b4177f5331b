"""The bad network itself: it loses things as networks do, and brings back nothing from the dead."""

import asyncio

from tests.support.fault_proxy import FaultProxy, Weather


async def test_what_is_delayed_when_its_sender_dies_never_arrives() -> None:
    """Or it would come after what the next process has sent, which no bot could prevent."""
    arrived: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set_result(await reader.read())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    target = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, FaultProxy.to(target, Weather(delay=1.0, longest_delay=0.4)) as proxy:
        _, sender = await asyncio.open_connection(*proxy.url.removeprefix("http://").split(":"))
        sender.write(b"the last words of a process")
        await sender.drain()
        sender.close()
        async with asyncio.timeout(10):
            assert await arrived == b""
