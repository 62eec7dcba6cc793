"""Step times of spiking networks next to their ReLU networks, as ratios measured in one run.

    python benchmarks/step_time.py [--quick]

Both networks are timed in turns, so that a change in the machine's speed meets both; each figure is the best of
several rounds, since whatever else the machine does can only make a round longer. Both are compiled as ``snnctl train``
compiles them. The last line compares an MNIST-sized epoch of FC2 with Keras's plain ``model.fit``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from snnctl.cli.quiet_tensorflow import import_tensorflow

import_tensorflow()

import keras  # noqa: E402
import numpy as np  # noqa: E402

from snnctl.builtin.architectures import ALL  # noqa: E402
from snnctl.conversion.build import SpikingSettings, build_spiking  # noqa: E402
from snnctl.training.fit import FitSettings, compile_model  # noqa: E402

ARCHITECTURES = {architecture.name: architecture for architecture in ALL}


def pair(arch: str, shape: tuple[int, ...], **options: object) -> tuple[keras.Model, keras.Model]:
    """A ReLU network and its spiking form."""
    relu = ARCHITECTURES[arch].build(shape, 10, **options)
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
    compile_model(model, FitSettings(batch_size=batch_size), -(-len(x) // batch_size))
    return lambda: model.fit(x, y, batch_size=batch_size, verbose=0, shuffle=False) and None


def inference(model: keras.Model, x: np.ndarray, batch_size: int) -> Callable[[], None]:
    """One pass over the inputs, compiled as in training."""
    compile_model(model, FitSettings(batch_size=batch_size), -(-len(x) // batch_size))
    return lambda: model.predict(x, batch_size=batch_size, verbose=0) is None and None


def report(
    name: str,
    networks: tuple[keras.Model, keras.Model],
    shape: tuple[int, ...],
    batch_size: int,
    steps: int,
    rounds: int,
    compilations: int = 1,
) -> None:
    """One line: step times of both networks and their ratio, training and inference.

    Two compilations of one and the same small network can differ by a fifth; so the best of several counts.
    """
    x, y = samples(shape, steps * batch_size)
    line = f"{name:24}"
    for kind, make in (
        ("inference", lambda net: inference(net, x, batch_size)),
        ("training", lambda net: training(net, x, y, batch_size)),
    ):
        times = [best_times([make(net) for net in networks], rounds) for _ in range(compilations)]
        of_relu, of_snn = (min(series) for series in zip(*times, strict=True))
        line += f"  {kind}: ReLU {of_relu / steps * 1e3:8.2f} ms  SNN {of_snn / steps * 1e3:8.2f} ms"
        line += f"  ratio {of_snn / of_relu:.2f}"
    print(line, flush=True)


def report_epoch(samples_in_epoch: int, rounds: int) -> None:
    """FC2 at batch 8: an epoch of plain ``model.fit`` over an epoch of ``snnctl train --type snn``."""
    shape = (28, 28, 1)
    x, y = samples(shape, samples_in_epoch)
    relu, snn = pair("fc2", shape)
    relu.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    plain = lambda: relu.fit(x, y, batch_size=8, verbose=0) and None  # noqa: E731
    of_plain, of_snn = best_times([plain, training(snn, x, y, 8)], rounds)
    print(
        f"fc2 epoch of {samples_in_epoch} images, batch 8: plain model.fit (ReLU) {of_plain:.1f} s, "
        f"snnctl (SNN) {of_snn:.1f} s: {of_plain / of_snn:.1f} times faster"
    )


def main() -> None:
    """Prints all lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer steps and rounds")
    quick = parser.parse_args().quick
    rounds, compilations = (3, 2) if quick else (5, 5)
    shape: tuple[int, ...] = (28, 28, 1)
    report("fc2, batch 8", pair("fc2", shape), shape, 8, 500 if quick else 2000, rounds, compilations)
    report("fc2, batch 128", pair("fc2", shape), shape, 128, 100 if quick else 400, rounds, compilations)
    shape = (32, 32, 3)
    report("vgg16 32x32, batch 64", pair("vgg16", shape), shape, 64, 2 if quick else 3, rounds)
    report_epoch(8000 if quick else 60000, 1 if quick else 2)


if __name__ == "__main__":
    main()
