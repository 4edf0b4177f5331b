"""Three small guides that between them use every kind of node, and ways to edit any guide under somebody.

An edited guide is still a sound one: each edit leaves every way leading somewhere.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec

from dialogs.guide import Ask, Check, Choice, Collect, End, Escalate, Guide, Node, Try, Way
from dialogs.language import compile as compile_content
from dialogs.language.load import read_folder
from dialogs.library import Library

_CONTENT = Path(__file__).parents[2] / "content"

_PRINTER = """
guide: printer
title: The printer is blocked
codes: [AADSTS50076]
words:
  - paper is stuck
start: light
nodes:
  light:
    say: '{code}: Is the green light on?'
    ask:
      on: Yes, it is on
      off:
        label: No, it is dark
        go: tag
      fine:
        label: It prints again
        go: solved
    go: seen
  seen:
    say: What did you see? Pick all that fit.
    several: yes
    ticket: seen
    ask:
      paper: Paper
      smoke: Smoke
      none:
        label: None of these
        alone: yes
    go:
      - to: fire
        when:
          seen: [smoke]
      - to: fixes
  fixes:
    try:
      - fix: other-network
        when:
          seen: [paper]
      - private-window
      - check-clock
    limit: 2
    fixed: solved
    go: health
  health:
    check: service-health
    outcomes:
      fine: log
      trouble: wait
    otherwise: log
    rules-out:
      fine: An outage
  log:
    check: sign-in-log
    outcomes:
      failed: handover
      signed-in: tag
      blocked-by-policy: tag
      prompt-open: tag
    otherwise: tag
  tag:
    say: Which tag is on it? It has three digits.
    collect: text
    pattern: '[0-9]{3}'
    hint: Three digits, as on the tag.
    go: day
  day:
    say: On which day did it begin?
    collect: date
    skip: I don't know the day
    ticket: since
    go: details
  details:
    say: Paste what the screen says.
    collect: details
    known: correlation_id
    skip: I can't copy it
    go: handover
  wait:
    say: Wait for an hour.
    end: stopped
  fire:
    say: Then somebody has to look at it at once.
    escalate: security
  handover:
    say: Somebody has to look at it.
    escalate: sign-in
    hints:
      tag:
        text: Look at tag and day
  solved:
    say: Good. It prints.
    end: solved
"""

_DOOR = """
guide: door
title: The door stays shut
codes: [AADSTS53003, AADSTS50058]
words:
  - door is shut
start: state
nodes:
  state:
    check: account-state
    outcomes:
      enabled: device
      disabled: handover
      guest-pending: push
    otherwise: push
  device:
    check: device-state
    outcomes:
      compliant: push
      not-compliant: push
      not-registered: handover
    otherwise: push
  push:
    try:
      - other-browser
    limit: 1
    fixed: open
    go: whose
  whose:
    say: Whose door is it?
    ticket: account
    ask:
      own: My own
      other: Somebody else's
    go: app
  app:
    say: Which lock is it?
    collect: text
    known: app_name
    ticket: app
    go: handover
  handover:
    say: Somebody comes with a key.
    escalate: sign-in
  open:
    say: Good. It is open.
    end: solved
"""

_ANY = """
guide: anything
title: Something else
codes: any
words:
  - nothing works
start: again
nodes:
  again:
    say: |
      {code}: {meaning}
      Did a second try help?
    ask:
      works:
        label: It works now
        go: solved
      same: No, still the same
      wait:
        label: I'll wait
        go: waiting
    go:
      - to: fixes
        when:
          topic: [mfa, session]
      - to: handover
  fixes:
    try:
      - fix: private-window
        when:
          topic: [session]
      - fix: approve-own-request
        when:
          code: [AADSTS500121]
    limit: 1
    fixed: solved
    go: handover
  waiting:
    say: Then wait a little.
    end: stopped
  handover:
    say: Somebody looks at it.
    escalate: sign-in
  solved:
    say: Good.
    end: solved
"""


def shipped() -> Library:
    """The content that ships."""
    return compile_content(read_folder(_CONTENT)[0])[0]


def small() -> Library:
    """The three guides above with the bot's own words, fixes and codes."""
    files = {path: text for path, text in read_folder(_CONTENT)[0].items() if not path.startswith("guides/")}
    made = {"printer": _PRINTER, "door": _DOOR, "anything": _ANY}
    files |= {f"guides/{name}.yaml": text for name, text in made.items()}
    library, _ = compile_content(files)
    assert library.guides.keys() == made.keys()
    return library


# ---- edits

Edit: TypeAlias = Callable[[Library], Library]


def _edited(library: Library, change: Callable[[Node], Node]) -> Library:
    guides = {
        guide.id: msgspec.structs.replace(
            guide, nodes={name: change(node) for name, node in guide.nodes.items()}
        )
        for guide in library.guides.values()
    }
    return msgspec.structs.replace(library, guides=guides, version=library.version + "+")


def choices_renamed(library: Library) -> Library:
    """Every choice has another id; its label stays."""

    def change(node: Node) -> Node:
        if not isinstance(node, Ask):
            return node
        renamed = tuple(msgspec.structs.replace(each, id=f"{each.id}-new") for each in node.choices)
        return msgspec.structs.replace(node, choices=renamed)

    return _edited(library, change)


def choices_turned(library: Library) -> Library:
    """The choices stand in another order."""

    def change(node: Node) -> Node:
        return msgspec.structs.replace(node, choices=node.choices[::-1]) if isinstance(node, Ask) else node

    return _edited(library, change)


def fixes_gone(library: Library) -> Library:
    """The first fix of every list is gone."""

    def change(node: Node) -> Node:
        return msgspec.structs.replace(node, offers=node.offers[1:]) if isinstance(node, Try) else node

    return _edited(library, change)


def kinds_changed(library: Library) -> Library:
    """What was asked with buttons is now a field, and the other way round."""

    def change(node: Node) -> Node:
        match node:
            case Ask():
                go = node.go or node.choices[0].go
                return Collect(id=node.id, say=node.say, skip="bot/skip", go=go, ticket=node.ticket)
            case Collect():
                choice = Choice(id="so", label="bot/skip", go=node.go)
                return Ask(id=node.id, say=node.say, choices=(choice,), ticket=node.ticket)
            case _:
                return node

    return _edited(library, change)


def nodes_gone(library: Library) -> Library:
    """Every second node that is no end is gone; who was led there is led past it."""
    guides: Mapping[str, Guide] = {each.id: _thinned(each) for each in library.guides.values()}
    return msgspec.structs.replace(library, guides=guides, version=library.version + "-")


def _thinned(guide: Guide) -> Guide:
    middle = [
        name
        for name, node in guide.nodes.items()
        if name != guide.start and not isinstance(node, End | Escalate)
    ]
    gone = set(middle[::2])

    def past(name: str) -> str:
        while name in gone:
            name = _onward(guide.nodes[name])
        return name

    def ways(given: tuple[Way, ...]) -> tuple[Way, ...]:
        return tuple(msgspec.structs.replace(each, to=past(each.to)) for each in given)

    def change(node: Node) -> Node:
        match node:
            case Ask():
                choices = tuple(msgspec.structs.replace(each, go=ways(each.go)) for each in node.choices)
                return msgspec.structs.replace(node, choices=choices, go=ways(node.go))
            case Collect():
                return msgspec.structs.replace(node, go=ways(node.go))
            case Check():
                outcomes = {outcome: ways(each) for outcome, each in node.outcomes.items()}
                return msgspec.structs.replace(node, outcomes=outcomes, otherwise=ways(node.otherwise))
            case Try():
                return msgspec.structs.replace(node, fixed=past(node.fixed), go=ways(node.go))
            case _:
                return node

    return msgspec.structs.replace(
        guide, nodes={name: change(node) for name, node in guide.nodes.items() if name not in gone}
    )


def _onward(node: Node) -> str:
    match node:
        case Ask():
            return (node.go or node.choices[-1].go)[-1].to
        case Check():
            return node.otherwise[-1].to
        case Collect() | Try():
            return node.go[-1].to
        case _:
            raise ValueError(f"nothing comes after {node.id}")


def a_guide_gone(library: Library) -> Library:
    """The guides that claim codes are gone; the one for any code takes all."""
    guides = {name: each for name, each in library.guides.items() if each.takes_any_code}
    return msgspec.structs.replace(library, guides=guides, version=library.version + "!")


EDITS: tuple[Edit, ...] = (
    choices_renamed,
    choices_turned,
    fixes_gone,
    kinds_changed,
    nodes_gone,
    a_guide_gone,
)
