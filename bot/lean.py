"""structlog without rich, which it would load for the tracebacks of a console that a server does not have.

It has no setting for that: it takes rich whenever it finds it, which takes twenty milliseconds and four
megabytes. This must be imported before structlog is. Must not know: what is logged.
"""

import sys

if "rich" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment]  # "not found", by Python's reference of imports
    try:
        import structlog  # noqa: F401  nobody here needs it; it is loaded now, without rich
    finally:
        del sys.modules["rich"]
