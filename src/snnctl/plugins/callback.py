"""What a training callback is: the class a plugin subclasses to watch a training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from snnctl.data.dataset import Samples
from snnctl.progress import Reporter, SilentReporter

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class TrainingContext:
    """What is known when a training starts.

    Args:
        verb: "train", "finetune", ...
        model: the network that is trained; compiled after the callback is made.
        kind: "relu" or "snn".
        epochs: how many.
        batch_size: of a step.
        train: the samples, preprocessed.
        validation: looked at after every epoch; None for none.
        settings: the options of the training, by name.
        reporter: takes notes and warnings.
    """

    verb: str
    model: keras.Model
    kind: Literal["relu", "snn"]
    epochs: int
    batch_size: int
    train: Samples
    validation: Samples | None
    settings: dict[str, Any] = field(default_factory=dict)
    reporter: Reporter = field(default_factory=SilentReporter)


class TrainingCallback(ABC):
    """Something that is told of every step and epoch of a training.

    Its options are the keyword-only parameters of :meth:`make`, each with a type and a default;
    ``--callback NAME.OPTION=VALUE`` and the recipes' ``callback`` are checked against them.

    Attributes:
        name: what ``--callback`` calls it: lower case, digits and dashes.
        summary: one line.
    """

    name: str = ""
    summary: str = ""

    @abstractmethod
    def make(self, context: TrainingContext, *args: Any, **options: Any) -> keras.callbacks.Callback:
        """A callback of Keras for one training. Import Keras inside this method only.

        Args:
            context: network, samples and options of the training.
            args: none; written here so that type checkers accept a subclass's own keyword-only options.
            options: the keyword-only options a subclass declares.
        """
