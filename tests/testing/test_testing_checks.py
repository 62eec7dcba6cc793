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
from snnctl.plugins import Command, DataContext, Dataset, ReadContext, Reader, Samples, Verb, load_registry
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
IMAGES = (20, 4, 4, 1)
LABELS = np.arange(20) % 2


class Good(Dataset):
    name, summary = "good", "good"
    input_shape = IMAGES[1:]
    classes = 2
    raw_range = (0.0, 1.0)

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def configured(self, *, offset: float = 0.0) -> Good:
        return type(self)(offset)

    def load(self, split: str, context: DataContext) -> Samples:
        return Samples(np.random.default_rng(len(split)).random(IMAGES), LABELS)


class Required(Good):
    def configured(self, *, offset: float) -> Good:  # type: ignore[override]
        return type(self)(offset)


class Nowhere(Good):
    def where(self, context: DataContext) -> str | None:
        return None

    def load(self, split: str, context: DataContext) -> Samples:
        assert context.download
        return super().load(split, context)


class OneClass(Good):
    def load(self, split: str, context: DataContext) -> Samples:
        return Samples(super().load(split, context).inputs, np.zeros(20, int))


class Itself(Good):
    """Keeps the options of one use for the next."""

    def configured(self, *, offset: float = 0.0) -> Good:
        self.offset = offset
        return self


def good(split: str, labels: np.ndarray = LABELS) -> Samples:
    return Samples(Good().load(split, DataContext()).inputs, labels)


def noise(split: str) -> Samples:
    return Samples(np.random.default_rng(next(COUNTER)).random(IMAGES), LABELS)


def loading(load: Callable[[str], Samples]) -> Good:
    """A data set like ``Good`` that loads something else."""
    return type("Odd", (Good,), {"load": lambda self, split, context: load(split)})()


def states(findings: list[Finding]) -> dict[str, str]:
    return {finding.check: finding.state for finding in findings}


def refused(check: Callable[..., Any], *arguments: Any, **options: Any) -> str:
    with pytest.raises(NonconformingError) as caught:
        check(*arguments, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("dataset", "options", "message"),
    [
        (loading(noise), {}, "loads the train split alike twice: failed: inputs differ"),
        (
            loading(lambda split: good(split, (LABELS + next(COUNTER)) % 2)),
            {},
            "the test split alike twice: failed: labels",
        ),
        (loading(lambda split: good(split, np.arange(20) % 3)), {}, "train split: Sample 2 has label 2, outside 0..1."),
        (loading(lambda split: good("any")), {}, "both splits hold the same samples"),
        (loading(lambda split: sys.exit(0)), {}, "loads the train split as promised: failed: SystemExit"),
        (loading(good), {}, "pickles with its options: failed: pickle fails"),  # its class is in no module
        (Itself(), {"offset": 1.0}, "configured returned the same object"),
        (Good(), {"offset": "much"}, "takes its options: failed: option 'offset' of data set 'good' is 'much'"),
    ],
)
def test_what_is_wrong_with_a_data_set(dataset: Good, options: dict[str, Any], message: str) -> None:
    assert message in refused(check_dataset, dataset, **options)


def test_good_data_sets() -> None:
    assert counted(check_dataset(Good(), offset=0.5)) == {"passed": 11, "failed": 0, "warned": 0, "skipped": 0}
    assert counted(check_dataset(load_registry(entry_points=False).dataset("mnist-mini")))["skipped"] == 0
    [skipped] = [finding for finding in check_dataset(Required()) if finding.state == "skipped"]
    assert skipped.message == "needs --opt offset=VALUE"
    assert states(check_dataset(Required(), offset=1))["loads the train split as promised"] == "passed"
    assert states(check_dataset(Nowhere()))["loads"] == "skipped"
    assert states(check_dataset(Nowhere(), download=True))["loads the test split as promised"] == "passed"
    assert states(check_dataset(OneClass()))["has every class in the train split"] == "warned"


class Letters(Reader):
    name, summary = "letters", "letters"
    suffixes = (".letters",)

    def read(self, path: Path, context: ReadContext) -> Any:
        raise ModelError(f"{path} holds no letters")


def reader(**members: Any) -> Reader:
    """A reader like ``Letters`` but for some of its members."""
    return type("Odd", (Letters,), members)()


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        (reader(read=lambda *_: object()), "refuses a text in words: failed: read made object of it"),
        (
            reader(read=lambda self, path, context: path.read_text(encoding="ascii").index("letters")),
            "raise snnctl.errors.ModelError and say what is wrong",
        ),
        (
            reader(recognises=lambda self, path: path.open("rb").read(1) == b"L"),
            "recognises failed for 'folder.letters': IsADirectoryError",
        ),
        (reader(suffixes=()), "it has no suffixes, and no method recognises"),
    ],
)
def test_what_is_wrong_with_a_reader(reader: Reader, message: str) -> None:
    assert message in refused(check_reader, reader)


def test_a_good_reader() -> None:
    found = check_reader(Letters())
    assert counted(found)["failed"] == 0
    assert states(found)["reads its files"] == "skipped"


class Described(Options):
    depth: int = Field(3, description="How deep.")


class Silent(Options):
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
    ],
)
def test_what_is_wrong_with_a_step(step: Verb, message: str) -> None:
    assert message in refused(check_step, step)


def test_steps_of_snnctl_conform() -> None:
    for each in load_registry(entry_points=False).verbs.values():
        check_step(each)


def show(name: str = "world") -> None:
    """A good command."""


def broken(name: Unheard) -> None:  # type: ignore[name-defined]  # noqa: F821
    """Its parameter is of a type that nobody knows."""


def test_commands() -> None:
    check_command(Command("tried", "tried", f"{__name__}:show"))
    for summary, function, message in (
        (" ", "show", "its summary is empty"),
        ("tried", "broken", "shows its help: failed"),
        ("tried", "missing", "cannot be imported"),
        ("tried", "COUNTER", "neither a function nor a typer.Typer"),
    ):
        assert message in refused(check_command, Command("tried", summary, f"{__name__}:{function}"))


def test_whatever_is_raised_within_a_check_is_its_finding() -> None:
    checks = Checks("it")
    for raised in (Wrong("a"), Worth("b"), Unknown("c"), SystemExit(1), ModelError("d", todo="e")):
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
        ("passed", ""),
    ]
    with pytest.raises(KeyboardInterrupt), checks.that("goes well"):
        raise KeyboardInterrupt
    with pytest.raises(NonconformingError) as caught:
        demand(checks.findings)
    assert isinstance(caught.value, AssertionError)
    assert str(caught.value).splitlines()[0] == "it: goes well: failed: a"
    assert (len(str(caught.value).splitlines()), len(caught.value.findings)) == (3, 6)


def test_importing_it_is_light() -> None:
    code = "import sys, snnctl.testing, snnctl.testing.fixtures; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"tensorflow", "keras", "numba", "pydantic", "rich", "typer", "numpy"}
