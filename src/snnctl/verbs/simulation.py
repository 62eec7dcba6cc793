"""``snnctl eval --simulator events``: a network against its event-driven simulation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from snnctl.errors import AgreementError, ModelError, UsageError

if TYPE_CHECKING:
    from snnctl.data.dataset import Samples
    from snnctl.progress import Reporter
    from snnctl.verbs.opening import Opened


def refuse_unfit(opened: Opened) -> None:
    """Only what both simulate alike can be compared.

    Raises:
        UsageError: a ReLU network; jitter, which each draws for itself; rounded times in single precision.
    """
    from snnctl.ttfs.hardware import constraints_of

    if opened.kind != "snn":
        raise UsageError("only spiking networks are simulated event by event", todo="Convert it first.")
    constraints = constraints_of(opened.model)
    if constraints.noise:
        raise UsageError(
            "spike times jitter, and the event-driven simulation draws other numbers than TensorFlow",
            todo="Add --noise 0 to compare the two.",
        )
    if constraints.time_bits and opened.dtype != "float64":
        raise UsageError(
            "spike times are rounded to a few levels; in single precision a rounding error moves some by a whole one",
            todo="Add --dtype float64, or --time-bits 0.",
        )


def simulated(
    opened: Opened, samples: Samples, batch_size: int, reporter: Reporter
) -> tuple[dict[str, Any], AgreementError | None]:
    """How far a spiking network and its event-driven simulation agree; the error if they do not.

    Args:
        opened: the network, one that :func:`refuse_unfit` does not refuse.
        samples: what both are shown.
        batch_size: samples at a time.
        reporter: shows progress.

    Raises:
        ModelError: the network cannot be written as plain data.
    """
    from snnctl.data.stream import ArrayStream
    from snnctl.lowering import lower
    from snnctl.metrics.network import measured_network
    from snnctl.metrics.simulated import compared

    stream = ArrayStream(lambda: samples.inputs, samples.labels)
    network = measured_network(opened.model, "snn", stream.shape)
    with told_of_network():
        found = compared(network, lower(network.model), stream, opened.dtype, batch_size, reporter)
    return found.figures, failure(found.difference)


def failure(difference: str) -> AgreementError | None:
    """The error of a difference in words; None for none."""
    if not difference:
        return None
    return AgreementError(
        difference,
        todo="Both compute the same equations: one of the two is wrong. Single precision may be too coarse for this "
        "network; --dtype float64 tells.",
    )


@contextmanager
def told_of_network() -> Iterator[None]:
    """Tells of a network that cannot be simulated as of any other that is unfit.

    Raises:
        ModelError: in place of a :class:`~snnctl.events.NetworkError`.
    """
    from snnctl.events import NetworkError

    try:
        yield
    except NetworkError as error:
        raise ModelError(str(error)) from error
