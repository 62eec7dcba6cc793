"""Progress: bars on a terminal, few lines elsewhere, and no chatter of TensorFlow."""

import io
import os
import sys
from contextlib import nullcontext

import pytest
from rich.console import Console

from snnctl.cli import quiet_tensorflow
from snnctl.cli.console import PlainReporter, RichReporter, format_figures, format_seconds


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_lines_are_few() -> None:
    stream, clock = io.StringIO(), Clock()
    with PlainReporter(stream, clock).task("training", 1000) as task:
        for _ in range(1000):
            clock.now += 1 / 32
            task.advance(loss=0.25)
    assert stream.getvalue().splitlines() == [
        "training ...",
        "training: 320/1000  loss 0.25  21 s left",
        "training: 640/1000  loss 0.25  11 s left",
        "training: 960/1000  loss 0.25  1 s left",
        "training: done  loss 0.25  31 s",
    ]


def test_the_first_step_which_compiles_does_not_count_for_the_time_left() -> None:
    stream, clock = io.StringIO(), Clock()
    with PlainReporter(stream, clock).task("training", 60) as task:
        for seconds in (64, 1, 9, 10):
            clock.now += seconds
            task.advance()
    assert stream.getvalue().splitlines()[1:-1] == [
        "training: 1/60",
        "training: 3/60  4 min 45 s left",
        "training: 4/60  6 min 13 s left",
    ]


def test_notes_and_warnings_and_a_task_that_fails() -> None:
    stream = io.StringIO()
    reporter = PlainReporter(stream)
    reporter.note("look")
    reporter.warn("beware")
    with pytest.raises(ValueError, match="no"), reporter.task("training", 10):
        raise ValueError("no")
    assert stream.getvalue() == "look\nwarning: beware\ntraining ...\n"


def test_bars_show_figures() -> None:
    stream = io.StringIO()
    reporter = RichReporter(Console(file=stream, force_terminal=True, width=120))
    with reporter.task("training", 4) as outer:
        outer.advance(2, loss=0.125, accuracy=0.5)
        outer.advance(1)
        with reporter.task("measuring", 1) as inner:
            inner.advance()
        reporter.warn("beware [of] brackets")
    with reporter.wait("starting"):
        pass
    shown = stream.getvalue()
    assert "loss 0.125  accuracy 0.5" in shown
    assert "3/4" in shown
    assert "measuring" in shown
    assert "beware [of] brackets" in shown
    with pytest.raises(ValueError, match="no"), reporter.task("training", 1), reporter.task("inner", 1):
        raise ValueError("no")
    with reporter.task("again", 1) as task:  # no broken bar stays
        task.advance()


def test_seconds_and_figures() -> None:
    texts = {0: "0 s", 0.44: "0 s", 0.6: "0.6 s", 59.4: "59 s", 200: "3 min 20 s", 7500: "2 h 5 min"}
    assert {seconds: format_seconds(seconds) for seconds in texts} == texts
    assert format_figures({"loss": 0.123456, "val_accuracy": 1.0}) == "loss 0.1235  val accuracy 1"


def _chat() -> None:
    os.write(2, b"chatter\n")
    print("seen", file=sys.stderr)


def _fail() -> None:
    os.write(2, b"the reason\n")
    raise ImportError("no TensorFlow")


@pytest.mark.parametrize(
    ("level", "action", "shown"),
    [("3", _chat, "seen\n"), ("3", _fail, "the reason\n"), ("0", _chat, "chatter\nseen\n")],
    ids=["usual", "failing", "asked for"],
)
def test_chatter_of_tensorflow_is_shown_when_it_matters(monkeypatch, capfd, level, action, shown):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", level)
    monkeypatch.setattr(quiet_tensorflow, "_import", action)
    with pytest.raises(ImportError) if action is _fail else nullcontext():
        quiet_tensorflow.import_tensorflow()
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == f"{shown}afterwards\n"
