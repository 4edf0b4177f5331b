"""Reads the pixels of a small PNG, as far as icons need it, with nothing but the standard library.

Must not know: which icons there are and what they should look like.
"""

import struct
import zlib
from pathlib import Path

import msgspec

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {2: 3, 6: 4}  # colour type: RGB, RGB with alpha
_LARGEST_SIDE = 1024


class Picture(msgspec.Struct, frozen=True):
    """Pixels from left to right and top to bottom, each (red, green, blue, alpha) from 0 to 255."""

    width: int
    height: int
    has_alpha: bool
    pixels: tuple[tuple[int, int, int, int], ...]


def read(path: Path) -> Picture:
    """Read an 8-bit RGB or RGBA image without interlacing.

    Source of the format: the PNG specification, sections 5, 9 and 11.

    Raises:
        ValueError: It is no such image; the message says what to do.
        OSError: The file cannot be read.
    """
    data = path.read_bytes()
    if not data.startswith(_SIGNATURE):
        raise ValueError("it is not a PNG; save it as PNG")
    try:
        chunks = _chunks(data[len(_SIGNATURE) :])
        width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", chunks["IHDR"])
        if depth != 8 or colour not in _CHANNELS or interlace:
            raise ValueError("it is not plain RGB or RGBA; save it with 8 bits a channel, not interlaced")
        if not 0 < width <= _LARGEST_SIDE or not 0 < height <= _LARGEST_SIDE:
            raise ValueError(f"it is {width} x {height}, which is no icon")
        channels = _CHANNELS[colour]
        size = height * (1 + width * channels)
        lines = _unfilter(zlib.decompressobj().decompress(chunks["IDAT"], size), width * channels, channels)
    except (KeyError, struct.error, zlib.error, IndexError):
        raise ValueError("it is damaged; save it again") from None
    if len(lines) != height:
        raise ValueError("it is damaged; save it again")
    pixels = tuple(
        (line[i], line[i + 1], line[i + 2], line[i + 3] if channels == 4 else 255)
        for line in lines
        for i in range(0, width * channels, channels)
    )
    return Picture(width, height, channels == 4, pixels)


def _chunks(data: bytes) -> dict[str, bytes]:
    """The chunks by type; those of one type are joined, as the pixels are cut into several."""
    found: dict[str, bytes] = {}
    while data:
        (length,) = struct.unpack(">I", data[:4])
        name, body, check = data[4:8], data[8 : 8 + length], data[8 + length : 12 + length]
        if zlib.crc32(name + body) != struct.unpack(">I", check)[0]:
            raise ValueError("it is damaged; save it again")
        found[name.decode("latin-1")] = found.get(name.decode("latin-1"), b"") + body
        data = data[12 + length :]
    return found


def _unfilter(data: bytes, stride: int, channels: int) -> list[bytes]:
    """Undo the per-line prediction: each byte is stored as its difference from neighbours."""
    lines: list[bytes] = []
    above = bytes(stride)
    for start in range(0, len(data), stride + 1):
        kind, line = data[start], bytearray(data[start + 1 : start + 1 + stride])
        if len(line) != stride or kind > 4:
            raise ValueError("it is damaged; save it again")
        for i in range(stride):
            left = line[i - channels] if i >= channels else 0
            corner = above[i - channels] if i >= channels else 0
            predicted = (0, left, above[i], (left + above[i]) // 2, _paeth(left, above[i], corner))[kind]
            line[i] = (line[i] + predicted) & 0xFF
        above = bytes(line)
        lines.append(above)
    return lines


def _paeth(left: int, above: int, corner: int) -> int:
    estimate = left + above - corner
    return min((left, above, corner), key=lambda neighbour: abs(estimate - neighbour))
