"""What a check of the doctor says.

Must not know: what is checked, how it is shown. It stays
light: the command line imports it at its start.
"""

from typing import Literal, TypeAlias

import msgspec

State: TypeAlias = Literal["ok", "failed", "warning", "skipped"]


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at: what was found, and what to do when it is not as it should be."""

    name: str
    state: State
    found: str
    remedy: str = ""
