"""What to do about layers that have no spiking form."""

from __future__ import annotations

import keras

RECURRENT = "Recurrent layers keep a state from step to step; time-to-first-spike networks have none. "
GATE = "Products of signals (gates, attention, squeeze-and-excitation) have no spiking form: train without them. "
NORMALIZED = "It normalises by each sample's own statistics: train with BatchNormalization instead. "
ATTENTION = "Attention multiplies signals with each other: train without it. "
RESIZE = "Resize the data beforehand, and begin the network with an Input of that size. "
LOOKUP = "Look the vectors up beforehand, and begin the network with them. "

HINTS: dict[type, str] = {
    **dict.fromkeys(
        (keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN, keras.layers.Bidirectional), RECURRENT
    ),
    **dict.fromkeys((keras.layers.Multiply, keras.layers.Dot), GATE),
    **dict.fromkeys(
        (
            keras.layers.LayerNormalization,
            keras.layers.GroupNormalization,
            keras.layers.UnitNormalization,
            keras.layers.SpectralNormalization,
        ),
        NORMALIZED,
    ),
    **dict.fromkeys(
        (keras.layers.Attention, keras.layers.AdditiveAttention, keras.layers.MultiHeadAttention), ATTENTION
    ),
    keras.layers.Resizing: RESIZE,
    keras.layers.CenterCrop: RESIZE,
    keras.layers.Embedding: LOOKUP,
    keras.layers.ELU: "Train with ReLU or LeakyReLU instead. ",
    keras.layers.Lambda: "Its code says nothing of what it computes: use layers instead, or a plugin's rule. ",
    keras.layers.Maximum: "Concatenate the branches, or add them, instead. ",
    keras.layers.Minimum: "Concatenate the branches, or add them, instead. ",
}


def hint(cls: type) -> str:
    """A sentence on what could be used instead of a layer of this class; empty when there is none."""
    return HINTS.get(cls, "")
