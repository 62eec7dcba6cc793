"""What an exporter is: the class a plugin subclasses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from snnctl.progress import Reporter, SilentReporter

if TYPE_CHECKING:
    import keras

    from snnctl.events.network import Network


@dataclass(frozen=True)
class ExportContext:
    """What an exporter is given besides the network as plain data.

    Args:
        model: the spiking Keras model, under its constraints; must not be changed.
        name: what the network is called.
        reporter: takes notes and warnings, such as what the format cannot say.
    """

    model: keras.Model
    name: str
    reporter: Reporter = field(default_factory=SilentReporter)


class Exporter(ABC):
    """A file format that spiking networks are written in.

    Its options are the keyword-only parameters of :meth:`export`, each with a type and a default;
    ``--to-opt name=value`` and the recipes' ``to_opt`` are checked against them.

    Attributes:
        name: what ``--to`` calls it: lower case, digits and dashes.
        summary: one line.
    """

    name: str = ""
    summary: str = ""

    @abstractmethod
    def export(self, network: Network, context: ExportContext, *args: Any, **options: Any) -> Mapping[str, bytes | str]:
        """The files, by name; they are written into the run folder.

        Args:
            network: populations, thresholds, windows and synapses, as ``docs/events.md`` describes them.
            context: the Keras model, and where notes and warnings go.
            args: none; written here so that type checkers accept a subclass's own keyword-only options.
            options: the keyword-only options a subclass declares.

        Raises:
            SnnctlError: the format cannot hold the network; names every layer that stands against it.
        """
