"""What a file is called, and whether it is a picture: nothing from outside is believed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.files import UNKNOWN, clean_name, is_picture, media_type, saved_name


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("screen.png", "screen.png"),
        ("Größe 😀 (2).pdf", "Größe 😀 (2).pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\erika\\a.png", "a.png"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("a\r\nX: y\0.png", "a X y.png"),
        ("<script>.svg", "script .svg"),
        ("a, b.png", "a b.png"),
        ("...", "file"),
        ("", "file"),
        ("/", "file"),
    ],
)
def test_a_name_is_cleaned(name: str, clean: str) -> None:
    """No folders, no control characters, nothing that turns the text around, and never nothing."""
    assert clean_name(name) == clean


@given(st.text(max_size=400))
def test_every_name_can_stand_anywhere(name: str) -> None:
    """Short, on one line, without what has a meaning in a path, a page or a header; cleaned twice is once."""
    clean = clean_name(name)

    assert 0 < len(clean) <= 100
    assert not set(clean) & set('/\\<>:"|?*,\n\r\0')
    assert all(unicodedata.category(each) not in {"Cc", "Cs", "Co"} for each in clean)
    assert clean_name(clean) == clean


def test_a_long_name_keeps_its_ending() -> None:
    """By which people know what it is."""
    assert clean_name("x" * 300 + ".docx").endswith("….docx")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0....", "image/jpeg"),
        (b"GIF89a....", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\x10\0\0\0WAVEfmt ", UNKNOWN),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", UNKNOWN),
        (b"<!doctype html><script>", UNKNOWN),
        (b"%PDF-1.7", UNKNOWN),
        (b"", UNKNOWN),
    ],
)
def test_a_picture_is_what_begins_like_one(content: bytes, found: str) -> None:
    """What can hold a script is bytes, and is never shown where it stands."""
    assert media_type(content) == found
    assert is_picture(found) == found.startswith("image/")


def test_a_picture_is_saved_as_what_it_is() -> None:
    """Whatever it was called."""
    assert saved_name("screen.PNG", "image/png") == "screen.PNG"
    assert saved_name("image.png", "image/jpeg") == "image.png.jpg"
    assert saved_name("a.exe", UNKNOWN) == "a.exe"
