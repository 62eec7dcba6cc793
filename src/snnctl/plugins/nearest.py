"""The nearest name: what someone probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name most like ``word``, whatever the case and whether dashes or underscores; None if none is."""
    plain = {name.lower().replace("_", "-"): name for name in names}
    found = get_close_matches(word.lower().replace("_", "-"), plain, n=1, cutoff=0.6)
    return plain[found[0]] if found else None


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """A question naming the nearest name; empty if none is near."""
    guess = nearest(word, names)
    return f"did you mean '{guess}'?" if guess else ""
