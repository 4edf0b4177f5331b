"""A played mailbox: a mail server on loopback that speaks SMTP (RFC 5321) and keeps what it is given."""

import asyncio
import base64
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self

USER, PASSWORD = "handrail@example.com", "smtp-canary-4711"
MAILBOX = "helpdesk@example.com"


class Mailbox:
    """The server. It listens while its context is open.

    Attributes:
        url: Its address.
        mails: What was taken, oldest first.
        loses: It takes the next mail and hangs up before it says so.
        answers: What it says instead, by the first word of a command: RCPT, DATA, "." for the end of a text.
        password: What the login takes.
    """

    def __init__(self) -> None:
        self.url = ""
        self.mails: list[EmailMessage] = []
        self.loses = False
        self.answers: dict[str, str] = {}
        self.password = PASSWORD
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, limit=4 * 1024 * 1024)
        self.url = f"smtp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.down()

    async def down(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def once(self) -> list[EmailMessage]:
        """The mails as a mailbox shows them that knows repeats by their Message-ID."""
        return [*{str(each["Message-ID"]): each for each in self.mails}.values()]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")

        say("220 played ESMTP")
        known = False
        while line := (await reader.readline()).decode().strip():
            word = line.split(" ", maxsplit=1)[0].upper()
            match word:
                case _ if word in self.answers:
                    say(self.answers[word])
                case "EHLO":
                    say("250-played\r\n250 AUTH PLAIN")
                case "AUTH":
                    right = base64.b64encode(f"\0{USER}\0{self.password}".encode()).decode()
                    known = line == f"AUTH PLAIN {right}"
                    say("235 2.7.0 Authentication successful" if known else "535 5.7.8 Authentication failed")
                case "MAIL" if not known:
                    say("530 5.7.0 Authentication required")
                case "MAIL" | "RCPT" | "RSET":
                    say("250 2.1.0 Ok")
                case "DATA":
                    say("354 End data with <CR><LF>.<CR><LF>")
                    text = await reader.readuntil(b"\r\n.\r\n")
                    if "." in self.answers:
                        say(self.answers["."])
                        continue
                    content = text[:-3].replace(b"\r\n..", b"\r\n.")
                    mail = message_from_bytes(content, policy=policy.default)
                    assert isinstance(mail, EmailMessage)
                    self.mails.append(mail)
                    if self.loses:
                        self.loses = False
                        break
                    say("250 2.0.0 Ok: queued")
                case "QUIT":
                    say("221 2.0.0 Bye")
                    break
                case _:
                    say("502 5.5.2 Command not recognized")
            await writer.drain()
        writer.close()
