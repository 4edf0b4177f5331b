"""The exceptions of the shell: who is at fault, and is another try worth it."""

from dialogs.events import Loss


class ConfigError(Exception):
    """A setting is wrong. The message names the variable, its value and the remedy."""


class DatabaseInUse(ConfigError):  # noqa: N818 - a state of the world
    """Another process has the database file. The message names it, and so does `holder`."""

    def __init__(self, message: str, *, holder: str) -> None:
        super().__init__(message)
        self.holder = holder


class ContentError(Exception):
    """The guides cannot be used. The message lists what is wrong and where."""


class StoreUnavailable(Exception):  # noqa: N818 - a state of the world, not a mistake
    """The database cannot be read or written now. Nothing was kept; the sender should try again."""


class NumberTaken(Exception):  # noqa: N818 - an outcome of a race
    """Another case has this number. The turn was not kept and should be taken again with a fresh one."""


class Overtaken(Exception):  # noqa: N818 - an outcome of a race
    """An outbox message is not any more as an operator saw it. Nothing was changed; look at it again."""


class DeliveryFailed(Exception):  # noqa: N818 - the field's word
    """It did not work this time. `retry_after` is what the other side asked for, in seconds.

    `unknown` is True when it may have worked all the same (a timeout after sending).
    """

    def __init__(self, reason: str, *, retry_after: float | None = None, unknown: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.unknown = unknown


class DeliveryForbidden(DeliveryFailed):
    """We may not do this: whoever changes that gets what waited. A part of it may be what is forbidden."""


class DeliveryPostponed(Exception):  # noqa: N818 - an intention, not a mistake
    """It was not sent, on purpose; it should be in `wait` seconds. That costs it none of its tries."""

    def __init__(self, reason: str, wait: float) -> None:
        super().__init__(reason)
        self.wait = wait


class DeliveryMoved(Exception):  # noqa: N818 - an intention, not a mistake
    """It is for another pool: `kind`, and should be taken out again at once. It costs none of its tries.

    `receipt` is of the part that is done, if one is.
    """

    def __init__(self, kind: str, *, receipt: str = "") -> None:
        super().__init__(f"it is {kind}")
        self.kind = kind
        self.receipt = receipt


class DeliveryRefused(Exception):  # noqa: N818 - the field's word
    """It will never work as it is; trying again is of no use."""


class DeliveryParked(Exception):  # noqa: N818 - the field's word
    """The person cannot be reached until they write again or the app is back."""


class FileLost(Exception):  # noqa: N818 - an outcome
    """A file will never come; `why` is what the person is told: see `dialogs.events.Loss`."""

    def __init__(self, why: Loss) -> None:
        super().__init__(why)
        self.why = why


class Forged(Exception):  # noqa: N818 - the field's word
    """What came in is not proven to be from whom it says. The message holds nothing of it, and no secret."""
