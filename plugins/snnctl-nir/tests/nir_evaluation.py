"""A NIR graph of snnctl evaluated in NumPy, from its nodes and the documented metadata alone.

It shares no code with the plugin, Keras or the simulator. A signal holds, for each element, how long before the end of
its window a spike comes, and 0 for silence; behind linear nodes, sums of these.
"""

from graphlib import TopologicalSorter
from typing import Any

import nir
import numpy as np


def evaluate(graph: nir.NIRGraph, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """What every node sends for one sample; ``inputs`` are values of data, (channels, height, width) or a row."""
    sources: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for start, end in graph.edges:
        sources[end].append(start)
    sent: dict[str, np.ndarray] = {}
    for name in TopologicalSorter(sources).static_order():
        node, about = graph.nodes[name], graph.nodes[name].metadata
        if isinstance(node, nir.Input):
            low, high = about["snnctl.low"], about["snnctl.high"]
            sent[name] = np.clip((inputs.astype(float) - low) / (high - low), 0, 1)
        elif about.get("snnctl.role") == "part" and isinstance(node, nir.IF):
            (sums,) = sources[name]
            sent[name] = passed(
                node, lambda spikes, at=sums: through(graph.nodes[at], spikes), sent[before(sources, sums)]
            )
        else:
            sent[name] = made(node, about, sum(sent[source] for source in sources[name]))
    return sent


def before(sources: dict[str, list[str]], name: str) -> str:
    (source,) = sources[name]
    return source


def made(node: Any, about: dict[str, Any], arriving: np.ndarray) -> np.ndarray:
    if isinstance(node, nir.IF):
        width = about["snnctl.t_max"] - about["snnctl.t_min"]
        rest = about["snnctl.A"] * (about["snnctl.end"] - about["snnctl.start"])
        B = about["snnctl.B"] * np.ones(node.v_threshold.shape)
        over = B * width + rest - node.v_threshold + arriving
        left = np.divide(over, B, out=np.zeros_like(over), where=B > 0)
        return np.clip(left, 0, width)
    if isinstance(node, nir.I):
        return arriving + about.get("snnctl.D", 0.0)
    return through(node, arriving)


def passed(node: nir.IF, sums: Any, since: np.ndarray) -> np.ndarray:
    """Neurons that spikes of size 1 reach at once: event by event, latest time left first."""
    v = np.zeros(node.v_threshold.shape)
    fired = np.zeros(node.v_threshold.shape)
    for left in -np.unique(-since[since > 0]):
        v = v + node.r * sums((since == left).astype(float))
        crossed = v > node.v_threshold
        assert not np.any(crossed & (fired > 0)), "a pool passes one spike"
        fired[crossed] = left
        v = np.where(crossed, node.v_reset, v)
    return fired


def through(node: Any, x: np.ndarray) -> np.ndarray:
    if isinstance(node, nir.Linear):
        return node.weight @ x
    if isinstance(node, nir.Scale):
        return node.scale * x
    if isinstance(node, nir.Flatten):
        assert (node.start_dim, node.end_dim) == (0, -1)
        return x.reshape(-1)
    if isinstance(node, nir.Conv1d):
        geometry = (1, int(node.stride)), (0, int(node.padding)), (1, int(node.dilation))
        raised = nir.Conv2d((1, node.input_shape), node.weight[:, :, None], *geometry, 1, node.bias)
        return through(raised, x[:, None])[:, 0]
    if isinstance(node, nir.Conv2d):
        windows = slid(x, node.weight.shape[2:], node.stride, node.padding, node.dilation)
        return np.einsum("chwij,ocij->ohw", windows, node.weight) + node.bias[:, None, None]
    if isinstance(node, (nir.SumPool2d, nir.AvgPool2d)):
        total = slid(x, node.kernel_size, node.stride, node.padding, (1, 1)).sum(axis=(3, 4))
        return total if isinstance(node, nir.SumPool2d) else total / np.prod(node.kernel_size)
    if isinstance(node, nir.Output):
        return x
    raise AssertionError(type(node))


def slid(x: np.ndarray, size: Any, stride: Any, padding: Any, dilation: Any) -> np.ndarray:
    """Windows over an image, (channels, rows, columns, \\*size)."""
    padded = np.pad(x, [(0, 0), *((int(margin), int(margin)) for margin in padding)])
    reach = [(int(taps) - 1) * int(step) + 1 for taps, step in zip(size, dilation, strict=True)]
    windows = np.lib.stride_tricks.sliding_window_view(padded, reach, axis=(1, 2))
    return windows[:, :: int(stride[0]), :: int(stride[1]), :: int(dilation[0]), :: int(dilation[1])]
