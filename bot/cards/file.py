"""A file of the helpdesk as Teams' own cards: whether the person takes it, and then, that it is there.

Pure functions. Their form: https://learn.microsoft.com/en-us/microsoftteams/platform/bots/how-to/bots-filesv4
It must not know where a file is kept, nor who may take it.
"""

from typing import Any, Final

CONSENT: Final = "application/vnd.microsoft.teams.card.file.consent"
INFO: Final = "application/vnd.microsoft.teams.card.file.info"
CONTEXT: Final = "handrail"
"""Where in what a press brings back our own word for the file stands."""


def consent(*, name: str, description: str, size: int, file_id: str) -> dict[str, Any]:
    """The attachment that asks; `size` is in bytes. What comes back is the file's id, and nothing else."""
    context = {CONTEXT: {"file": file_id}}
    return {
        "contentType": CONSENT,
        "name": name,
        "content": {
            "description": description,
            "sizeInBytes": size,
            "acceptContext": context,
            "declineContext": context,
        },
    }


def info(*, name: str, url: str, unique_id: str, file_type: str) -> dict[str, Any]:
    """The attachment that opens it. All of it is as Teams said when the person took the file."""
    return {
        "contentType": INFO,
        "contentUrl": url,
        "name": name,
        "content": {"uniqueId": unique_id, "fileType": file_type},
    }
