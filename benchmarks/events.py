"""Synaptic events per second of the event-driven simulator, and FC2 side by side with Brian2.

    python benchmarks/events.py [RUN] [--images 10000] [--brian-images 1000] [--quick]

RUN is a run folder with a fully connected spiking network for MNIST of one hidden layer; without it, fc2 is trained on
the MNIST images at hand (mnist with SNNCTL_DATA, else mnist-mini) and converted. The VGG is the built-in vgg16 for
32x32x3 with random weights, on random images. Each figure is the best of several rounds, since whatever else the
machine does can only make a round longer; processor time tells what a core does whatever else the machine does.

Brian2 needs ``pip install snnctl[bench]``. Its time step is the coarsest of a few with which it gives the same result:
all predictions are equal, and no hidden neuron fires more than one step from where the simulator has it fire, given the
same input spikes (Brian2's are at time steps). Both times are processor time on one core, as Brian2's own clock has it;
building and compiling Brian2's model are not counted. Its targets other than the fastest are given a few images only.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace

from snnctl.cli.quiet_tensorflow import import_tensorflow

import_tensorflow()

import numpy as np  # noqa: E402

import snnctl  # noqa: E402
from snnctl.builtin.architectures import ALL  # noqa: E402
from snnctl.conversion.build import SpikingSettings, build_spiking  # noqa: E402
from snnctl.data.prepare import load_split  # noqa: E402
from snnctl.data.preprocess import parse_preprocess  # noqa: E402
from snnctl.events import Batch, Network, simulate  # noqa: E402
from snnctl.lowering import lower  # noqa: E402
from snnctl.plugins import DataContext, load_registry  # noqa: E402

# The weight is read; slope and potential are read and written.
NUMBERS_PER_EVENT = 5
BYTES = {"float64": 8, "float32": 4}
STEPS = (0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002)  # of Brian2, in tau_c


def mnist() -> str:
    """The data set at hand."""
    folder = os.environ.get("SNNCTL_DATA")
    return "mnist" if folder and os.path.isdir(os.path.join(folder, "mnist")) else "mnist-mini"


def images(count: int) -> np.ndarray:
    """Test images, repeated if there are not enough of them."""
    dataset = load_registry().dataset(mnist())
    found = load_split(dataset, "test", DataContext(), parse_preprocess("unit", dataset)).inputs
    return np.resize(found, (count, *found.shape[1:]))


def fc2(run: str | None) -> Network:
    """The spiking network of a run, or a new one."""
    if run:
        return lower(snnctl.load(run).model)
    relu = snnctl.train(arch="fc2", data=mnist(), epochs=2)
    return lower(snnctl.convert(relu.model, data=mnist()).model)


def vgg() -> Network:
    """The built-in VGG16 with random weights and windows that are wide enough."""
    arch = next(architecture for architecture in ALL if architecture.name == "vgg16")
    return lower(build_spiking(arch.build((32, 32, 3), 10), SpikingSettings(width=100.0)))


def timed(network: Network, inputs: np.ndarray, rounds: int, **options: object) -> tuple[float, float, list[Batch]]:
    """Least seconds, and least processor time, of a pass over the inputs, after one over a few; what came out."""
    list(simulate(network, inputs[:4], **options))  # type: ignore[arg-type]
    seconds, busy, batches = np.inf, np.inf, []
    for _ in range(rounds):
        start, start_busy = time.perf_counter(), time.process_time()
        batches = list(simulate(network, inputs, **options))  # type: ignore[arg-type]
        seconds = min(seconds, time.perf_counter() - start)
        busy = min(busy, time.process_time() - start_busy)
    return seconds, busy, batches


def report_speed(name: str, network: Network, inputs: np.ndarray, rounds: int) -> None:
    """Lines for one core and all cores, in both precisions."""
    for dtype, threads in ((dtype, threads) for dtype in BYTES for threads in (1, os.cpu_count() or 1)):
        seconds, busy, batches = timed(network, inputs, rounds, dtype=dtype, threads=threads)
        events = sum(int(counts.sum()) for batch in batches for counts in batch.events.values())
        traffic = events / busy * NUMBERS_PER_EVENT * BYTES[dtype]
        print(
            f"{name:12} {dtype}  {threads} {'core ' if threads == 1 else 'cores'}"
            f"  {seconds / len(inputs) * 1e3:9.3f} ms an image  {events / len(inputs):12.0f} events an image"
            f"  {events / seconds / 1e6:6.0f} million events/s"
            f"  {events / busy / 1e6:6.0f} million by processor time: {traffic / 1e9:5.1f} GB/s a core",
            flush=True,
        )


def report_brian2(network: Network, inputs: np.ndarray, rounds: int) -> None:
    """Times of both on one core, for each target of Brian2 that works."""
    try:
        import brian2_network
    except (ImportError, AttributeError) as error:  # AttributeError: too old for the NumPy that is installed
        print(f"Brian2 is not there, or does not run here: {error}")
        return
    local = inputs.reshape(len(inputs), -1).astype(np.float64)
    if network.coding:
        local = np.clip((local - network.coding.low) / (network.coding.high - network.coding.low), 0, 1)
    _, busy, batches = timed(network, inputs, rounds, threads=1)
    ours = busy / len(inputs)
    target, *others = brian2_network.working_targets()
    dt, theirs = coarsest(network, local, batches, target)
    print(f"snnctl, one core: {ours * 1e6:.0f} us an image; {len(inputs)} images")
    report_ratio(target, dt, theirs, ours)
    for other in others:
        few = local[:3]
        report_ratio(other, dt, brian2_network.run(network, few, dt, other).seconds, ours)


def coarsest(network: Network, local: np.ndarray, batches: list[Batch], target: str) -> tuple[float, float]:
    """The time step with which Brian2 gives the same result, and its seconds of an image."""
    import brian2_network

    hidden = network.populations[1]
    predictions = np.concatenate([batch.logits[0] for batch in batches]).argmax(axis=1)
    for dt in STEPS:
        found = brian2_network.run(network, local, dt, target)
        same_input = simulate(replace(network, coding=None), brian2_network.rounded(local, dt))
        times = np.concatenate([batch.times[hidden.name] for batch in same_input])
        # Of a silent neuron: at the end of the window, which it may have reached within the last step.
        off = np.abs(np.minimum(times, hidden.t_max) - np.minimum(found.times, hidden.t_max)).max() / dt
        different = int(np.sum(predictions != found.logits.argmax(axis=1)))
        print(
            f"Brian2 ({target}), dt {dt}: {different} other predictions, spikes up to {off:.2f} steps off", flush=True
        )
        if not different and off < 1 + 1e-6:
            return dt, found.seconds
    raise SystemExit("Brian2 does not give the same result with any of the time steps")


def report_ratio(target: str, dt: float, seconds: float, ours: float) -> None:
    """One line of the comparison."""
    print(f"Brian2 ({target}, dt {dt} tau_c): {seconds * 1e3:.2f} ms an image, {seconds / ours:.0f} times as long")


def main() -> None:
    """Prints all lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", nargs="?", help="run folder of a fully connected spiking network")
    parser.add_argument("--images", type=int, default=10000, help="for FC2")
    parser.add_argument("--brian-images", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="fewer images and rounds")
    given = parser.parse_args()
    rounds = 2 if given.quick else 5
    network = fc2(given.run)
    print(f"Bytes: {NUMBERS_PER_EVENT} numbers an event (weight read; slope and potential read and written).")
    report_speed("fc2", network, images(given.images), rounds)
    noise = np.random.default_rng(0).random((2 if given.quick else 8, 32, 32, 3))
    report_speed("vgg16 32x32", vgg(), noise, rounds)
    report_brian2(network, images(given.brian_images), rounds)


if __name__ == "__main__":
    main()
