"""Cases by mail: one message for each case, one in its thread for each update, to a mailbox that people read.

A mailbox cannot be asked what it has. But a repeat has the same Message-ID, made of the key, so whoever knows
repeats by it keeps one; and only a connection that broke after the text was sent leaves anything in doubt.
Nothing goes over a network in the open: TLS from the start (smtps://) or by STARTTLS (smtp://), but for this
machine.

It uses Python's own smtplib, in a thread: a few messages an hour need no more. Answers to these mails go to
people, not to Handrail. Must not know: the outbox, settings.
"""

import asyncio
import contextlib
import re
import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from email.utils import formatdate
from typing import Final
from urllib.parse import urlsplit

from bot.errors import DeliveryFailed, DeliveryRefused, Forged
from bot.redact import clean, redact
from bot.secret import Secret
from bot.tickets.api import Change, Changes, File, Finding, Ticket, Update
from bot.tickets.marks import file_name, headed, one_line, said, whole

_TIMEOUT: Final = 10.0  # seconds, for each answer of the server
_LINE: Final = 120
_LONGEST_SUBJECT: Final = 200
_MEND: Final = (
    "Is HANDRAIL_TICKETS_URL smtp://host:587 or smtps://host:465, may HANDRAIL_TICKETS_USER send from its"
    " address with HANDRAIL_TICKETS_TOKEN as password, and is HANDRAIL_TICKETS_PROJECT the mailbox's address?"
)


class MailTickets:
    """Sends cases to a mailbox."""

    name = "smtp"
    polled = False

    def __init__(self, url: str, sender: str, password: Secret, mailbox: str) -> None:
        """Take what a message needs.

        Args:
            url: smtp://host[:port], with STARTTLS unless it is this machine; or smtps://host[:port].
            sender: The address that it comes from, and the login if there is a password.
            password: The login's password; without one nobody logs in.
            mailbox: The address that it goes to.
        """
        parts = urlsplit(url)
        self._secure = parts.scheme == "smtps"
        self._host = parts.hostname or ""
        self._port = parts.port or (465 if self._secure else 587)
        self._open = self._host in {"127.0.0.1", "::1", "localhost"}
        self._sender, self._password, self._mailbox = sender, password, mailbox
        self._domain = sender.rpartition("@")[2]

    async def find(self, key: str) -> str | None:  # noqa: ARG002
        """None: a mailbox cannot be asked. A repeat has the same Message-ID."""
        return None

    async def create(self, ticket: Ticket) -> str:
        """Send the case; its own number, for a mail has none."""
        message = self._message(ticket.key, ticket.title, whole(ticket.body))
        if ticket.urgent:
            message["Importance"] = "high"  # RFC 2156, as mail programs show it
        await asyncio.to_thread(self._send, message)
        return ticket.key

    async def update(self, reference: str, update: Update) -> None:  # noqa: ARG002
        """Send what happened, as an answer to the case's mail."""
        message = self._message(update.key, f"Re: {update.number}", said(update), thread=update.number)
        await asyncio.to_thread(self._send, message)

    async def attach(self, reference: str, file: File) -> None:  # noqa: ARG002
        """Send a file, as an answer to the case's mail."""
        number, name = file.key.partition("/")[0], file_name(file.key, file.name)
        message = self._message(file.key, f"Re: {number}", headed(file.key, "", name), thread=number)
        message.add_attachment(file.content, maintype="application", subtype="octet-stream", filename=name)
        await asyncio.to_thread(self._send, message)

    async def changes(self, since: str) -> Changes:
        """None: nobody reads the mailbox for us."""
        return Changes(cursor=since)

    def heard(self, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:  # noqa: ARG002
        """Nobody sends us news of a mailbox.

        Raises:
            Forged: Always.
        """
        raise Forged("cases go out by mail; no news of them is taken")

    async def check(self) -> Sequence[Finding]:
        """Whether the server would take a mail from us to the mailbox; none is sent."""
        where = f"{self._host}:{self._port}"
        try:
            await asyncio.to_thread(self._speak, lambda _: None)
        except (DeliveryFailed, DeliveryRefused) as error:
            return (Finding("failed", f"{where}: {error}", _MEND),)
        return (Finding("ok", f"{where} takes mails from {self._sender} to {self._mailbox}"),)

    def _message(self, key: str, subject: str, text: str, *, thread: str = "") -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"] = self._sender, self._mailbox
        message["Subject"] = one_line(subject, _LONGEST_SUBJECT)
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = self._id(key)
        message["Auto-Submitted"] = "auto-generated"  # so that no absence answers
        if thread:
            message["In-Reply-To"] = message["References"] = self._id(thread)
        message.set_content(text)
        return message

    def _id(self, key: str) -> str:
        return f"<{re.sub(r'[^A-Za-z0-9-]', '.', key)}@{self._domain}>"

    def _send(self, message: EmailMessage) -> None:
        def give(server: smtplib.SMTP) -> None:
            content = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
            try:
                code, said = server.data(content)
            except smtplib.SMTPResponseException:  # it answered, so nothing is in doubt
                raise
            except OSError as error:
                late = isinstance(error, TimeoutError)
                what = "did not answer in time" if late else "broke off its answer"
                raise DeliveryFailed(f"the mail server {what}", unknown=True) from None
            self._judge(code, said)

        self._speak(give)

    def _speak(self, work: Callable[[smtplib.SMTP], None]) -> None:
        """Come as far as the text of a mail, and do the work there.

        Raises:
            DeliveryFailed, DeliveryRefused: It did not come to that, or not to its end.
        """
        try:
            server = self._connected()
            try:
                if not self._secure and not self._open:
                    server.starttls(context=ssl.create_default_context())
                    server.ehlo()
                if self._password:
                    server.login(self._sender, self._password.reveal())
                self._judge(*server.mail(self._sender))
                self._judge(*server.rcpt(self._mailbox))
                work(server)
            finally:  # what was taken is taken, whatever it says to a goodbye
                with contextlib.suppress(OSError):
                    server.quit()
                server.close()
        except smtplib.SMTPAuthenticationError:
            raise DeliveryFailed(
                "the mail server does not accept who we are; run `handrail doctor`"
            ) from None
        except smtplib.SMTPResponseException as error:
            self._judge(error.smtp_code, error.smtp_error)
            raise DeliveryFailed(f"the mail server answered {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryFailed(f"the mail server cannot be reached ({type(error).__name__})") from None

    def _connected(self) -> smtplib.SMTP:
        if self._secure:
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=_TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT)
        server.ehlo()
        return server

    def _judge(self, code: int, said: bytes | str) -> None:
        """What an answer means: 2xx and 3xx go on, 4xx is tried again, 5xx is refused (RFC 5321, 4.2.1)."""
        if code < 400:
            return
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        if self._password:
            text = text.replace(self._password.reveal(), "[removed]")
        line = clean(redact(" ".join(text.split())).text, _LINE)
        if code < 500:
            raise DeliveryFailed(f"the mail server answered {code}: {line}")
        raise DeliveryRefused(f"the mail server answered {code}: {line}")
