"""The closed list of automatic checks a guide may name, and what each may come to.

Only names live here. How a check is made is the business of `bot.probes`; a check that is not set up, not
permitted or not certain comes to "unknown", and a guide's `otherwise` takes it from there.
"""

UNKNOWN = "unknown"

# name -> outcomes besides "unknown"
PROBES: dict[str, tuple[str, ...]] = {
    # Microsoft's service health for the sign-in service (Graph: admin/serviceAnnouncement)
    "service-health": ("fine", "trouble"),
    # the sign-in log for the pasted ids, or the person's last minutes (Graph: auditLogs/signIns)
    "sign-in-log": ("signed-in", "blocked-by-policy", "prompt-open", "failed"),
    # the person's account (Graph: users/{id}): enabled, guest not yet redeemed, or switched off
    "account-state": ("enabled", "disabled", "guest-pending"),
    # the device named in the sign-in log (Graph: devices)
    "device-state": ("compliant", "not-compliant", "not-registered"),
}
