"""The checks of plugins find what is wrong, and pass what is right; here those that need no TensorFlow."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import Field

from snnctl.errors import ModelError
from snnctl.plugins import Command, DataContext, Dataset, ReadContext, Reader, Samples, Verb
from snnctl.testing import (
    Finding,
    NonconformingError,
    check_command,
    check_dataset,
    check_reader,
    check_step,
)
from snnctl.testing.findings import Checks, Unknown, Worth, Wrong, counted, demand
from snnctl.verbs.options import Options

COUNTER = itertools.count()


class Good(Dataset):
    """Nothing is wrong with it."""

    name = "good"
    summary = "good"
    input_shape = (4, 4, 1)
    classes = 2
    raw_range = (0.0, 1.0)

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def configured(self, *, offset: float = 0.0) -> Good:
        """With an option."""
        return type(self)(offset)

    def load(self, split: str, context: DataContext) -> Samples:
        """Random samples."""
        random = np.random.default_rng(len(split))
        return Samples(random.random((20, 4, 4, 1)), np.arange(20) % 2)


class Required(Good):
    """Needs an option."""

    def configured(self, *, offset: float) -> Good:  # type: ignore[override]
        """With an option that must be given."""
        return type(self)(offset)


class Restless(Good):
    """Other samples each time."""

    def load(self, split: str, context: DataContext) -> Samples:
        """Not twice the same."""
        return Samples(np.random.default_rng(next(COUNTER)).random((20, 4, 4, 1)), np.arange(20) % 2)


class Mixed(Good):
    """Labels in another order each time."""

    def load(self, split: str, context: DataContext) -> Samples:
        """Not twice the same."""
        return Samples(super().load(split, context).inputs, (np.arange(20) + next(COUNTER)) % 2)


class OddLabels(Good):
    """A label too many."""

    def load(self, split: str, context: DataContext) -> Samples:
        """Label 2 of two classes."""
        return Samples(super().load(split, context).inputs, np.arange(20) % 3)


class Same(Good):
    """Tests on what it trains on."""

    def load(self, split: str, context: DataContext) -> Samples:
        """The same in both splits."""
        return super().load("any", context)


class OneClass(Good):
    """One class does not occur."""

    def load(self, split: str, context: DataContext) -> Samples:
        """Label 0 only."""
        return Samples(super().load(split, context).inputs, np.zeros(20, int))


class Unpicklable(Good):
    """Holds a function that no other process could be sent."""

    def __init__(self, offset: float = 0.0) -> None:
        super().__init__(offset)
        self.change = lambda x: x + offset


class Itself(Good):
    """Keeps the options of one use for the next."""

    def configured(self, *, offset: float = 0.0) -> Good:
        """Changes itself."""
        self.offset = offset
        return self


class Nowhere(Good):
    """Would have to download."""

    def where(self, context: DataContext) -> str | None:
        """Not here."""
        return None

    def load(self, split: str, context: DataContext) -> Samples:
        """Only if it is allowed."""
        assert context.download
        return super().load(split, context)


class Leaves(Good):
    """Ends the process, or so it thinks."""

    def load(self, split: str, context: DataContext) -> Samples:
        """Not at all."""
        raise SystemExit(0)


def states(findings: list[Finding]) -> dict[str, str]:
    return {finding.check: finding.state for finding in findings}


def refused(check: Callable[..., Any], *arguments: Any, **options: Any) -> str:
    """What the check says is wrong."""
    with pytest.raises(NonconformingError) as caught:
        check(*arguments, **options)
    return str(caught.value)


def test_a_good_data_set() -> None:
    assert counted(check_dataset(Good(), offset=0.5)) == {"passed": 11, "failed": 0, "warned": 0, "skipped": 0}


@pytest.mark.parametrize(
    ("dataset", "options", "message"),
    [
        (Restless, {}, "loads the train split alike twice: failed: inputs differ"),
        (Mixed, {}, "loads the test split alike twice: failed: labels differ"),
        (OddLabels, {}, "good, train split: Sample 2 has label 2, outside 0..1."),
        (Same, {}, "both splits hold the same samples"),
        (Unpicklable, {}, "pickles with its options: failed: pickle fails"),
        (Itself, {"offset": 1.0}, "configured returned the same object"),
        (Leaves, {}, "loads the train split as promised: failed: SystemExit"),
        (Good, {"offset": "much"}, "takes its options: failed: option 'offset' of data set 'good' is 'much'"),
    ],
)
def test_what_is_wrong_with_a_data_set(dataset: type[Good], options: dict[str, Any], message: str) -> None:
    assert message in refused(check_dataset, dataset(), **options)


def test_a_class_that_does_not_occur_is_a_warning() -> None:
    assert states(check_dataset(OneClass()))["has every class in the train split"] == "warned"


def test_a_data_set_with_required_options() -> None:
    [finding] = [finding for finding in check_dataset(Required()) if finding.state == "skipped"]
    assert finding.message == "needs --opt offset=VALUE"
    assert states(check_dataset(Required(), offset=1))["loads the train split as promised"] == "passed"


def test_a_data_set_is_downloaded_only_if_that_is_allowed() -> None:
    assert states(check_dataset(Nowhere()))["loads"] == "skipped"
    assert states(check_dataset(Nowhere(), download=True))["loads the test split as promised"] == "passed"


def test_a_data_set_of_snnctl_conforms() -> None:
    from snnctl.plugins import load_registry

    found = check_dataset(load_registry(entry_points=False).dataset("mnist-mini"))
    assert counted(found)["skipped"] == 0


class Letters(Reader):
    """Reads what begins with its name."""

    name = "letters"
    summary = "letters"
    suffixes = (".letters",)

    def read(self, path: Path, context: ReadContext) -> Any:
        """Never a network in these tests."""
        raise ModelError(f"{path} holds no letters")


class Credulous(Letters):
    """Does not look."""

    def read(self, path: Path, context: ReadContext) -> Any:
        """Anything is a network."""
        return object()


class Careless(Letters):
    """Lets errors through."""

    def read(self, path: Path, context: ReadContext) -> Any:
        """What opening does."""
        return path.read_text(encoding="ascii").index("letters")


class Fragile(Letters):
    """Looks into what it may not open."""

    def recognises(self, path: Path) -> bool:
        """A folder cannot be opened."""
        return path.open("rb").read(1) == b"L"


def test_a_good_reader() -> None:
    found = check_reader(Letters())
    assert counted(found)["failed"] == 0
    assert states(found)["reads its files"] == "skipped"


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        (Credulous, "refuses a text in words: failed: read made object of it"),
        (Careless, "raise snnctl.errors.ModelError and say what is wrong"),
        (Fragile, "recognises failed for 'folder.letters': IsADirectoryError"),
        (type("Mute", (Letters,), {"suffixes": ()}), "it has no suffixes, and no method recognises"),
    ],
)
def test_what_is_wrong_with_a_reader(reader: type[Reader], message: str) -> None:
    assert message in refused(check_reader, reader())


class Described(Options):
    """Options as they should be."""

    depth: int = Field(3, description="How deep.")


class Silent(Options):
    """An option without a word."""

    depth: int = "three"  # type: ignore[assignment]


class Taken(Options):
    """An option that is a flag of every command."""

    out: str = ""


def do(options: Any, run: Any) -> Any:
    """What a step does."""


def do_nothing() -> None:
    """Takes no options."""


def verb(options: str, function: str = "do") -> Verb:
    return Verb("tried", "tried", f"{__name__}:{options}", f"{__name__}:{function}", makes_model=False)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (verb("Silent"), "describes every option: failed: no description: depth"),
        (verb("Silent"), "has defaults that fit their types: failed: depth: Input should be a valid integer"),
        (verb("Described", "do_nothing"), "cannot be called with (options, run)"),
        (verb("Described", "missing"), "cannot be imported"),
        (verb("Taken"), "has an option called 'out', which is a flag of all commands"),
        (verb("do"), "has a model of its options: failed"),
        (verb("Missing"), "has a model of its options: failed"),
    ],
)
def test_what_is_wrong_with_a_step(step: Verb, message: str) -> None:
    assert message in refused(check_step, step)


def test_steps_of_snnctl_conform() -> None:
    from snnctl.plugins import load_registry

    for each in load_registry(entry_points=False).verbs.values():
        check_step(each)


def show(name: str = "world") -> None:
    """A good command."""


def broken(name: Unheard) -> None:  # type: ignore[name-defined]  # noqa: F821
    """Its parameter is of a type that nobody knows."""


def test_commands() -> None:
    check_command(Command("tried", "tried", f"{__name__}:show"))
    assert "its summary is empty" in refused(check_command, Command("tried", " ", f"{__name__}:show"))
    assert "shows its help: failed" in refused(check_command, Command("tried", "tried", f"{__name__}:broken"))
    assert "cannot be imported" in refused(check_command, Command("tried", "tried", f"{__name__}:missing"))
    assert "neither a function nor a typer.Typer" in refused(
        check_command, Command("tried", "tried", f"{__name__}:COUNTER")
    )


def test_whatever_is_raised_within_a_check_is_its_finding() -> None:
    checks = Checks("it")
    for raised in (Wrong("a"), Worth("b"), Unknown("c"), SystemExit(1), ModelError("d", todo="e"), RecursionError("f")):
        with checks.that("goes well"):
            raise raised
    with checks.that("goes well"):
        pass
    assert [(finding.state, finding.message) for finding in checks.findings] == [
        ("failed", "a"),
        ("warned", "b"),
        ("skipped", "c"),
        ("failed", "SystemExit: 1"),
        ("failed", "d e"),
        ("failed", "RecursionError: f"),
        ("passed", ""),
    ]
    with pytest.raises(KeyboardInterrupt), checks.that("goes well"):
        raise KeyboardInterrupt
    with pytest.raises(AssertionError) as caught:
        demand(checks.findings)
    assert str(caught.value).splitlines()[0] == "it: goes well: failed: a"
    assert len(str(caught.value).splitlines()) == 4
    assert isinstance(caught.value, NonconformingError)
    assert len(caught.value.findings) == 7


def test_importing_it_is_light() -> None:
    code = "import sys, snnctl.testing, snnctl.testing.fixtures; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"tensorflow", "keras", "numba", "pydantic", "rich", "typer", "numpy"}
