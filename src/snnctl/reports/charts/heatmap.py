"""A confusion matrix."""

from __future__ import annotations

import math
from collections.abc import Sequence

from snnctl.reports.charts.frame import head
from snnctl.reports.charts.svg import document, element, escape, label, shortened, text_width

SIDE = 350.0
MOST_NUMBERS = 15  # classes; of more, cells hold no numbers
DARKEST = 0.5  # opacity, so that numbers stay readable on it


def confusion_matrix(
    title: str, counts: Sequence[Sequence[int]], names: Sequence[str] = (), *, inline: bool = False
) -> str:
    """Rows are labels, columns predictions; the darker, the larger the part of the row, as SVG.

    Args:
        title: says what is shown.
        counts: square.
        names: of the classes; their numbers if empty.
        inline: see :func:`~snnctl.reports.charts.svg.document`.

    Raises:
        ValueError: not square, or not as many names.
    """
    classes = len(counts)
    shown = list(names) or [str(index) for index in range(classes)]
    if any(len(row) != classes for row in counts) or len(shown) != classes:
        raise ValueError("a confusion matrix is square, with a name for each class")
    titled, top = head(title, inline)
    cell = SIDE / max(classes, 1)
    left = 44 + min(max((text_width(name, 12) for name in shown), default=0), 110.0)
    top += 26
    body = [titled, _cells(counts, shown, left, top, cell), _labels(shown, left, top, cell)]
    body.append(element("rect", x=left, y=top, width=SIDE, height=SIDE, class_="grid"))
    width, height = left + SIDE + 24, top + SIDE + 64
    body.append(label("prediction", left + SIDE / 2, height - 12, "small", "middle"))
    body.append(label("label", 16, top + SIDE / 2, "small", "middle", rotate=-90))
    return document(title, _description(counts, shown), width, height, "".join(body), inline)


def _cells(counts: Sequence[Sequence[int]], names: Sequence[str], left: float, top: float, cell: float) -> str:
    parts = []
    for i, row in enumerate(counts):
        total = sum(row)
        for j, count in enumerate(row):
            if count <= 0:
                continue
            x, y = left + j * cell, top + i * cell
            opacity = DARKEST * math.sqrt(count / total)  # the root lets rare confusions be seen
            words = element("title", escape(f"{names[i]}, taken for {names[j]}: {count}"))
            parts.append(
                element("rect", words, x=x, y=y, width=cell, height=cell, class_="heat", fill_opacity=f"{opacity:.3f}")
            )
            if len(counts) <= MOST_NUMBERS:
                class_ = "small strong" if i == j else "small"
                parts.append(label(str(count), x + cell / 2, y + cell / 2 + 4, class_, "middle"))
    return "".join(parts)


def _labels(names: Sequence[str], left: float, top: float, cell: float) -> str:
    """Of many classes, every second, third, ..."""
    every = max(1, math.ceil(15 / cell)) if names else 1
    widest = max((text_width(name, 12) for name in names), default=0)
    parts = []
    for place in range(0, len(names), every):
        middle = (place + 0.5) * cell
        parts.append(label(shortened(names[place], 110, 12), left - 8, top + middle + 4, "small muted", "end"))
        x, y = left + middle, top + SIDE + 18
        if widest <= cell * every - 4:
            parts.append(label(names[place], x, y, "small muted", "middle"))
        else:
            parts.append(label(shortened(names[place], 46, 12), x + 4, y - 6, "small muted", "end", rotate=-40))
    return "".join(parts)


def _description(counts: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    total = sum(map(sum, counts))
    right = sum(row[index] for index, row in enumerate(counts))
    wrong = [(row[j], names[i], names[j]) for i, row in enumerate(counts) for j in range(len(row)) if i != j and row[j]]
    wrong.sort(key=lambda found: -found[0])
    most = "; ".join(f"{count} times {a} taken for {b}" for count, a, b in wrong[:5])
    words = f"{right} of {total} predictions are right."
    return words + (f" Most frequent confusions: {most}." if most else "")
