"""Ctrl-C that is not lost: Python drops what a signal raises within callbacks of the garbage collector."""

from __future__ import annotations

import _thread
import gc
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

Handler = Callable[[int, FrameType | None], Any]
SIGNALS = (signal.SIGINT, signal.SIGTERM)
SOON = 0.2  # seconds, in which a callback of the garbage collector has ended


class Interruptions:
    """A context in which signals do what they did before, and are sent once more if Python drops what they raise.

    A signal that somebody has caught is dealt with: it does not come back.
    Outside the main thread, where Python handles no signals, it does nothing.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Handler] = {}
        self._received: int | None = None  # the signal that came last
        self._lost = False  # and whether it has done nothing yet
        self._holding = False
        self._hook: Callable[[Any], Any] | None = None
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Interruptions:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler):
                    self._handlers[number] = handler
                    signal.signal(number, self._receive)
            self._hook, sys.unraisablehook = sys.unraisablehook, self._dropped
        return self

    def __exit__(self, *_: object) -> None:
        self._forget_timer()
        if self._hook is not None:
            sys.unraisablehook = self._hook
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def collect_garbage(self) -> None:
        """Free what refers to itself; a signal that comes meanwhile acts afterwards.

        Raises:
            KeyboardInterrupt: see :meth:`check`.
        """
        self._holding = True
        try:
            gc.collect()
        finally:
            self._holding = False
        self.check()

    def check(self) -> None:
        """Do what a signal that was held back or dropped should have done.

        Raises:
            KeyboardInterrupt: that is what Ctrl-C does.
        """
        self._forget_timer()
        if self._received is not None and self._lost:
            self._lost = False
            self._handlers[self._received](self._received, None)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._received, self._lost = number, self._holding
        if not self._holding:
            self._handlers[number](number, frame)

    def _dropped(self, unraisable: Any) -> None:
        """Nothing is said of a signal that comes once more, or that :meth:`check` comes back to."""
        if self._received is None or not issubclass(unraisable.exc_type, KeyboardInterrupt):
            if self._hook is not None:
                self._hook(unraisable)
            return
        self._lost = True
        self._forget_timer()
        self._timer = threading.Timer(SOON, _send, [self._received])
        self._timer.daemon = True
        self._timer.start()

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _send(number: int) -> None:
    """To the main thread, where it also ends a wait."""
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, number)
    else:
        _thread.interrupt_main(signal.Signals(number))
