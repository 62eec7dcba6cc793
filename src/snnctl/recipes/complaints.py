"""What is wrong with a recipe: all of it, each with its place, the line it stands in and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from snnctl.errors import RecipeError
from snnctl.recipes.place import Place
from snnctl.recipes.snippet import snippet

MOST = 100  # told in one message
LONGEST = 400  # characters of one sentence


@dataclass(frozen=True)
class Complaint:
    """Something wrong, where, and what to do.

    Args:
        place: where.
        message: what is wrong, one sentence.
        todo: what to do; may be empty.
        needs: the variable that must be set, if that is all there is to complain about.
    """

    place: Place
    message: str
    todo: str = ""
    needs: str = ""

    def lines(self) -> Iterator[str]:
        """The complaint as it is printed among others."""
        yield f"{self.place}: {_bounded(self.message)}"
        yield from snippet(self.place)
        if self.todo:
            yield f"  {_bounded(self.todo)}"


class Complaints:
    """Complaints in the order in which they were made, each once."""

    def __init__(self) -> None:
        self._made: dict[Complaint, None] = {}

    def __iter__(self) -> Iterator[Complaint]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def add(self, place: Place, message: str, todo: str = "", needs: str = "") -> None:
        """Complain."""
        self._made.setdefault(Complaint(place, message, todo, needs))

    def extend(self, complaints: Iterable[Complaint]) -> None:
        """Take over complaints."""
        for complaint in complaints:
            self._made.setdefault(complaint)


class FaultyRecipe(RecipeError):  # noqa: N818  (a recipe, and what is wrong with it)
    """A recipe that is wrong.

    Args:
        complaints: everything that is wrong with it, in the order of its files and lines; at least one.
    """

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        first = complaints[0]
        if len(complaints) == 1:
            what = "\n".join([_bounded(first.message), *snippet(first.place)])
            said = not first.place.line and first.place.file in first.message
            super().__init__(what, where="" if said else str(first.place), todo=_bounded(first.todo))
        else:
            super().__init__("\n".join(_listed(complaints)))
        self.complaints = tuple(complaints)


def refuse(complaints: Iterable[Complaint], files: Sequence[str] = ()) -> FaultyRecipe:
    """One error that tells all complaints, in the order of files and lines; those about settings come last.

    Args:
        complaints: at least one.
        files: the files they are about, as they name them, in order.
    """

    def order(complaint: Complaint) -> tuple[int, int, int]:
        place = complaint.place
        known = files.index(place.file) if place.file in files else len(files)
        return known if place.line else len(files) + 1, place.line, place.column

    return FaultyRecipe(sorted(complaints, key=order))


def _listed(complaints: Sequence[Complaint]) -> Iterator[str]:
    yield f"{len(complaints)} problems; nothing was run"
    for complaint in complaints[:MOST]:
        yield from complaint.lines()
    if len(complaints) > MOST:
        yield f"... and {len(complaints) - MOST} more"


def _bounded(sentence: str) -> str:
    return sentence if len(sentence) <= LONGEST else f"{sentence[: LONGEST - 3]}..."
