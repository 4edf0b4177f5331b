"""A prompt as an Adaptive Card: one request a screen, details folded away, back and a person at the end.

Every button sends `{"handrail": {"prompt", "does", "option" or "command"}}`; fields come with it under
`field(prompt)`. Must not know: what an answer leads to, how a card is sent.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from bot.cards import elements, labels, plain
from bot.cards.elements import Element
from bot.cards.speech import Speaker
from dialogs.conversation import PromptId
from dialogs.effects import Choices, Entry, Option, Prompt
from dialogs.text import Text

_MOST_BUTTONS: Final = 6  # Teams hides the seventh
_LONGEST_BUTTON: Final = 40  # characters; on a phone a button is one line, the line of a list may wrap
_MOST_LISTED: Final = 12  # above that a list is folded into a field
_MOST_OPTIONS: Final = 100
_MOST_FACTS: Final = 30
_MOST_NOTES: Final = 8
_LONG_TEXT: Final = 200  # characters from which a field has several lines
_STYLES: Final = {"plain": "default", "good": "good", "warning": "warning"}


def field(prompt: PromptId) -> str:
    """The id of the input of prompt `prompt`. It is never used twice: Teams fills known fields again."""
    return f"answer-{prompt}"


def card(prompt: Prompt, speaker: Speaker, *, execute: bool, owner: str = "") -> Element:
    """The screen as an Adaptive Card 1.5, never larger than `elements.LARGEST`.

    Args:
        prompt: What to show.
        speaker: Speaks the person's language and zone.
        execute: Whether the client knows Action.Execute.
        owner: Where others can press, too: a mark of whose card it is, sent back as `owner`.
    """
    return elements.fitted(
        lambda limited: _Screen(prompt, limited, execute=execute, owner=owner).whole(), speaker
    )


def retired(prompt: Prompt, speaker: Speaker, picked: Sequence[Text | str]) -> Element:
    """The same screen once it is answered: what was asked, what was picked, nothing to press."""

    def build(limited: Speaker) -> Element:
        words = labels.joined(picked, limited)
        body = _Screen(prompt, limited).head()
        if words:
            answer = elements.run(f"✓ {words}", weight="Bolder")
            body.append(elements.runs(answer, separator=True, spacing="Medium"))
        fallback = "\n\n".join(
            part for part in (limited.say(prompt.say), f"✓ {words}" if words else "") if part
        )
        return elements.root(limited, body, fallback=fallback)

    return elements.fitted(build, speaker)


def summary(prompt: Prompt, speaker: Speaker) -> str:
    """One line for the notification."""
    return labels.summary(prompt, speaker)


class _Screen:
    """One prompt while it is laid out: what all its parts need."""

    def __init__(self, prompt: Prompt, speaker: Speaker, *, execute: bool = False, owner: str = "") -> None:
        self._prompt = prompt
        self._owner = {"owner": owner} if owner else {}
        self._speaker = speaker
        self._execute = execute

    def whole(self) -> Element:
        """Notes, progress, words, details, facts, the question, the small buttons."""
        body = [*self.head(details=True), *self._question()]
        commands = [
            self._button(labels.command(each, self._speaker), does="commanded", command=each)
            for each in self._prompt.commands[:_MOST_BUTTONS]
        ]
        body += elements.rows_of(commands, separator=True, spacing="Medium")
        return elements.root(self._speaker, body, fallback=plain.text(self._prompt, self._speaker))

    def head(self, *, details: bool = False) -> list[Element]:
        """All that is only read. `details`: with the words that fold out."""
        prompt, speaker = self._prompt, self._speaker
        plain_tone = prompt.tone == "plain"
        subtle = {"isSubtle": True} if plain_tone else {}
        body = [elements.text(speaker.markdown(each), **subtle) for each in prompt.notes[:_MOST_NOTES]]
        step = labels.progress(prompt, speaker)
        if step:
            body.append(elements.runs(elements.run(step, size="Small", isSubtle=True), spacing="Small"))
        body.append(elements.text(speaker.markdown(prompt.say), spacing="Small"))
        if not plain_tone:
            # The news stands in the notes ("Good, ..."), so they belong on the colour, too.
            body = [{"type": "Container", "style": _STYLES[prompt.tone], "items": body}]
        if details and prompt.more:
            name = f"more-{prompt.id}"
            body.append(elements.actions(elements.toggle(speaker.key("bot/more"), name), spacing="Small"))
            body.append(elements.fold(name, elements.text(speaker.markdown(prompt.more))))
        body += [
            elements.row(speaker.say(fact.label), elements.runs(labels.joined(fact.values, speaker)))
            for fact in prompt.facts[:_MOST_FACTS]
        ]
        return body

    def _question(self) -> Iterator[Element]:
        match self._prompt.ask:
            case Choices(scale=True) as asked:
                yield self._scale(asked.options)
            case Choices() as asked if asked.several or not self._fits(asked.options):
                yield from self._list(asked)
            case Choices() as asked:
                for number, option in enumerate(asked.options):
                    yield elements.actions(self._option(option), spacing="Small" if number else "Medium")
            case Entry() as asked:
                yield from self._entry(asked)
            case None:
                return

    def _fits(self, options: Sequence[Option]) -> bool:
        """Whether every option can be a button of its own, with all of its words to be seen."""
        return len(options) <= _MOST_BUTTONS and all(
            len(self._speaker.say(each.label)) <= _LONGEST_BUTTON for each in options
        )

    def _scale(self, options: Sequence[Option]) -> Element:
        columns = [
            {"type": "Column", "width": "auto", "items": [elements.actions(self._option(each))]}
            for each in options[:_MOST_BUTTONS]
        ]
        return {"type": "ColumnSet", "columns": columns, "spacing": "Medium"}

    def _list(self, asked: Choices) -> Iterator[Element]:
        speaker = self._speaker
        listed = asked.several or len(asked.options) <= _MOST_LISTED
        yield {
            "type": "Input.ChoiceSet",
            "id": field(self._prompt.id),
            "label": speaker.key("card/pick-all" if asked.several else "card/pick-one"),
            "style": "expanded" if listed else "compact",
            "isMultiSelect": asked.several,
            "isRequired": True,
            "errorMessage": speaker.key("card/pick-error"),
            "wrap": True,
            "choices": [
                {"title": speaker.label(each.label), "value": each.id}
                for each in asked.options[:_MOST_OPTIONS]
            ],
        }
        yield elements.actions(self._send("chose"))

    def _entry(self, asked: Entry) -> Iterator[Element]:
        speaker = self._speaker
        common = {
            "id": field(self._prompt.id),
            "label": speaker.label(asked.label),
            "isRequired": True,
            "errorMessage": speaker.label(asked.error) if asked.error else speaker.key("card/needed"),
        }
        if asked.kind == "date":
            yield {"type": "Input.Date", **common}
        else:
            several_lines = asked.kind == "details" or asked.limit > _LONG_TEXT
            yield {"type": "Input.Text", **common, "maxLength": asked.limit, "isMultiline": several_lines}
        buttons = [self._send("entered")]
        if asked.skip:
            buttons.append(self._option(asked.skip))
        yield from elements.rows_of(buttons)

    def _send(self, does: str) -> Element:
        return self._button(self._speaker.key("bot/send"), inputs=True, main=True, does=does)

    def _option(self, option: Option) -> Element:
        words = self._speaker.say(option.label)
        return self._button(words, main=option.main, does="chose", option=option.id)

    def _button(self, words: str, *, inputs: bool = False, main: bool = False, **data: str) -> Element:
        # Colour is a help and no meaning: not every client shows it.
        style = {"style": "positive"} if main else {}
        sent = {"prompt": self._prompt.id, **data, **self._owner}
        return elements.button(words, sent, execute=self._execute, inputs=inputs, **style)
