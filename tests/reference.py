"""An independent evaluation of spiking networks: NumPy, float64, absolute time, straight from the equations.

It reads the parameters of a network (J, D, windows, strides, ...) and shares no computation with snnctl.
"""

from __future__ import annotations

import numpy as np

TAU_C = 1.0


def simulate(model, inputs: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Logits, and for each layer the absolute spike times (``t_max`` of its window when silent)."""
    times: dict[str, np.ndarray] = {}
    t, t_min_prev, t_min = None, 0.0, TAU_C
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "InputLayer":
            continue
        if kind == "InputCoding":
            unit = (inputs.astype(np.float64) - layer.low) / (layer.high - layer.low)
            t = TAU_C - np.clip(unit, 0.0, 1.0)
        elif kind == "SpikingLayer":
            t_max = t_min + float(layer.width.numpy())
            t = first_spikes(layer, t, t_min_prev, t_min, t_max)
            t_min_prev, t_min = t_min, t_max
        elif kind == "EarliestSpikePooling2D":
            sign = layer.sign.numpy() if layer.signed else np.ones(t.shape[-1])
            t = pool(t, sign, layer.pool.pool_size, layer.pool.strides, layer.pool.padding)
        elif kind == "Flatten":
            t = t.reshape(len(t), -1)
        elif kind == "Readout":
            V = potential(layer, t, t_min) + offsets(layer)
            return (np.maximum(V, 0.0) if layer.decoding == "relu" else V), times
        else:
            raise AssertionError(f"the reference does not know {kind}")
        times[layer.name] = t
    raise AssertionError("the network has no readout")


def first_spikes(layer, t, t_min_prev, t_min, t_max):
    """Solves V_i(t_i) = theta_i for each neuron; ``t_max`` when it does not fire."""
    D = offsets(layer)
    if layer.neuron == "b1":
        A, B = 0.0, 1.0
        theta = t_max - t_min - D
    else:
        A = 1.0
        B = 1.0 + potential(layer, np.zeros_like(t[:1]), 1.0)
        theta = B * (t_max - t_min) + (t_min - t_min_prev) - D
    V = A * (t_min - t_min_prev) + potential(layer, t, t_min)
    crossing = np.where(B > 0, t_min + (theta - V) / np.where(B > 0, B, 1.0), np.inf)
    return np.clip(crossing, t_min, t_max)


def offsets(layer) -> np.ndarray:
    """D of every neuron."""
    D = layer.D.numpy().astype(np.float64)
    return D if layer.positions is None else D[layer.position_index.numpy()]


def potential(layer, t: np.ndarray, t_min: float) -> np.ndarray:
    """sum_j J_ij (t_min - t_j): what the spikes have added to the potential at t_min."""
    (synapses,) = layer.synapses
    J = synapses.kernel.numpy().astype(np.float64)
    if J.ndim == 2:
        return (t_min - t) @ J
    return convolve(t, t_min, J, synapses.strides, synapses.dilation_rate, synapses.padding)


def convolve(t, t_min, J, strides, dilation, padding):
    """Tap by tap; places outside the image hold neurons that never fire, t = t_min."""
    reach = [(J.shape[axis] - 1) * dilation[axis] + 1 for axis in (0, 1)]
    t, sizes = pad(t, reach, strides, padding, t_min)
    total = np.zeros((len(t), *sizes, J.shape[-1]))
    for a in range(J.shape[0]):
        for b in range(J.shape[1]):
            total += (t_min - taps(t, a * dilation[0], b * dilation[1], strides, sizes)) @ J[a, b]
    return total


def pool(t, sign, size, strides, padding):
    """The earliest time of each pool, or the latest where the sign is negative."""
    earliest, sizes = pad(t, size, strides, padding, np.inf)
    latest, _ = pad(t, size, strides, padding, -np.inf)
    places = [(a, b) for a in range(size[0]) for b in range(size[1])]
    first = np.min([taps(earliest, a, b, strides, sizes) for a, b in places], axis=0)
    last = np.max([taps(latest, a, b, strides, sizes) for a, b in places], axis=0)
    return np.where(sign < 0, last, first)


def pad(t, reach, strides, padding, value):
    """The padded image, and the output's height and width."""
    if padding == "valid":
        return t, [(t.shape[axis + 1] - reach[axis]) // strides[axis] + 1 for axis in (0, 1)]
    sizes = [-(-t.shape[axis + 1] // strides[axis]) for axis in (0, 1)]
    widths = []
    for axis in (0, 1):
        missing = max(0, (sizes[axis] - 1) * strides[axis] + reach[axis] - t.shape[axis + 1])
        widths.append((missing // 2, missing - missing // 2))
    return np.pad(t, [(0, 0), *widths, (0, 0)], constant_values=value), sizes


def taps(t, a, b, strides, sizes):
    """What one tap of the kernel sees at every output position."""
    return t[
        :, a : a + (sizes[0] - 1) * strides[0] + 1 : strides[0], b : b + (sizes[1] - 1) * strides[1] + 1 : strides[1]
    ]
