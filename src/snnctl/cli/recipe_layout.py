"""Tables that fit the terminal: broken between words, or, where that is too little, one row below the other."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from snnctl.cli.tables import pairs

BESIDE, EDGES = 2, 1  # letters that a column and the table take besides the texts
LONGEST_WORD = 40  # of what may be folded; a longer one is broken


def show_table(
    console: Console, heads: Sequence[str], rows: Iterable[Sequence[object]], folded: Container[str] = ()
) -> None:
    """Print a table; words are not broken, and cells are whole but for those of some columns.

    Args:
        console: where, and how wide it is.
        heads: of the columns.
        rows: of cells.
        folded: heads of the columns whose cells may be broken between words.
    """
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    columns = [[row[number] for row in texts] for number in range(len(heads))]
    wanted = [max(map(_width, (head, *cells))) for head, cells in zip(heads, columns, strict=True)]
    least = [
        max(_longest_word(head), *(_longest_word(cell) if head in folded else _width(cell) for cell in cells), 1)
        for head, cells in zip(heads, columns, strict=True)
    ]
    widths = _fitted(wanted, least, console.width - EDGES - BESIDE * len(heads))
    if widths is not None:
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for head, width in zip(heads, widths, strict=True):
            table.add_column(Text(head), width=width, overflow="fold")
        for row in texts:
            table.add_row(*map(Text, row))
        console.print(table)
        return
    for row in texts:
        console.print()
        console.print(pairs(zip(heads, row, strict=True)))
    console.print()


def _fitted(wanted: list[int], least: list[int], room: int) -> list[int] | None:
    """Widths that fit into the room, the widest made narrower first; None if there are none."""
    widths = list(wanted)
    while sum(widths) > room:
        reducible = [number for number, width in enumerate(widths) if width > least[number]]
        if not reducible:
            return None
        widths[max(reducible, key=widths.__getitem__)] -= 1
    return widths


def _width(text: str) -> int:
    return max(map(cell_len, text.splitlines() or [""]))


def _longest_word(text: str) -> int:
    return min(max(map(cell_len, text.split()), default=0), LONGEST_WORD)
