"""HTML made plain text: never rendered, nothing fetched, no word lost (EIN-13).

inscriptis keeps tables, lists and accents right, but answers nothing at all when tags nest deeper than libxml2 allows,
and pads table cells until 45 KB become 27 MB. So its work is bounded before and checked after; a plain removal of tags
takes over where it is not to be trusted.
"""

import html
import re

import inscriptis
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from lxml.etree import LxmlError

_BYTES = 400_000
_CELLS_TIMES_LINES = 400_000
_QUOTE_OPEN, _QUOTE_CLOSE = "\ue0f1", "\ue0f2"
"""Private-use letters that mark where a quotation begins and ends while the tags vanish."""

_UNSEEN = re.compile(r"<(script|style|title|head)\b", re.IGNORECASE)
_BREAK = re.compile(r"/?(?:p|div|br|tr|li|h[1-6]|table|blockquote|ul|ol)\b", re.IGNORECASE)
_CELL = re.compile(r"<t[dh]\b", re.IGNORECASE)
_LINE = re.compile(r"<(?:p|div|br|tr|li|h[1-6])\b", re.IGNORECASE)
_BLOCKQUOTE = re.compile(r"<(/?)blockquote\b[^<>]{0,2000}>", re.IGNORECASE)
_XML = re.compile(r"\A\s*<\?xml[^<>]{0,500}>")


def to_text(markup: str) -> str:
    """The readable text of an HTML document; quotations get `> ` before each line, as plain mail has it."""
    marked = _BLOCKQUOTE.sub(_mark, markup.replace(_QUOTE_OPEN, "").replace(_QUOTE_CLOSE, ""))
    bare = _without_tags(marked)
    if len(markup) > _BYTES or _padding(markup) > _CELLS_TIMES_LINES:
        return _with_quotes(bare)
    laid_out = _laid_out(marked)
    # A word less than the tags held means that the layout swallowed something.
    return _with_quotes(laid_out if _letters(laid_out) >= 0.9 * _letters(bare) else bare)


def _mark(match: re.Match[str]) -> str:
    return f"{match[0]}<p>{_QUOTE_OPEN}</p>" if not match[1] else f"<p>{_QUOTE_CLOSE}</p>{match[0]}"


def _padding(markup: str) -> int:
    """How far the cells of tables may blow the text up: every cell is padded to the lines of its row."""
    cells = sum(1 for _ in _CELL.finditer(markup))
    return cells * sum(1 for _ in _LINE.finditer(markup)) if cells else 0


def _laid_out(markup: str) -> str:
    config = ParserConfig(css=CSS_PROFILES["strict"].copy())
    try:
        return str(inscriptis.get_text(_XML.sub("", markup), config))
    except (LxmlError, ValueError, LookupError, AttributeError, RecursionError):
        return ""  # the caller compares, and takes the plain removal of tags instead


def _letters(text: str) -> int:
    return sum(1 for letter in text if letter.isalnum())


def _without_tags(markup: str) -> str:
    """The text between the tags, in one pass; a `<` that opens no tag stays."""
    out: list[str] = []
    hidden = ""
    for number, chunk in enumerate(markup.split("<")):
        tag, close, text = chunk.partition(">")
        if number == 0:
            out.append(chunk)
        elif hidden:
            if tag.lower().startswith(f"/{hidden}"):
                hidden = ""
                out.append(text)
        elif match := _UNSEEN.match(f"<{tag[:20]}"):
            hidden = match[1].lower()
        elif not close or not (tag[:1].isalpha() or tag[:1] in "/!?"):
            out.append(f"<{chunk}")
        else:
            out.append(("\n" if _BREAK.match(tag) else "") + text)
    return html.unescape("".join(out))


def _with_quotes(text: str) -> str:
    """The text with the marks of quotations turned into `> ` at the head of their lines, nested as they were."""
    out: list[str] = []
    depth = 0
    for line in text.split("\n"):
        depth += line.count(_QUOTE_OPEN)
        bare = line.replace(_QUOTE_OPEN, "").replace(_QUOTE_CLOSE, "").rstrip()
        if bare or not (_QUOTE_OPEN in line or _QUOTE_CLOSE in line):
            out.append(f"{'>' * min(depth, 20)} {bare.lstrip()}" if depth and bare else bare)
        depth = max(0, depth - line.count(_QUOTE_CLOSE))
    return "\n".join(out).strip("\n")
