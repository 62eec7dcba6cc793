"""Trainings of snnctl in TensorBoard. Keras and tensorboard are imported when a training begins, not before."""

from __future__ import annotations

from collections.abc import Callable

from snnctl.plugins import TrainingCallback, hookimpl
from snnctl_tensorboard.callback import TensorBoard


@hookimpl
def register_callbacks(register: Callable[[TrainingCallback], None]) -> None:
    """Add ``tensorboard``."""
    register(TensorBoard())
