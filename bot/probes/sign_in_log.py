"""What became of a sign-in: did a later one work, was it blocked, is a prompt open, or did it fail?

The codes come from Microsoft's public list
(https://learn.microsoft.com/entra/identity-platform/reference-error-codes); which of them are a prompt is
this project's own reading. Policy names are in the detail, which only the helpdesk reads.
"""

from collections.abc import Mapping
from typing import Final

from bot.address import Person
from bot.probes.api import Finding
from bot.probes.bounded import bounded
from bot.probes.ids import own_id
from bot.probes.reader import NoAnswer
from bot.probes.said import line, name, when
from bot.probes.sign_ins import Attempt, SignIn, SignIns

POLICY_PERMISSION: Final = "Policy.Read.ConditionalAccess"

# The log shows these as errors, but they are pauses in which the person has something to do.
INTERRUPTS: Final = frozenset(
    {
        16000, 16001,  # pick an account
        50055, 50125, 50144,  # the password has expired, or its reset has to be set up
        50058,  # nobody signed in yet: single sign-on goes on to a page
        50072, 50079, 50203,  # register for the extra check
        50074, 50076, 50078, 50158,  # the extra check itself
        50097,  # the device has to prove itself
        50127, 50129,  # register the device, install the broker app
        50140, 50199, 50201,  # stay signed in? · is this the app you meant? · a message to read
        65001,  # permissions to accept
        1000002,  # an account was linked, and the person is told
    }
)  # fmt: skip

# Besides 53xxx and 530xxx.
_POLICY_CODES = frozenset({50005, 50131})


class SignInLog:
    """The check `sign-in-log`: signed-in, blocked-by-policy, prompt-open or failed."""

    def __init__(self, sign_ins: SignIns, *, limit: float) -> None:
        """Take where it looks, and the seconds it may take."""
        self._sign_ins = sign_ins
        self._limit = limit

    async def run(self, person: Person, facts: Mapping[str, str]) -> Finding:
        """Look the person's own sign-in up; see Probe."""
        return await bounded(self._look_up(person, facts), self._limit)

    async def _look_up(self, person: Person, facts: Mapping[str, str]) -> Finding:
        attempt = await self._sign_ins.find(own_id(person), facts)
        outcome = _outcome(attempt)
        return Finding(outcome, _described(attempt, outcome))


def _outcome(attempt: Attempt) -> str:
    code = attempt.row.code
    if code is None:
        raise NoAnswer("the sign-in log has no result of this sign-in yet")
    if code == 0 or attempt.success is not None:
        return "signed-in"
    if code in INTERRUPTS:
        # Before policies: a policy that asks for an extra check has "failure" until it is done.
        return "prompt-open"
    if code in _POLICY_CODES or str(code)[:2] == "53" or _failing(attempt.row):
        return "blocked-by-policy"
    return "failed"


def _failing(row: SignIn) -> list[str]:
    """Names of the policies that were not satisfied; those that only report ("reportOnlyFailure") are not."""
    policies = row.applied_conditional_access_policies or ()
    return [
        name(each.display_name) or "(no name)"
        for each in policies
        if (each.result or "").lower() == "failure"
    ]


def _described(attempt: Attempt, outcome: str) -> str:
    row = attempt.row
    policies = _failing(row)
    if policies:
        more = f" and {len(policies) - 3} more" if len(policies) > 3 else ""
        by = f"policy: {', '.join(policies[:3])}{more}"
    elif outcome == "blocked-by-policy" and not row.applied_conditional_access_policies:
        by = f"policy: not shown by the log (the bot's app may need {POLICY_PERMISSION})"
    else:
        by = ""
    reason = row.status.failure_reason if row.status and outcome == "failed" else ""
    return line(
        [
            when(row.created_date_time),
            name(row.app_display_name),
            f"AADSTS{row.code}" if row.code else "signed in",
            by,
            name(reason),
            f"signed in at {when(attempt.success.created_date_time)}" if attempt.success else "",
            attempt.how,
        ]
    )
