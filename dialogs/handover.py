"""What would be handed over: the answers folded into a case, and the summary shown before it.

It must not know who the person is, which ticket system there is, or what time it is.
"""

from collections.abc import Iterable
from functools import lru_cache

from dialogs.case import Asked, CaseFile, Checked, FixTried
from dialogs.conditions import holds
from dialogs.conversation import Conversation, Picked, Probed, Tried, Typed
from dialogs.effects import Fact
from dialogs.guide import Ask, Check, Collect, Escalate, Severity
from dialogs.library import Library
from dialogs.text import Argument, Text
from dialogs.walk import Visit, Walk, escalation, untried

DEFAULT_QUEUE = "sign-in"
_PLACES = ("app", "device", "since", "account")


def node_text(walked: Walk, key: str) -> Text:
    """A guide's text with what its places may hold: the code and what it means."""
    return Text(key, _about(walked.code, walked.topic))


@lru_cache(maxsize=1024)
def _about(code: int | None, topic: str) -> dict[str, Argument]:
    if code is None:
        return {"code": Text("bot/this-message"), "meaning": Text("bot/without-code")}
    return {"code": f"AADSTS{code}", "meaning": Text(f"topic/{topic}")}


def case_file(library: Library, conversation: Conversation, walked: Walk, number: str, at: int) -> CaseFile:
    """The case as it stands now. `number` and `at` come from the event that hands over."""
    end = escalation(walked)
    guide = walked.guide
    return CaseFile(
        number=number,
        queue=end.queue if end else DEFAULT_QUEUE,
        guide=guide.id if guide else "",
        title=Text(guide.title) if guide else Text("bot/no-guide"),
        language=conversation.language,
        content=library.version,
        started_at=walked.begun_at or at,
        opened_at=at,
        codes=walked.codes,
        evidence=walked.evidence,
        headline=node_text(walked, end.say) if end and end.say and walked.node is end else None,
        app=_app(walked),
        device=_device(walked),
        since=_place(walked, "since"),
        account=_place(walked, "account"),
        seen=_seen(walked),
        asked=tuple(
            _asked(walked, visit) for visit in walked.visits if isinstance(visit.answer, Picked | Typed)
        ),
        tried=tuple(_tried(library, walked)),
        untried=tuple(Text(library.fixes[fix].name) for fix in untried(walked) if fix in library.fixes),
        ruled_out=tuple({text.key: text for text in _ruled_out(library, walked)}.values()),
        checks=tuple(_checked(visit) for visit in walked.visits if isinstance(visit.node, Check)),
        ask_next=tuple(_ask_next(walked)),
        remarks=walked.remarks,
        contact=walked.contact,
        severity=_severity(end, walked),
        files=walked.files,
    )


def summary(library: Library, walked: Walk) -> tuple[Fact, ...]:
    """What the person is shown before anything is sent, in their own language; empty lines are left out."""
    evidence = walked.evidence
    ids = [value for value in (evidence.correlation_id, evidence.request_id) if value]
    rows: tuple[tuple[str, tuple[Text | str, ...]], ...] = (
        ("codes", tuple([f"AADSTS{code}" for code in walked.codes])),
        ("app", _app(walked)),
        ("since", _place(walked, "since")),
        ("account", _place(walked, "account")),
        ("device", _device(walked)),
        ("seen", _seen(walked)),
        ("tried", tuple([_tried_words(each) for each in _tried(library, walked)])),
        ("ids", (*ids, *_known(evidence.timestamp))),
        ("remarks", walked.remarks),
        ("files", tuple(each.name for each in walked.files)),
    )
    return tuple(Fact(label=Text(f"bot/fact/{name}"), values=values) for name, values in rows if values)


def _severity(end: Escalate | None, walked: Walk) -> Severity:
    grades = end.grades if end is not None else ()
    return next((each.severity for each in grades if holds(each.when, walked.given)), "normal")


def _tried_words(tried: FixTried) -> Text:
    return Text("bot/tried", {"fix": tried.fix, "result": Text(f"result/{tried.result}")})


def _place(walked: Walk, place: str) -> tuple[Text | str, ...]:
    """What was answered for a place on the ticket; the newest answer counts."""
    for visit in reversed(walked.visits):
        node, answer = visit.node, visit.answer
        if isinstance(node, Ask | Collect) and node.ticket == place:
            if isinstance(node, Ask) and isinstance(answer, Picked):
                return _labels(node, answer)
            if isinstance(node, Collect) and isinstance(answer, Typed):
                return _known(answer.text)
    return ()


def _app(walked: Walk) -> tuple[Text | str, ...]:
    return _place(walked, "app") or _known(walked.evidence.app_name)


def _device(walked: Walk) -> tuple[Text | str, ...]:
    return _place(walked, "device") or _known(walked.evidence.device_state)


def _seen(walked: Walk) -> tuple[Text, ...]:
    return tuple([each for each in _place(walked, "seen") if isinstance(each, Text)])


def _labels(node: Ask, answer: Picked) -> tuple[Text, ...]:
    return tuple(Text(choice.label) for choice in node.choices if choice.id in answer.choices)


def _known(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _asked(walked: Walk, visit: Visit) -> Asked:
    node, answer = visit.node, visit.answer
    question = node_text(walked, node.say)
    if isinstance(node, Ask) and isinstance(answer, Picked):
        return Asked(question=question, answers=_labels(node, answer), at=answer.at)
    assert isinstance(answer, Typed)
    return Asked(question=question, text=answer.text, skipped=answer.text is None, at=answer.at)


def _tried(library: Library, walked: Walk) -> Iterable[FixTried]:
    for visit in walked.visits:
        answer = visit.answer
        if isinstance(answer, Tried):
            fix = library.fixes.get(answer.fix)
            yield FixTried(fix=Text(fix.name if fix else answer.fix), result=answer.result, at=answer.at)


def _ruled_out(library: Library, walked: Walk) -> Iterable[Text]:
    for visit in walked.visits:
        node, answer = visit.node, visit.answer
        if isinstance(node, Ask) and isinstance(answer, Picked):
            yield from (Text(c.rules_out) for c in node.choices if c.rules_out and c.id in answer.choices)
        elif isinstance(node, Check) and isinstance(answer, Probed) and answer.outcome in node.rules_out:
            yield Text(node.rules_out[answer.outcome])
        elif isinstance(answer, Tried) and answer.result in {"same", "other"}:
            fix = library.fixes.get(answer.fix)
            if fix and fix.rules_out:
                yield Text(fix.rules_out)


def _checked(visit: Visit) -> Checked:
    assert isinstance(visit.node, Check)
    assert isinstance(visit.answer, Probed)
    return Checked(
        probe=visit.node.probe, outcome=visit.answer.outcome, detail=visit.answer.detail, at=visit.answer.at
    )


def _ask_next(walked: Walk) -> Iterable[Text]:
    """The case before this one, what nobody asked yet where the guide was left early, the guide's hints."""
    if walked.number:
        yield Text("bot/ask-next/earlier", {"number": walked.number})
    if walked.guide is not None and not isinstance(walked.node, Escalate):
        asks = {n.ticket for n in walked.guide.nodes.values() if isinstance(n, Ask | Collect) and n.ticket}
        for place in _PLACES:
            if place in asks and not _place(walked, place):
                yield Text(f"bot/ask-next/{place}")
    end = escalation(walked)
    if end is not None:
        yield from (node_text(walked, hint.text) for hint in end.hints if holds(hint.when, walked.given))
