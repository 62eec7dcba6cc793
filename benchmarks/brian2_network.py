"""A fully connected network of snnctl as a Brian2 model: the same neurons, the same equations, clock-driven.

All images are shown one after the other in one simulation, each for the network's latency rounded to time steps, so
that nothing is built or compiled more than once. Spikes of the input are rounded to the nearest step. Brian2's schedule
is such that a spike counts from its own step on, and a potential is compared to its threshold at the step's time;
otherwise everything would come one step late.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass

import brian2
import numpy as np
from brian2 import NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses, second

from snnctl.events import Network, Population, Projection

TARGETS = ("cpp_standalone", "cython", "numpy")

HIDDEN = """
dV/dt = (integrates * S + (1 - integrates) * fires * B) / second : 1
integrates = int(t_in_timesteps % steps < end) : 1 (shared)
fires = int(t_in_timesteps % steps >= t_min) : 1 (shared)
S : 1
B : 1
theta : 1
waits : boolean
"""
READOUT = """
dV/dt = S / second : 1
S : 1
"""


@dataclass(frozen=True)
class Result:
    """What Brian2 found.

    Args:
        seconds: processor time of an image; of the simulation alone, without building and compiling.
        times: absolute spike times of the hidden neurons, (images, neurons); infinity: silent.
        logits: (images, outputs).
    """

    seconds: float
    times: np.ndarray
    logits: np.ndarray


def working_targets() -> list[str]:
    """Targets that work here, the fastest first."""
    compiler = any(shutil.which(name) for name in ("g++", "c++", "clang++"))
    return list(TARGETS) if compiler else ["numpy"]


def run(network: Network, inputs: np.ndarray, dt: float, target: str) -> Result:
    """Simulates an input, one hidden layer of b1 neurons, and a readout.

    Args:
        network: the network, dense.
        inputs: local spike times, (images, neurons); Brian2 gets them :func:`rounded`.
        dt: time step in tau_c, which is a second here.
        target: see :data:`TARGETS`.
    """
    folder = None
    if target == "cpp_standalone":
        folder = tempfile.mkdtemp(prefix="brian2-")
        brian2.set_device(target, directory=folder, build_on_run=False)
        brian2.device.reinit()
        brian2.device.activate(directory=folder, build_on_run=False)
    else:
        brian2.set_device("runtime")
        brian2.prefs.codegen.target = target
    try:
        return _run(network, inputs, dt, target)
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _run(network: Network, inputs: np.ndarray, dt: float, target: str) -> Result:
    brian2.start_scope()
    brian2.defaultclock.dt = dt * second
    hidden, readout = network.populations[1], network.readouts[0]
    steps = round(readout.t_read / dt)
    period = steps * dt * second
    source = _input(inputs, network.populations[0], dt, steps)
    neurons = NeuronGroup(
        hidden.neurons,
        HIDDEN,
        threshold="V >= theta and fires > 0 and waits",
        reset="waits = False",
        method="euler",
        namespace={"steps": steps, "end": round(hidden.end / dt), "t_min": round(hidden.t_min / dt)},
    )
    neurons.theta, neurons.B = hidden.threshold, np.broadcast_to(hidden.B, (hidden.neurons,))
    outputs = NeuronGroup(readout.outputs, READOUT, method="euler")
    to_neurons = _synapses(network.projections[0], source, neurons)
    to_outputs = _synapses(network.projections[1], neurons, outputs)
    spikes = SpikeMonitor(neurons)
    potentials = StateMonitor(outputs, "V", record=True, dt=period, when="start", order=-1)
    neurons.run_regularly("V = 0; S = 0; waits = True", dt=period, when="start")
    outputs.run_regularly("V = 0; S = 0", dt=period, when="start")
    model = brian2.Network(source, neurons, outputs, to_neurons, to_outputs, spikes, potentials)
    model.schedule = ["start", "thresholds", "synapses", "groups", "resets", "end"]
    seconds = _simulated(model, len(inputs) * period + dt * second, target)
    step = np.round(np.asarray(spikes.t / second) / dt).astype(int)
    times = np.full((len(inputs), hidden.neurons), np.inf)
    times[step // steps, np.asarray(spikes.i)] = step % steps * dt
    logits = np.asarray(potentials.V).T[1:] + readout.D
    return Result(seconds / len(inputs), times, logits)


def rounded(inputs: np.ndarray, dt: float) -> np.ndarray:
    """Local spike times at time steps; the window's end, at which no spike counts, is one."""
    return np.round(inputs / dt) * dt


def _input(inputs: np.ndarray, population: Population, dt: float, steps: int) -> SpikeGeneratorGroup:
    local = rounded(inputs, dt)
    image, neuron = np.nonzero(local > 0)
    step = np.round((population.t_max - local[image, neuron]) / dt).astype(int) + image * steps
    order = np.lexsort((neuron, step))
    return SpikeGeneratorGroup(population.neurons, neuron[order], step[order] * dt * second, sorted=True)


def _synapses(projection: Projection, source: NeuronGroup, target: NeuronGroup) -> Synapses:
    synapses = Synapses(source, target, "J : 1", on_pre="S_post += J")
    synapses.connect()
    synapses.J = projection.J[0].reshape(-1)
    return synapses


def _simulated(model: brian2.Network, duration: object, target: str) -> float:
    """Seconds of the simulation itself."""
    if target == "cpp_standalone":
        model.run(duration)
        brian2.device.build(directory=brian2.device.project_dir, run=False)
        brian2.device.run()
        return float(brian2.device._last_run_time)  # processor time, too
    model.run(0 * second)  # compiles
    start = time.process_time()
    model.run(duration)
    return time.process_time() - start
