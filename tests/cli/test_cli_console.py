"""Progress: bars on a terminal, few lines elsewhere; results in tables."""

from __future__ import annotations

import io
import os
import sys

import pytest
from rich.console import Console

from snnctl.cli import quiet_tensorflow
from snnctl.cli.console import PlainReporter, RichReporter, format_figures, format_seconds
from snnctl.cli.tables import figures_table, format_figure, layers_table


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time."""
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


def test_a_failed_task_is_not_done() -> None:
    stream = io.StringIO()
    with pytest.raises(ValueError, match="no"), PlainReporter(stream).task("training", 10):
        raise ValueError("no")
    assert stream.getvalue() == "training ...\n"


def test_notes_and_warnings() -> None:
    stream = io.StringIO()
    reporter = PlainReporter(stream)
    reporter.note("look")
    reporter.warn("beware")
    assert stream.getvalue() == "look\nwarning: beware\n"


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


def test_a_broken_bar_does_not_stay(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = RichReporter(Console(file=io.StringIO(), force_terminal=True))
    with pytest.raises(ValueError, match="no"), reporter.task("training", 1), reporter.task("inner", 1):
        raise ValueError("no")
    with reporter.task("again", 1) as task:
        task.advance()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (0.44, "0 s"), (0.6, "0.6 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_seconds(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


def test_figures() -> None:
    assert format_figures({"loss": 0.123456, "val_accuracy": 1.0}) == "loss 0.1235  val accuracy 1"


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("accuracy", 0.98765, "98.77 %"),
        ("loss", float("nan"), "nan"),
        ("images", 10000, "10,000"),
        ("max_logit_difference", 1.5e-7, "1.5e-07"),
        ("type", "relu", "relu"),
        ("window", None, ""),
    ],
)
def test_figures_in_tables(key: str, value: object, text: str) -> None:
    assert format_figure(key, value) == text


def test_tables_take_what_is_there() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=100)
    console.print(figures_table({}))
    console.print(figures_table({"accuracy": 0.5, "unknown": 3, "latency": 2.5}))
    console.print(layers_table({"layers": [{"name": "[b]odd[/b]", "neurons": 3}], "input": {"neurons": 784}}))
    shown = stream.getvalue()
    assert "50.00 %" in shown
    assert "[b]odd[/b]" in shown
    assert "784" in shown
    assert "window" not in shown


def test_chatter_on_the_file_descriptor_is_swallowed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    monkeypatch.setattr(
        quiet_tensorflow, "_import", lambda: (os.write(2, b"chatter\n"), print("seen", file=sys.stderr))
    )
    quiet_tensorflow.import_tensorflow()
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "seen\nafterwards\n"


def test_chatter_is_shown_if_the_import_fails(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        os.write(2, b"the reason\n")
        raise ImportError("no TensorFlow")

    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    monkeypatch.setattr(quiet_tensorflow, "_import", fail)
    with pytest.raises(ImportError):
        quiet_tensorflow.import_tensorflow()
    assert "the reason" in capfd.readouterr().err


def test_nothing_is_hidden_from_someone_who_asks_for_logs(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    monkeypatch.setattr(quiet_tensorflow, "_import", lambda: os.write(2, b"chatter\n"))
    quiet_tensorflow.import_tensorflow()
    assert capfd.readouterr().err == "chatter\n"
