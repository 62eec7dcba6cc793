"""Step times of spiking networks next to their ReLU networks, without and with oneDNN, as ratios measured in one run.

    python benchmarks/step_time.py [--quick]

Both networks are timed in turns, so that a change in the machine's speed meets both; each figure is the best of
several rounds, since whatever else the machine does can only make a round longer. Both are compiled as ``snnctl train``
compiles them. The last line compares an MNIST-sized epoch of FC2 with Keras's plain ``model.fit``. TensorFlow reads
``TF_ENABLE_ONEDNN_OPTS`` when it is imported, so each setting is measured in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from snnctl import ONEDNN

if TYPE_CHECKING:
    import keras

Times = dict[str, tuple[float, float]]
"""Milliseconds of the ReLU and the spiking network, by what they do."""


def pair(arch: str, shape: tuple[int, ...]) -> tuple[keras.Model, keras.Model]:
    """A ReLU network and its spiking form."""
    from snnctl.builtin.architectures import ALL
    from snnctl.conversion.build import SpikingSettings, build_spiking

    relu = next(architecture for architecture in ALL if architecture.name == arch).build(shape, 10)
    return relu, build_spiking(relu, SpikingSettings(width=100.0))


def samples(shape: tuple[int, ...], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Random inputs in [0, 1] and labels."""
    rng = np.random.default_rng(0)
    return rng.random((count, *shape), dtype=np.float32), rng.integers(0, 10, count)


def best_times(functions: list[Callable[[], None]], rounds: int) -> list[float]:
    """Least seconds of each function, called in turns after one warm-up call."""
    for function in functions:
        function()
    times: list[list[float]] = [[] for _ in functions]
    for number in range(rounds):
        # Every second round backwards: whoever comes second finds a warmer machine.
        order = range(len(functions)) if number % 2 == 0 else reversed(range(len(functions)))
        for index in order:
            start = time.perf_counter()
            functions[index]()
            times[index].append(time.perf_counter() - start)
    return [min(series) for series in times]


def training(model: keras.Model, x: np.ndarray, y: np.ndarray, batch_size: int) -> Callable[[], None]:
    """An epoch as ``snnctl train`` does it."""
    from snnctl.training.fit import FitSettings, compile_model

    compile_model(model, FitSettings(batch_size=batch_size), -(-len(x) // batch_size))
    return lambda: model.fit(x, y, batch_size=batch_size, verbose=0, shuffle=False) and None


def inference(model: keras.Model, x: np.ndarray, batch_size: int) -> Callable[[], None]:
    """One pass over the inputs, compiled as in training."""
    from snnctl.training.fit import FitSettings, compile_model

    compile_model(model, FitSettings(batch_size=batch_size), -(-len(x) // batch_size))
    return lambda: model.predict(x, batch_size=batch_size, verbose=0) is None and None


def step_times(
    networks: tuple[keras.Model, keras.Model],
    shape: tuple[int, ...],
    batch_size: int,
    steps: int,
    rounds: int,
    compilations: int = 1,
) -> Times:
    """Step times of inference and training.

    Two compilations of one and the same small network can differ by a fifth; so the median of several counts.
    """
    x, y = samples(shape, steps * batch_size)
    result = {}
    for kind, make in (
        ("inference", lambda net: inference(net, x, batch_size)),
        ("training", lambda net: training(net, x, y, batch_size)),
    ):
        seconds = [best_times([make(net) for net in networks], rounds) for _ in range(compilations)]
        of_relu, of_snn = np.median(seconds, axis=0) / steps * 1e3
        result[kind] = (float(of_relu), float(of_snn))
    return result


def epoch_times(images: int, rounds: int) -> Times:
    """FC2 at batch 8: an epoch of plain ``model.fit`` and one of ``snnctl train --type snn``."""
    import keras

    shape = (28, 28, 1)
    x, y = samples(shape, images)
    relu, snn = pair("fc2", shape)
    relu.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    plain = lambda: relu.fit(x, y, batch_size=8, verbose=0) and None  # noqa: E731
    of_plain, of_snn = best_times([plain, training(snn, x, y, 8)], rounds)
    return {"epoch": (of_plain * 1e3, of_snn * 1e3)}


def measure(quick: bool) -> Iterator[tuple[str, Times]]:
    """All times by name, measured in this process."""
    from snnctl.cli.quiet_tensorflow import import_tensorflow

    import_tensorflow()
    rounds, compilations = (3, 2) if quick else (4, 9)
    shape: tuple[int, ...] = (28, 28, 1)
    fc2 = pair("fc2", shape)
    yield "fc2, batch 8", step_times(fc2, shape, 8, 500 if quick else 1000, rounds, compilations)
    yield "fc2, batch 128", step_times(fc2, shape, 128, 100 if quick else 400, rounds, compilations)
    shape = (32, 32, 3)
    yield "vgg16 32x32, batch 64", step_times(pair("vgg16", shape), shape, 64, 2 if quick else 3, rounds + 2)
    images = 8000 if quick else 60000
    yield f"fc2, {images} images", epoch_times(images, 1 if quick else 2)


def measured(setting: str, quick: bool) -> Iterator[tuple[str, Times]]:
    """All times by name, measured in a process with that setting of oneDNN."""
    command = [sys.executable, __file__, "--lines", *(["--quick"] if quick else [])]
    with subprocess.Popen(command, env={**os.environ, ONEDNN: setting}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield from map(json.loads, process.stdout)
    if process.returncode:
        sys.exit(process.returncode)


def line(name: str, times: Times) -> str:
    """The times of both networks and their ratio."""
    if "epoch" in times:
        plain, snn = (time / 1e3 for time in times["epoch"])
        return (
            f"{name}, batch 8: an epoch of plain model.fit (ReLU) {plain:.1f} s, of snnctl (SNN) {snn:.1f} s: "
            f"{plain / snn:.1f} times faster"
        )
    parts = (
        f"  {kind}: ReLU {relu:8.2f} ms  SNN {snn:8.2f} ms  ratio {snn / relu:.2f}"
        for kind, (relu, snn) in times.items()
    )
    return f"{name:24}" + "".join(parts)


def main() -> None:
    """Prints all lines for each setting, and what oneDNN changes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer steps and rounds")
    parser.add_argument("--lines", action="store_true", help="one setting, that of the environment; lines of JSON")
    arguments = parser.parse_args()
    if arguments.lines:
        for row in measure(arguments.quick):
            print(json.dumps(row), flush=True)
        return
    found: dict[str, dict[str, Times]] = {}
    for setting in ("0", "1"):
        print(f"{ONEDNN}={setting}", flush=True)
        found[setting] = {}
        for name, times in measured(setting, arguments.quick):
            found[setting][name] = times
            print(line(name, times), flush=True)
    print("time with oneDNN / time without")
    for name, times in found["1"].items():
        without = found["0"][name]
        parts = (
            f"  {kind}: ReLU {relu / without[kind][0]:.2f}  SNN {snn / without[kind][1]:.2f}"
            for kind, (relu, snn) in times.items()
        )
        print(f"{name:24}" + "".join(parts))


if __name__ == "__main__":
    main()
