"""Prompt and case as plain text: for clients without cards, the terminal, ticket systems and screen readers.

Must not know: cards, Teams, ticket systems.
"""

from bot.cards import case, labels
from bot.cards.speech import Speaker
from bot.store.api import CaseRecord
from bot.store.history import Solved
from dialogs.effects import Choices, Entry, Prompt


def text(prompt: Prompt, speaker: Speaker) -> str:
    """The whole screen: what is said, the answers by number, and how to answer."""
    parts = [speaker.say(each) for each in prompt.notes]
    parts += [labels.progress(prompt, speaker), speaker.say(prompt.say)]
    if prompt.more:
        parts.append(speaker.say(prompt.more))
    parts.append(facts(prompt, speaker))
    match prompt.ask:
        case Choices():
            parts += _choices(prompt.ask, speaker)
        case Entry():
            parts += _entry(prompt.ask, speaker)
        case None:
            pass
    if prompt.commands:
        words = ", ".join(f"“{labels.command(each, speaker)}”" for each in prompt.commands)
        parts.append(speaker.key("card/how/commands", commands=words))
    return "\n\n".join(part for part in parts if part)


def facts(prompt: Prompt, speaker: Speaker) -> str:
    """The facts of a prompt, one a line."""
    rows = ((speaker.say(fact.label), labels.joined(fact.values, speaker)) for fact in prompt.facts)
    return "\n".join(f"{label}: {values}" for label, values in rows)


def _choices(choices: Choices, speaker: Speaker) -> list[str]:
    if choices.scale:
        words = [speaker.say(each.label) for each in choices.options]
        return [speaker.key("card/how/scale", numbers=", ".join(words))]
    listed = "\n".join(
        f"{number}. {speaker.say(each.label)}" for number, each in enumerate(choices.options, 1)
    )
    return [listed, speaker.key("card/how/several" if choices.several else "card/how/one")]


def _entry(entry: Entry, speaker: Speaker) -> list[str]:
    how = [speaker.key(f"card/how/{entry.kind}")]
    if entry.skip:
        how.append(speaker.key("card/how/skip", skip=speaker.say(entry.skip.label)))
    return [f"{speaker.say(entry.label)}:", " ".join(how)]


def case_text(record: CaseRecord, speaker: Speaker, solved: Solved | None = None) -> str:
    """The whole ticket. Every value is on one line, so nobody's words can pass for a line of ours.

    Args:
        record: The case.
        speaker: Speaks the agent's language and zone.
        solved: What ended others like it.
    """
    top = case.head(record, speaker)
    lines = [
        " · ".join(part for part in (top.number, top.severity, top.status, top.opened, top.queue) if part),
        top.about,
        f"{top.person} ({top.vouched}) · {top.language}",
        top.headline,
    ]
    lines.append(case.reference(top, speaker))
    blocks = ["\n".join(each for each in lines if each)]
    for section in case.sections(record, speaker, solved):
        said = [case.row_text(each, speaker) for each in section.rows]
        if len(said) == 1 and not section.rows[0].about:
            blocks.append(f"{section.label}: {said[0]}")
        else:
            blocks.append("\n".join([f"{section.label}:", *(f"- {each}" for each in said)]))
    return "\n\n".join(blocks)
