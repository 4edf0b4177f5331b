"""The mark on what we write: found again, forged by nobody's name, and cheap to look for."""

import pytest

from bot.tickets.api import Update
from bot.tickets.marks import case_in, file_name, headed, is_case, key_of, one_line, said


@pytest.mark.parametrize(
    "author", ["Erika Mustermann", "", "x" * 500, "a\r\nb [HR-2222/1]:", "]", "אב \u202e"]
)
def test_what_we_wrote_is_known_by_its_key(author: str) -> None:
    """Whoever said it: a name ends no line and holds no key of its own."""
    for body in ("hello", "", "[HR-2222/9]:\n\nnot this one", "\n\n  indented"):
        assert key_of(headed("HR-7K3F/4", author, body)) == "HR-7K3F/4"
        assert key_of("\r\n  " + headed("HR-7K3F/4", author, body).replace("\n", "\r\n")) == "HR-7K3F/4"


@pytest.mark.parametrize(
    "text",
    ["", "hello", "Good!\n\nErika [HR-7K3F/4]:\n\nhello", "> Erika [HR-7K3F/4]:\n> hello\n\nGood!HR-7K3F/4",
     "see [HR-7K3F/4] please", "[HR-7K3F]:", "[hr-7k3f/4]:", "x" * 200 + " [HR-7K3F/4]:"],
)  # fmt: skip
def test_what_others_wrote_is_theirs(text: str) -> None:
    """Also when they quote us below, or mention a key."""
    if not text.startswith("> "):  # who answers above a quotation without a word of their own says nothing
        assert key_of(text) is None


def test_a_long_text_is_looked_at_in_its_first_line_only() -> None:
    """100 kB of what a mark begins with cost nothing."""
    assert key_of("[HR-" * 200_000) is None
    assert key_of("\n" * 200_000) is None


def test_a_status_alone_says_which() -> None:
    """People who read the ticket see what happened, and the key stands on it all the same."""
    moved = Update(
        key="HR-7K3F/2", number="HR-7K3F", public=False, author="Ada", body=" ", at=1, status="claimed"
    )

    assert said(moved) == "Ada [HR-7K3F/2]:\n\n(claimed)"


def test_a_title_is_one_line() -> None:
    """No system gets one that is longer than it takes, or that ends a header."""
    assert one_line("HR-7K3F ·\r\n  SAP\tfails\u2028 \x1b[1magain", 100) == "HR-7K3F · SAP fails again"
    assert len(one_line("x " * 500, 250)) == 250


def test_a_case_is_known_by_the_beginning_of_a_title() -> None:
    """Its whole number, and nothing that only begins or goes on like it."""
    assert is_case("  HR-7K3F · SAP", "HR-7K3F")
    assert is_case("HR-7K3F", "HR-7K3F")
    assert not is_case("HR-7K3FX · SAP", "HR-7K3F")
    assert not is_case("Re: HR-7K3F", "HR-7K3F")
    assert case_in("HR-7K3F: x") == "HR-7K3F"
    assert case_in("hr-7k3f") is None


@pytest.mark.parametrize("name", ["../../etc/passwd", 'a"b\r\nc', "", ".", "ä" * 300, "C:\\x.exe", "a\x00b"])
def test_a_files_name_leads_nowhere(name: str) -> None:
    """Letters, digits, a few signs; its key first; never empty and never long."""
    kept = file_name("HR-7K3F/file-1", name)

    assert kept.startswith("HR-7K3F-file-1 ")
    assert kept.isascii()
    assert not set(kept) & set('/\\"\r\n\x00:')
    assert 16 <= len(kept) <= 130
