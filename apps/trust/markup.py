"""The little Markdown of the legal pages: headings, paragraphs, lists, bold, links. Everything else is plain text."""

import re

from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_LINK = re.compile(r"\[([^\[\]]{1,200})\]\(([^()\s]{1,500})\)")
_ALLOWED = ("https://", "http://", "mailto:", "/", "#")


def rendered(text: str) -> SafeString:
    """HTML without anything that could run or load something."""
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return mark_safe("\n".join(_block(block.strip()) for block in blocks if block.strip()))


def _block(block: str) -> str:
    for mark, tag in (("### ", "h3"), ("## ", "h2")):
        if block.startswith(mark):
            heading, _, rest = block.removeprefix(mark).partition("\n")
            return f"<{tag}>{_inline(heading)}</{tag}>" + (_block(rest.strip()) if rest.strip() else "")
    lines = block.split("\n")
    if lines[0].startswith("- "):
        items = re.split(r"(?:^|\n)- ", block)[1:]
        return "<ul>" + "".join(f"<li>{_inline(' '.join(item.split()))}</li>" for item in items) + "</ul>"
    return f"<p>{_inline(' '.join(block.split()))}</p>"


def _inline(text: str) -> str:
    bold = _BOLD.sub(r"<strong>\1</strong>", str(escape(text)))
    return _LINK.sub(_link, bold)


def _link(match: re.Match[str]) -> str:
    words, address = match[1], match[2]
    if not address.startswith(_ALLOWED) or address.startswith("//"):
        return match[0]
    return format_html('<a href="{}">{}</a>', mark_safe(address), conditional_escape(mark_safe(words)))
