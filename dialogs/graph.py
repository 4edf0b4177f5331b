"""A guide as a picture: Mermaid text, or SVG laid out in layers.

Here is what is drawn: a box for each node with its words, an arrow for each way with the answers that take
it. How boxes get their places is in `dialogs.layout`. It must not know conversations.
"""

import html
import re

from dialogs.guide import (
    EVIDENCE_SUBJECTS,
    Ask,
    Check,
    Collect,
    End,
    Escalate,
    Guide,
    Match,
    Node,
    NodeId,
    Try,
)
from dialogs.layout import Arrow, Box, Drawing, lay_out
from dialogs.library import Library
from dialogs.ways import FIXED, NOT_FIXED, ON, exits, targets

_KINDS = {Ask: "ask", Collect: "collect", Check: "check", Try: "try", Escalate: "escalate", End: "end"}
_SAID = {FIXED: "one helped", NOT_FIXED: "none helped", ON: ""}
_ANSWERS = 3  # on one arrow; the rest is counted
_LABEL = 90  # characters on one arrow

# One hue a kind, translucent, so that it reads on white and on black alike.
_HUES = {
    "ask": "#3b82f6",
    "collect": "#a855f7",
    "check": "#14b8a6",
    "try": "#f59e0b",
    "escalate": "#ef4444",
    "end": "#22c55e",
}
_SHAPES = {"check": ("{{", "}}"), "end": ("([", "])"), "escalate": ("[/", "/]"), "try": ("[[", "]]")}


def boxes(guide: Guide, library: Library, language: str) -> tuple[Box, ...]:
    """A box for each node, in the author's order."""
    return tuple(
        Box(node.id, _KINDS[type(node)], _words(node, library, language)) for node in guide.nodes.values()
    )


def arrows(guide: Guide, library: Library, language: str) -> tuple[Arrow, ...]:
    """An arrow for each way between two nodes, labelled with the answers or conditions that take it."""
    labels: dict[tuple[NodeId, NodeId], list[str]] = {}
    for node in guide.nodes.values():
        for each in exits(node):
            alone = len(each.ways) == 1
            for way in each.ways:
                said = labels.setdefault((node.id, way.to), [])
                if way.when:
                    said.append(" and ".join(_condition(guide, m, library, language) for m in way.when))
                elif alone and not (isinstance(node, Ask) and node.several):
                    said += [_answer(node, answer, library, language) for answer in each.answers]
                elif not alone:
                    said.append("else")
    lone = {id_ for id_, node in guide.nodes.items() if len(targets(node)) == 1}
    return tuple(
        Arrow(start, end, _any(guide.nodes[start]) if start in lone else _joined(said))
        for (start, end), said in labels.items()
    )


def _any(node: Node) -> str:
    """The label of an only way: listing every answer says nothing."""
    return "any answer" if isinstance(node, Ask) else ""


def _words(node: Node, library: Library, language: str) -> str:
    if node.say:
        return " ".join(library.words(node.say, language).split())
    match node:
        case Check(probe=probe):
            key = f"probe/{probe}/name"
            return library.words(key, language) if library.has(key) else probe
        case Try(offers=offers):
            known = (library.fixes.get(offer.fix) for offer in offers)
            return ", ".join(dict.fromkeys(library.words(fix.name, language) for fix in known if fix))
        case _:
            return ""


def _answer(node: Node, answer: str, library: Library, language: str) -> str:
    if isinstance(node, Ask):
        return next((library.words(c.label, language) for c in node.choices if c.id == answer), answer)
    return _SAID.get(answer, answer)


def _condition(guide: Guide, match: Match, library: Library, language: str) -> str:
    if match.subject in EVIDENCE_SUBJECTS:
        return f"{match.subject}: {' or '.join(match.values)}"
    node = guide.nodes[match.subject]
    return " or ".join(_answer(node, value, library, language) for value in match.values)


def _joined(said: list[str]) -> str:
    unique = [each for each in dict.fromkeys(said) if each]
    shown = " / ".join(unique[:_ANSWERS])
    if len(unique) > _ANSWERS:
        shown += f" / {len(unique) - _ANSWERS} more"
    return shown if len(shown) <= _LABEL else shown[: _LABEL - 1].rstrip() + "…"


def mermaid(guide: Guide, library: Library, language: str = "en") -> str:
    """The guide as a Mermaid flowchart."""
    names = {each: f"n{number}" for number, each in enumerate(guide.nodes)}
    lines = [
        "---",
        f"title: {_plain(library.words(guide.title, language))}",
        "---",
        "flowchart TD",
    ]
    for box in boxes(guide, library, language):
        opens, closes = _SHAPES.get(box.kind, ("[", "]"))
        words = "<br>".join(_entities(each) for each in (box.id, *box.wrapped) if each)
        lines.append(f'  {names[box.id]}{opens}"{words}"{closes}:::{box.kind}')
    for arrow in arrows(guide, library, language):
        label = f'|"{_entities(arrow.label)}"|' if arrow.label else ""
        lines.append(f"  {names[arrow.start]} -->{label} {names[arrow.end]}")
    lines += [f"  classDef {kind} stroke:{hue},fill:{hue}26" for kind, hue in _HUES.items()]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """A title as a quoted YAML string, which Mermaid reads it as."""
    return '"' + re.sub(r'[\\"\s]+', " ", text) + '"'


def _entities(text: str) -> str:
    """Words that cannot be taken for Mermaid's own signs: its entities are #NUMBER;."""
    return re.sub(r"[^\w \-.,?/:…']", lambda found: f"#{ord(found.group())};", text)


def svg(guide: Guide, library: Library, language: str = "en") -> str:
    """The guide as an SVG picture that reads on light and dark, and to a screen reader."""
    title = html.escape(library.words(guide.title, language))
    drawing = lay_out(guide.start, boxes(guide, library, language), arrows(guide, library, language))
    width, height = f"{drawing.width:.0f}", f"{drawing.height + _HEAD:.0f}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"',
            f'  height="{height}" role="img" aria-labelledby="title desc" lang="{html.escape(language)}">',
            f'<title id="title">{title}</title>',
            f'<desc id="desc">{html.escape(_described(drawing))}</desc>',
            f"<style>{_STYLE}{_hues()}</style>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"',
            '  orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>',
            '<rect class="paper" width="100%" height="100%"/>',
            f'<text class="head" x="24" y="36">{title}</text>',
            f'<g transform="translate(0 {_HEAD:.0f})">',
            *_paths(drawing),
            *_labels(drawing),
            *_boxes(drawing),
            "</g>",
            "</svg>",
        ]
    )


_HEAD = 56.0  # pixels for the title
_STYLE = (
    "svg{--ink:#1f2328;--paper:#fff;--line:#6b7280}"
    "@media(prefers-color-scheme:dark){svg{--ink:#e6edf3;--paper:#0d1117;--line:#9ca3af}}"
    "text{font:13px 'Segoe UI',system-ui,sans-serif;fill:var(--ink)}"
    ".head{font-size:20px;font-weight:600}.id{font-weight:600}.label{font-size:12px;text-anchor:middle}"
    ".paper{fill:var(--paper)}.box{fill-opacity:.16;stroke-width:1.5}"
    ".way{fill:none;stroke:var(--line);stroke-width:1.3}.tip{fill:var(--line)}"
)


def _hues() -> str:
    return "".join(f".{kind}{{fill:{hue};stroke:{hue}}}" for kind, hue in _HUES.items())


def _described(drawing: Drawing) -> str:
    ways = "; ".join(
        f"{route.arrow.start} to {route.arrow.end}" + (f" ({route.arrow.label})" if route.arrow.label else "")
        for route in drawing.routes
    )
    return f"{len(drawing.boxes)} steps. {ways}."


def _paths(drawing: Drawing) -> list[str]:
    found = []
    for route in drawing.routes:
        for piece, last in zip(route.pieces, [False] * (len(route.pieces) - 1) + [True], strict=True):
            tip = ' marker-end="url(#tip)"' if last else ""
            found.append(f'<path class="way" d="{piece}"{tip}/>')
    return found


def _labels(drawing: Drawing) -> list[str]:
    return [
        f'<text class="label" x="{route.x:.1f}" y="{route.y + 16 * line + 13:.1f}">'
        f"{html.escape(words)}</text>"
        for route in drawing.routes
        for line, words in enumerate(route.arrow.wrapped)
    ]


def _boxes(drawing: Drawing) -> list[str]:
    found = []
    for place in drawing.boxes:
        box, x, y = place.box, place.x - place.box.width / 2, place.y
        round_ = 18 if box.kind == "end" else 6
        found.append(f"<g><title>{html.escape(f'{box.id} ({box.kind}): {box.words}')}</title>")
        found.append(
            f'<rect class="box {box.kind}" x="{x:.1f}" y="{y:.1f}" width="{box.width:.0f}"'
            f' height="{box.height:.0f}" rx="{round_}"/>'
        )
        for line, words in enumerate((box.id, *box.wrapped)):
            style = ' class="id"' if line == 0 else ""
            found.append(
                f'<text{style} x="{x + 12:.1f}" y="{y + 22 + 18 * line:.1f}">{html.escape(words)}</text>'
            )
        found.append("</g>")
    return found
