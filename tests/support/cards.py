"""What the schema and Microsoft's own renderer say about cards."""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft6Validator
from jsonschema.exceptions import best_match

_CONTRACTS = Path(__file__).parents[1] / "contracts"
_HERE = _CONTRACTS / "cards"


# "People Picker in Adaptive Cards" of the Teams documentation.
PEOPLE = {"type": "Data.Query", "dataset": "graph.microsoft.com/users?scope=currentContext"}


@cache
def _schema() -> Draft6Validator:
    return Draft6Validator(json.loads((_CONTRACTS / "schemas" / "adaptive-card-1.5.json").read_text("utf-8")))


def schema_errors(card: dict[str, Any]) -> list[str]:
    """What is wrong with a card by Microsoft's schema of Adaptive Cards 1.5; empty when nothing is."""
    return [*_errors(json.dumps(card, sort_keys=True))]


@cache  # the same card comes from many paths
def _errors(card: str) -> list[str]:
    errors = []
    for error in _schema().iter_errors(_without_people_picker(json.loads(card))):
        deepest = best_match([error])
        errors.append(f"/{'/'.join(map(str, deepest.absolute_path))}: {deepest.message[:300]}")
    return errors


def _without_people_picker(part: Any) -> Any:
    """Without what Teams adds to the schema: searching the people of a team in a list of choices."""
    if isinstance(part, dict):
        return {
            key: _without_people_picker(value)
            for key, value in part.items()
            if (key, value) != ("choices.data", PEOPLE)
        }
    return [_without_people_picker(each) for each in part] if isinstance(part, list) else part


def _of_people_picker(complaint: str) -> bool:
    """Whether a renderer complains about what only that of Teams knows: choices that come from a search."""
    return '"choices.data" is supported in version 1.6' in complaint or complaint.endswith(
        "An Input.ChoiceSet must have at least one choice defined."
    )


def why_not() -> str | None:
    """Why cards cannot be rendered on this machine, None when they can."""
    if not shutil.which("node"):
        return "Node is not on the path"
    if not _chromium():
        return "no Chromium is on the path; CHROMIUM can name one"
    home = _home()
    names = json.loads((_HERE / "package.json").read_text("utf-8"))["dependencies"]
    missing = [name for name in names if not (home / "node_modules" / name / "package.json").exists()]
    if missing:
        return f"{', '.join(missing)} not in {home}: npm install there, or set HANDRAIL_NODE_HOME"
    return None


def render_cards(cards: dict[str, dict[str, Any]], *, pictures: Path | None = None) -> dict[str, Any]:
    """Render cards with the official renderer.

    Args:
        cards: By name.
        pictures: A folder for `NAME-light.png`, `NAME-dark.png` and `NAME-phone.png`; None for none.

    Returns:
        By name: `errors`, `links` (addresses of all links) and `text` (what can be read).
    """
    done = subprocess.run(
        ["node", str(_HERE / "render_cards.mjs")],
        input=json.dumps({"cards": cards, "pictures": str(pictures) if pictures else None}),
        env={**os.environ, "HANDRAIL_NODE_HOME": str(_home()), "CHROMIUM": _chromium()},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    if done.returncode:
        raise AssertionError(f"render_cards.mjs failed:\n{done.stderr[-4000:]}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def check_cards(cards: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """What schema and renderer find wrong, by card; cards without a finding are left out."""
    alike: dict[str, list[str]] = {}  # names of the same card, shown once
    for name, card in cards.items():
        alike.setdefault(json.dumps(card, sort_keys=True), []).append(name)
    rendered = render_cards({first: cards[first] for first, *_ in alike.values()})
    found: dict[str, list[str]] = {}
    for first, *others in alike.values():
        shown = [each for each in rendered[first]["errors"] if not _of_people_picker(each)]
        found |= dict.fromkeys((first, *others), schema_errors(cards[first]) + shown)
    return {name: errors for name, errors in found.items() if errors}


def _home() -> Path:
    return Path(os.environ.get("HANDRAIL_NODE_HOME") or _HERE)


def _chromium() -> str:
    named = os.environ.get("CHROMIUM")
    return named or next(
        filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), ""
    )
