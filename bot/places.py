"""Where the files that come with the bot are: inside an installed package, or beside it in a checkout.

Must not know: settings, what is in those files.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str, in_checkout: str) -> Path:
    """The folder of shipped files called `name`.

    Args:
        name: The folder's name under `bot/shipped/` in an installed package.
        in_checkout: The same folder in a checkout, relative to its top.

    Returns:
        The installed folder when there is one; else the checkout's, whether or not it exists.
    """
    installed = _PACKAGE / "shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / in_checkout
