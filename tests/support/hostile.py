"""Words that somebody would write who wants to break a card, a log line or a reader's trust."""

from hypothesis import strategies as st

# What is active in Markdown, Unicode or Teams comes often; ordinary letters hide nothing.
ACTIVE = (
    r"** * _ ~~ ` { | \\ # > --- === $ < <b> <at>Ada</at> &amp; &#42; :smile: @everyone www.evil.example "
    "[x](https://evil.example) ![x](https://evil.example/x.png) <https://evil.example> https://evil.example "
    "mailto:a@evil.example {{DATE(2026-11-22,SHORT)}} {{TIME(2026-11-22T09:41:07Z)}} \u05e9\u05dc\u05d5\u05dd"
)
AT_LINE_START = ("- ", "+ ", "1. ", "1) ", "# ", "> ", "    ", "\t", "[x]: https://evil.example")
UNSEEN = (
    "\n",
    "\r\n",
    "\u2028",
    "\u202e",
    "\u2066",
    "\u200b",
    "\ufeff",
    "\x00",
    "\x1b[31m",
    "\ud800",
    "\U000e0041",
)
HOSTILE = st.lists(
    st.one_of(st.sampled_from((*ACTIVE.split(), *AT_LINE_START, *UNSEEN)), st.text(max_size=6)), max_size=12
).map("".join)
