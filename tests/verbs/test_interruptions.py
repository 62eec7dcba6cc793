"""Signals that come while Python would drop what they raise."""

import gc
import signal
import time
import weakref
from contextlib import suppress
from pathlib import Path

import pytest

from snnctl.plugins import Registry, Verb
from snnctl.verbs.execute import execute
from snnctl.verbs.fresh import start_afresh
from snnctl.verbs.interruptions import Interruptions
from snnctl.verbs.options import Options
from snnctl.verbs.result import Result, Run


class Cycle:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


def interrupting_garbage() -> weakref.ref:
    """Garbage; while it is collected, Ctrl-C is pressed."""
    gc.collect()
    return weakref.ref(Cycle(), lambda _: signal.raise_signal(signal.SIGINT))


@pytest.mark.parametrize(
    ("collect", "act"),
    [
        (lambda interruptions: None, lambda interruptions: interruptions.collect_garbage()),  # acts afterwards
        (lambda interruptions: gc.collect(), lambda interruptions: interruptions.check()),  # at the next check
        (lambda interruptions: gc.collect(), lambda interruptions: time.sleep(60)),  # comes once more
    ],
)
def test_ctrl_c_while_garbage_is_collected_is_not_lost(capfd, collect, act):
    with Interruptions() as interruptions:
        kept = interrupting_garbage()
        collect(interruptions)
        with pytest.raises(KeyboardInterrupt):
            act(interruptions)
    assert kept() is None
    assert "ignored" not in capfd.readouterr().err


def interrupted_work(options: Options, run: Run) -> Result:
    """A verb's function that loses Ctrl-C, and goes on."""
    kept = interrupting_garbage()
    gc.collect()
    assert kept() is None
    return Result("work", {}, {})


def test_no_verb_loses_it() -> None:
    with pytest.raises(KeyboardInterrupt):
        execute(Verb("work", "", "", f"{__name__}:interrupted_work"), Options(), Run(Registry()))


def test_nor_does_what_is_done_between_two_steps_of_a_recipe() -> None:
    kept = interrupting_garbage()
    with pytest.raises(KeyboardInterrupt):
        start_afresh(1)
    assert kept() is None


def test_otherwise_it_acts_at_once_and_nothing_stays_behind() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), Interruptions():
        signal.raise_signal(signal.SIGINT)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    with Interruptions() as interruptions:
        interruptions.collect_garbage()
        interruptions.check()


def work_that_stops(options: Options, run: Run) -> Result:
    """A verb's function that ends early on Ctrl-C, with what it has."""
    with suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    return Result("work", {"steps": 1}, {})


def test_the_result_of_a_verb_that_has_caught_it_is_kept(tmp_path: Path) -> None:
    verb = Verb("work", "", "", f"{__name__}:work_that_stops")
    result, folder = execute(verb, Options(), Run(Registry()), out=tmp_path / "out")
    assert result.metrics == {"steps": 1}
    assert folder is not None
    assert (folder / "run.json").exists()
