"""Several replicas of a tf.distribute strategy share one window, the widest; each jitters in its own way."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import json
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras, numpy as np
import snnctl.layers as ttfs
from snnctl.ttfs.hardware import Constraints, constrained

def network(**options):
    inputs = keras.Input((1,))
    hidden = ttfs.SpikingLayer(ttfs.Diagonal(), name="hidden", **options)
    return keras.Model(inputs, ttfs.Readout(ttfs.Diagonal())(hidden(inputs)))

with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    growing = network(width=1.0, gamma=10.0)
    jittery = constrained(network(width=9.0), Constraints(noise=0.5, weight_bits=4, time_bits=12))
    for model in (growing, jittery):
        model.compile(keras.optimizers.SGD(0.0), "mse")
# A batch of two, one sample to each replica: the large one is seen by the second replica only.
growing.fit(np.array([[1.0], [3.0]], "float32"), np.zeros((2, 1)), batch_size=2, shuffle=False, verbose=0)
four = np.full((4, 1), 4.0, "float32")
jittery.fit(four, np.zeros((4, 1)), batch_size=4, shuffle=False, verbose=0)
seen = jittery.predict(four, batch_size=4, verbose=0).ravel().tolist()
print("seen", json.dumps([float(growing.get_layer("hidden").width.numpy()), seen]))
"""


@pytest.mark.long
def test_all_replicas_get_the_widest_window_and_a_jitter_of_their_own() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert "seen [" in done.stdout, done.stderr[-2000:]
    width, jittered = json.loads(done.stdout.partition("seen ")[2])
    assert width == 30.0
    assert len(set(jittered)) == 4
