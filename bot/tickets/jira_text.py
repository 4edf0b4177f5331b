"""Jira's document format for texts (ADF), as far as plain text needs it.

https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/. In it text is data: nothing that
a person writes becomes a link, a mention or a macro. Must not know: how Jira is spoken to.
"""

from typing import Any, Final

_BLOCKS: Final = frozenset(
    {"paragraph", "heading", "listItem", "codeBlock", "blockquote", "panel", "rule", "tableRow", "mediaGroup"}
)
_DEEPEST: Final = 50


def document(text: str) -> dict[str, Any]:
    """Plain text as a document: one paragraph, its lines broken where they were."""
    lines = text.split("\n")
    content: list[dict[str, Any]] = []
    for index, line in enumerate(lines):
        if index:
            content.append({"type": "hardBreak"})
        if line:
            content.append({"type": "text", "text": line})
    return {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": content}]}


def plain(node: Any, depth: int = 0) -> str:
    """A document, or what stands for one, as plain text."""
    if isinstance(node, str):
        return node
    if not isinstance(node, dict) or depth > _DEEPEST:
        return ""
    match node.get("type"):
        case "text":
            return str(node.get("text", ""))
        case "hardBreak":
            return "\n"
        case "mention" | "emoji" | "status" | "date" | "inlineCard":
            attributes = node.get("attrs")
            known = attributes if isinstance(attributes, dict) else {}
            return str(known.get("text") or known.get("shortName") or known.get("url") or "")
    content = node.get("content")
    inside = "".join(plain(each, depth + 1) for each in content) if isinstance(content, list) else ""
    return f"{inside}\n" if node.get("type") in _BLOCKS else inside.rstrip("\n") if not depth else inside
