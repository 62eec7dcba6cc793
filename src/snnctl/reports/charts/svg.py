"""SVG as text: elements, escaping, and the document around a chart."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from snnctl.reports.charts.palette import STYLE

FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML cannot hold

SUBSCRIPT = 'τ<tspan dy="3" font-size="75%">c</tspan><tspan dy="-3">\u200b</tspan>'


def escape(text: object) -> str:
    """``text`` as the content of an element or of an attribute, of XML and HTML alike."""
    clean = FORBIDDEN.sub("�", str(text))
    for char, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        clean = clean.replace(char, name)
    return clean


def element(name: str, /, *children: str, **attributes: object) -> str:
    """One element.

    Args:
        name: of the element.
        children: elements, or texts that are escaped already.
        attributes: by name, underscores standing for dashes (``class_`` for ``class``); None leaves one out. Floats are
            written with at most two decimals.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(number(value) if isinstance(value, float) else value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    content = "".join(children)
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def number(value: float) -> str:
    """A coordinate: at most two decimals, no trailing zeros, no "-0"."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def label(text: str, x: float, y: float, class_: str = "", anchor: str = "start", rotate: float = 0) -> str:
    """A line of text; "τ_c" is set with a lowered c."""
    turned = f"rotate({number(rotate)} {number(x)} {number(y)})" if rotate else None
    return element(
        "text",
        escape(text).replace("τ_c", SUBSCRIPT),
        x=x,
        y=y,
        class_=class_ or None,
        text_anchor=anchor,
        transform=turned,
    )


def polyline(points: Iterable[tuple[float, float]], closed: bool = False) -> str:
    """The ``d`` of a path through ``points``."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + ("Z" if closed else "")


def text_width(text: str, size: float = 13) -> float:
    """Roughly how wide ``text`` is, in pixels: enough to leave room for it."""
    return 0.58 * size * len(text)


def shortened(text: str, width: float, size: float = 13) -> str:
    """``text``, cut with an ellipsis where it is wider than ``width`` pixels."""
    most = max(math.floor(width / (0.58 * size)), 2)
    return text if len(text) <= most else text[: most - 1] + "…"


def wrapped(text: str, width: float, size: float = 13) -> list[str]:
    """``text`` in lines that are not wider than ``width`` pixels, broken between words; longer words are cut."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(shortened(word, width, size))
    return lines or [""]


def document(title: str, description: str, width: float, height: float, body: str, inline: bool = False) -> str:
    """A chart around ``body``.

    Args:
        title: its name, read out.
        description: what it shows, in words.
        width: of its coordinates, in pixels.
        height: likewise.
        body: elements.
        inline: whether it stands in a page that holds :data:`~snnctl.reports.charts.STYLE`; if not, it is a file of its
            own, with style and background.
    """
    own = "" if inline else element("style", STYLE) + element("rect", class_="paper", width=width, height=height)
    return element(
        "svg",
        element("title", escape(title)) + element("desc", escape(description)) + own + body,
        xmlns="http://www.w3.org/2000/svg",
        class_="chart",
        role="img",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
    )
