"""HTML as text: whatever is not markup already is escaped."""

from __future__ import annotations

from collections.abc import Container, Iterable

from snnctl.reports.charts.svg import escape

VOID = frozenset({"br", "hr", "img", "link", "meta"})


class Html(str):
    """A text that is markup; every other text is escaped where it becomes part of it."""

    __slots__ = ()


def html(content: object) -> Html:
    """``content`` as markup; "τ_c" is set with a lowered c."""
    return content if isinstance(content, Html) else Html(escape(content).replace("τ_c", "τ<sub>c</sub>"))


def join(parts: Iterable[object], between: str = "") -> Html:
    """Parts one after the other."""
    return Html(escape(between).join(html(part) for part in parts))


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """One element.

    Args:
        name: of the element.
        children: markup, and texts, which are escaped.
        attributes: by name; dashes are written as underscores (``class_`` for ``class``); None leaves one out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{written}>") if name in VOID else Html(f"<{name}{written}>{join(children)}</{name}>")


def svg(text: str) -> Html:
    """A chart that was made for a page (``inline=True``)."""
    return Html(text)


def scrolling(content: Html, name: str) -> Html:
    """What may be wider than the screen: it scrolls by itself, with the keyboard as well."""
    return tag("div", content, class_="scroll", tabindex="0", role="group", aria_label=name)


def figure(chart: str, caption: object, name: str) -> Html:
    """A chart with a caption; ``name`` is read out when it is reached with the keyboard."""
    return tag("figure", tag("figcaption", caption), scrolling(svg(chart), name))


def details(summary: object, *content: object, opened: bool = False, **attributes: object) -> Html:
    """What is shown on request."""
    return tag("details", tag("summary", summary), *content, open="" if opened else None, **attributes)


def table(name: str, heads: Iterable[object], rows: Iterable[Iterable[object]], texts: Container[int] = (0,)) -> Html:
    """A table with a head.

    Args:
        name: of the table, for readers who do not see it.
        heads: of the columns.
        rows: cells; the first of each is the row's head.
        texts: places of the columns that are texts; the others are aligned as numbers.
    """
    head = tag("tr", *(tag("th", cell, scope="col", class_=_kind(place, texts)) for place, cell in enumerate(heads)))
    body = (_row(list(cells), texts) for cells in rows)
    return scrolling(tag("table", tag("thead", head), tag("tbody", *body)), name)


def _row(cells: list[object], texts: Container[int]) -> Html:
    first = tag("th", cells[0], scope="row")
    return tag("tr", first, *(tag("td", cell, class_=_kind(place, texts)) for place, cell in enumerate(cells[1:], 1)))


def _kind(place: int, texts: Container[int]) -> str | None:
    return None if place in texts else "number"
