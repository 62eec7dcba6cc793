"""What a hardware constraint is: the class a plugin subclasses."""

from __future__ import annotations

from typing import Any


class HardwareConstraint:
    """Something that hardware does to weights, thresholds or spike times; by default, nothing.

    The class itself is registered. Its options are the keyword-only parameters of ``__init__``, each with a type and a
    default: plain numbers, texts, true or false. An object is made for each layer of a network under the constraint and
    is written into its file by name and options, so equal options must mean the same.

    All methods compute on Keras tensors with ``keras.ops``. Gradients go through what is done to weights and thresholds
    (:func:`snnctl.ttfs.constraints.straight_through` for what has none), and past what is done to times.

    Attributes:
        name: what ``--constraint`` calls it: lower case, digits and dashes.
        summary: one line.
    """

    name: str = ""
    summary: str = ""

    def weights(self, J: Any) -> Any:
        """The weights of one kernel as the hardware holds them, of the same shape and dtype.

        Args:
            J: a kernel, any shape, the neurons in the last axis.
        """
        return J

    def thresholds(self, D: Any) -> Any:
        """The layer's D, which stands for its thresholds ``t_max - t_min - D``, of the same shape and dtype.

        Args:
            D: (neurons,), or one for each place.
        """
        return D

    def times(self, x: Any, low: Any, width: Any, seed: Any) -> Any:
        """The layer's spikes as the hardware makes them, confined to the window afterwards; not asked of the input.

        Args:
            x: local times ``t_max - t``, (batch, \\*neurons), in tau_c; a neuron at ``low`` is silent.
            low: local time of a silent neuron: 0 but for signed neurons.
            width: of the window.
            seed: for ``keras.random``; another one in each layer and call, the same in each run.
        """
        return x
