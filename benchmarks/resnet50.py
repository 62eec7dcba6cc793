"""ResNet50 at 224 x 224: time and memory of its conversion, time of lowering, inference next to Keras's.

    python benchmarks/resnet50.py [--quick]

The conversion includes the calibration on 256 images. It runs in a process of its own, whose peak memory holds
TensorFlow and the source as well. Inference is timed in turns with ``model.predict``, both networks compiled alike;
each figure is the best of several rounds. Weights and images are random, batch statistics those of the images.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable

from snnctl.cli.quiet_tensorflow import import_tensorflow

import_tensorflow()

import keras  # noqa: E402
import numpy as np  # noqa: E402

from snnctl.conversion.build import SpikingSettings, build_spiking  # noqa: E402
from snnctl.conversion.calibrate import calibrate  # noqa: E402
from snnctl.lowering import lower  # noqa: E402
from snnctl.progress import SilentReporter  # noqa: E402
from step_time import best_times  # noqa: E402

SIDE, BATCH = 224, 16
CALIBRATION = 256
BARS = {"seconds": 180.0, "gigabytes": 6.0, "ratio": 1.15, "lowering": 10.0}


def images(count: int) -> np.ndarray:
    """Random images with large and small structures, in [0, 1]."""
    rng = np.random.default_rng(0)
    coarse = keras.ops.image.resize(rng.random((count, 7, 7, 3), dtype=np.float32), (SIDE, SIDE))
    fine = rng.random((count, SIDE, SIDE, 3), dtype=np.float32)
    return 0.8 * keras.ops.convert_to_numpy(coarse) + 0.2 * fine


def source(samples: np.ndarray) -> keras.Model:
    """ResNet50 with random weights; its batch statistics are those of the samples."""
    keras.utils.set_random_seed(0)
    model = keras.applications.ResNet50(weights=None)
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for norm in norms:
        norm.momentum = 0.0
    model(samples, training=True)
    for norm in norms:
        norm.momentum = 0.99
    return model


def convert(model: keras.Model, samples: np.ndarray) -> keras.Model:
    """The spiking network, calibrated on the samples."""
    snn = build_spiking(model, SpikingSettings())
    calibrate(snn, samples, quantile=1.0, zeta=0.5, batch_size=BATCH, reporter=SilentReporter())
    return snn


def peak_memory() -> float:
    """Most memory this process has held so far, in GB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**30 if sys.platform == "darwin" else 2**20)


def measure_conversion() -> None:
    """Prints the figures of one conversion as JSON."""
    samples = images(CALIBRATION)
    model = source(samples[:BATCH])
    before, start = peak_memory(), time.perf_counter()
    snn = convert(model, samples)
    seconds, peak, start = time.perf_counter() - start, peak_memory(), time.perf_counter()
    lower(snn)
    lowering = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "before": before, "gigabytes": peak, "lowering": lowering}))


def report_conversion() -> None:
    """Two lines: time and peak memory of the conversion, and how long it takes to make plain data of its network."""
    command = [sys.executable, __file__, "--conversion-only"]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    figures = json.loads(output.splitlines()[-1])
    print(
        f"conversion, calibrated on {CALIBRATION} images: {figures['seconds']:.0f} s (bar {BARS['seconds']:.0f} s), "
        f"peak memory {figures['gigabytes']:.1f} GB (bar {BARS['gigabytes']:.0f} GB), "
        f"before it {figures['before']:.1f} GB",
        flush=True,
    )
    print(f"lowering to plain data: {figures['lowering']:.1f} s (bar {BARS['lowering']:.0f} s)", flush=True)


def inference(model: keras.Model, samples: np.ndarray) -> Callable[[], None]:
    """One pass over the samples."""
    model.compile(jit_compile=False)
    return lambda: model.predict(samples, batch_size=BATCH, verbose=0) is None and None


def report_inference(batches: int, rounds: int) -> None:
    """One line: inference time of an image in both networks, and the ratio."""
    samples = images(batches * BATCH)
    model = source(samples[:BATCH])
    snn = convert(model, samples[: 2 * BATCH])
    of_keras, of_snn = best_times([inference(network, samples) for network in (model, snn)], rounds)
    scale = 1e3 / len(samples)
    print(
        f"inference, batch {BATCH}: Keras {of_keras * scale:.1f} ms, SNN {of_snn * scale:.1f} ms an image, "
        f"ratio {of_snn / of_keras:.2f} (bar {BARS['ratio']})"
    )


def main() -> None:
    """Prints all lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--conversion-only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.conversion_only:
        measure_conversion()
        return
    report_conversion()
    report_inference(batches=2, rounds=3 if options.quick else 7)


if __name__ == "__main__":
    main()
