"""The card in the helpdesk's channel: who, what, what was tried, and what to ask next, with nothing to guess.

What a person typed is only ever in TextRuns, where nothing is Markdown, and it says that it is their words.
Must not know: who presses the buttons, whether the case may be claimed, how the card is sent.
"""

from typing import Final

import msgspec

from bot.cards import acting, case, elements, plain
from bot.cards.case import Head, Row, Section
from bot.cards.elements import Element
from bot.cards.ended_by import Endings
from bot.cards.speech import Speaker
from bot.store.api import CaseRecord
from bot.store.history import Solved

# Fixed, and without anything of the case in it: a link in a ticket must not be somebody's to choose.
SIGN_IN_LOG: Final = "https://entra.microsoft.com/#view/Microsoft_AAD_IAM/SignInEventsV3Blade"
_LAST: Final = 6  # lines of what happened
# Short things stand side by side, so that the buttons are not far below; sentences stand below each other.
_SIDE_BY_SIDE: Final = frozenset({"device", "seen", "tried", "untried", "ruled-out", "checked"})


def card(
    record: CaseRecord,
    speaker: Speaker,
    *,
    execute: bool = True,
    picker: bool = True,
    board_url: str = "",
    endings: Endings = (),
    solved: Solved | None = None,
) -> Element:
    """The case for the helpdesk, never larger than `elements.LARGEST`.

    Args:
        record: The case as it is now; a changed case gets a new card in the place of the old one.
        speaker: Speaks the channel's language and zone.
        execute: Whether the clients know Action.Execute.
        picker: Whether they can search the people of the team.
        board_url: Where this case is on the helpdesk's board; "" when there is no board to open.
        endings: What may be named as what ended it.
        solved: What ended others like it.
    """

    def build(limited: Speaker) -> Element:
        buttons = acting.doing(record, limited, execute=execute, picker=picker, endings=endings)
        return _build(record, limited, buttons, board_url, solved)

    return elements.fitted(build, speaker)


def summary(record: CaseRecord, speaker: Speaker) -> str:
    """One line for the notification; what presses says so first, for the end of a line may be cut off."""
    top = case.head(record, speaker.limited(120))
    parts = (top.severity, top.number, top.status, top.about, top.headline)
    return " · ".join(part for part in parts if part)


def _build(
    record: CaseRecord, speaker: Speaker, buttons: list[Element], board_url: str, solved: Solved | None
) -> Element:
    top = case.head(record, speaker)
    sections = case.sections(record, speaker, solved)
    folded = [each for each in sections if each.folded]
    body = [*_top(top, speaker)]
    for section in [_newest(each, speaker) for each in sections]:
        if section.id == "ids":
            body += _ids(section)
        elif not section.folded:
            side_by_side = section.id in _SIDE_BY_SIDE
            lines = _one_line(section, speaker) if side_by_side else _rows(section, speaker)
            body.append(elements.row(section.label, *lines))
    # Without pasted ids an agent still finds the sign-in by person and time.
    log = {"type": "Action.OpenUrl", "title": speaker.key("card/sign-in-log"), "url": SIGN_IN_LOG}
    body.append(elements.actions(log, spacing="Small"))
    body += buttons
    name = f"everything-{record.number}"
    reading: list[Element] = [elements.toggle(speaker.key("card/everything"), name)] if folded else []
    if board_url.startswith(("https://", "http://")):
        reading.append({"type": "Action.OpenUrl", "title": speaker.key("card/board"), "url": board_url})
    body += elements.rows_of(reading, spacing="Small")
    if folded:
        body.append(elements.fold(name, *(part for each in folded for part in _folded(each, speaker))))
    return elements.root(speaker, body, fallback=plain.case_text(record, speaker, solved))


def _top(top: Head, speaker: Speaker) -> list[Element]:
    where = " · ".join(part for part in (top.status, top.opened, top.queue) if part)
    number = elements.run(top.number, size="Large", weight="Bolder")
    pressing = elements.run(f" · {top.severity}", size="Large", weight="Bolder", color="Attention")
    body = [
        elements.runs(number, *([pressing] if top.severity else [])),
        elements.runs(elements.run(where, isSubtle=True), spacing="None"),
    ]
    if reference := case.reference(top, speaker):
        body.append(elements.runs(elements.run(reference, isSubtle=True), spacing="None"))
    if top.about:
        body.append(elements.runs(elements.run(top.about, weight="Bolder"), spacing="Small"))
    who = elements.runs(elements.run(top.person, weight="Bolder"), f" · {top.language}")
    vouched = elements.runs(elements.run(top.vouched, weight="Default" if top.verified else "Bolder"))
    vouched["spacing"] = "None"
    body.append(
        {
            "type": "Container",
            "style": "default" if top.verified else "attention",
            "items": [who, vouched],
            "spacing": "Medium",
        }
    )
    body.append(elements.runs(top.headline, spacing="Small"))
    return body


def _rows(section: Section, speaker: Speaker, spacing: str = "None") -> list[Element]:
    """The lines of a section; of very many the last ones are left to the board."""
    several = len(section.rows) > 1 and not section.folded
    lines = [
        elements.runs(*([elements.run("• ")] if several else []), *_row(each, speaker), spacing=spacing)
        for each in section.rows[: _most(speaker)]
    ]
    more = _more(section, speaker)
    if more:
        lines.append(elements.runs(elements.run(more, isSubtle=True), spacing=spacing))
    return lines


def _one_line(section: Section, speaker: Speaker) -> list[Element]:
    parts: list[Element] = []
    for each in section.rows[: _most(speaker)]:
        parts += [elements.run(" · ")] if parts else []
        parts += _row(each, speaker)
    more = _more(section, speaker)
    if more:
        parts.append(elements.run(f" · {more}", isSubtle=True))
    return [elements.runs(*parts)]


def _newest(section: Section, speaker: Speaker) -> Section:
    """Of what happened only the last lines; the thread below the card has all of them."""
    earlier = len(section.rows) - _LAST if section.id == "log" else 0
    if earlier <= 0:
        return section
    before = Row(words=speaker.key("card/earlier-lines", count=str(earlier)))
    return msgspec.structs.replace(section, rows=(before, *section.rows[earlier:]))


def _most(speaker: Speaker) -> int:
    return max(5, min(40, speaker.limit // 10))


def _more(section: Section, speaker: Speaker) -> str:
    left = len(section.rows) - _most(speaker)
    return speaker.key("card/more-lines", count=str(left)) if left > 0 else ""


def _row(row: Row, speaker: Speaker) -> list[Element]:
    parts = [elements.run(case.lead(row.about))] if row.about else []
    if not row.own:
        return [*parts, elements.run(row.words)]
    mark = elements.run(f" ({speaker.key('card/as-written')})", isSubtle=True)
    return [*parts, elements.run(f"“{row.words}”", italic=True), mark]


def _ids(section: Section) -> list[Element]:
    """What an agent copies: one id a line, in letters that cannot be mistaken for one another."""
    lines = [
        elements.runs(
            elements.run(f"{each.about} ", isSubtle=True),
            elements.run(f"“{each.words}”" if each.own else each.words, fontType="Monospace"),
            spacing="None",
        )
        for each in section.rows
    ]
    label = elements.runs(elements.run(section.label, isSubtle=True))
    return [{"type": "Container", "style": "emphasis", "items": [label, *lines], "spacing": "Medium"}]


def _folded(section: Section, speaker: Speaker) -> list[Element]:
    return [elements.runs(elements.run(section.label, weight="Bolder")), *_rows(section, speaker, "Small")]
