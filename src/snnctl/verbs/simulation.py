"""``snnctl eval --simulator events``: a network against its event-driven simulation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snnctl.errors import AgreementError, ModelError, UsageError
from snnctl.verbs.known import Known
from snnctl.verbs.recorded import require_spiking

if TYPE_CHECKING:
    from snnctl.data.dataset import Samples
    from snnctl.events import Network
    from snnctl.progress import Reporter
    from snnctl.verbs.opening import Opened

Say = Callable[[str, str], str]
"""How an option and its value are written."""


@dataclass(frozen=True)
class Obstacle:
    """Why a network cannot be compared with its simulation.

    Args:
        option: what is to blame for it.
        what: the reason, one clause.
        remedies: options and values; any one of them helps.
    """

    option: str
    what: str
    remedies: tuple[tuple[str, str], ...]

    def todo(self, say: Say) -> str:
        """What to do, in the words of the command line or of a recipe."""
        first, *others = [say(*remedy) for remedy in self.remedies]
        return " ".join([first, *(f"(or {other})" for other in others)])


def obstacles(network: Known) -> list[Obstacle]:
    """All that keeps a spiking network from being compared, as far as is known: only what both simulate alike can be.

    Args:
        network: under the constraints, and in the precision, in which it is to be compared.
    """
    found = []
    if network.number("noise") > 0:
        what = "spike times jitter, and the event-driven simulation draws other numbers than TensorFlow"
        found.append(Obstacle("noise", what, (("noise", "0"),)))
    if network.number("time_bits") > 0 and network.dtype == "float32":
        what = "spike times are rounded to a few levels, and in float32 a rounding error moves some by a whole level"
        found.append(Obstacle("time_bits", what, (("dtype", "float64"), ("time_bits", "0"))))
    if network.of_plugins:
        what = f"the event-driven simulation does not know the constraints of plugins ({', '.join(network.of_plugins)})"
        found.append(Obstacle("constraint", what, (("constraint", "none"),)))
    return found


def refuse_unfit(network: Known, model: str) -> None:
    """Says at once all that keeps a network from being compared, and all that helps.

    Args:
        network: see :func:`obstacles`.
        model: what it is called.

    Raises:
        ModelError: a ReLU network.
        UsageError: there are :func:`obstacles`.
    """
    require_spiking(network.kind, model)
    if found := obstacles(network):
        todo = " and ".join(
            obstacle.todo(lambda name, value: f"--{name.replace('_', '-')} {value}") for obstacle in found
        )
        raise UsageError("; ".join(obstacle.what for obstacle in found), todo=f"Add {todo}.")


def plain_network(opened: Opened) -> Network:
    """The network as plain data.

    Raises:
        ModelError: it cannot be written so.
    """
    from snnctl.lowering import lower

    with told_of_network():
        return lower(opened.model)


def simulated(
    opened: Opened, plain: Network, samples: Samples, batch_size: int, reporter: Reporter
) -> tuple[dict[str, Any], AgreementError | None]:
    """How far a spiking network and its event-driven simulation agree; the error if they do not.

    Args:
        opened: the network, one that :func:`refuse_unfit` does not refuse.
        plain: the same, see :func:`plain_network`.
        samples: what both are shown.
        batch_size: samples at a time.
        reporter: shows progress.

    Raises:
        ModelError: the network cannot be simulated.
    """
    from snnctl.data.stream import ArrayStream
    from snnctl.metrics.network import MeasuredNetwork
    from snnctl.metrics.simulated import compared

    stream = ArrayStream(lambda: samples.inputs, samples.labels)
    network = MeasuredNetwork(opened.model, "snn", stream.shape[1:], len(stream))
    with told_of_network():
        figures, difference = compared(network, plain, stream, batch_size, reporter)
    return figures, failure(difference)


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
