"""Rows of figures as the text of a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from snnctl.runs import plain


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """One line a row under a line of heads, those of all rows in the order of their first appearance.

    What is None, NaN or infinite is left empty, as it is null in ``metrics.json``.
    """
    heads = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, heads, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: "" if value is None else value for key, value in plain(row).items()})
    return text.getvalue()
