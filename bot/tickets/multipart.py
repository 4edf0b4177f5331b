"""A form with one file, as HTTP sends files (RFC 7578).

Must not know: any one ticket system.
"""

import secrets
from collections.abc import Mapping


def form(
    fields: Mapping[str, str], field: str, name: str, media_type: str, content: bytes
) -> tuple[str, bytes]:
    """The content type and the body.

    Args:
        fields: The form's other fields, by name.
        field: The name of the field with the file.
        name: The file's own, without quotes and line breaks (see `bot.tickets.marks.file_name`).
        media_type: Of the file; what is none is sent as bytes of no kind.
        content: The file.
    """
    boundary = f"handrail-{secrets.token_hex(16)}"
    kind = media_type if media_type.isascii() and media_type.isprintable() and "/" in media_type else ""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{each}"\r\n\r\n{value}\r\n'.encode()
        for each, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        f"Content-Type: {kind or 'application/octet-stream'}\r\n\r\n".encode()
        + content
        + f"\r\n--{boundary}--\r\n".encode()
    )
    return f"multipart/form-data; boundary={boundary}", b"".join(parts)
