"""Several replicas of a tf.distribute strategy share one window: the widest."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras, numpy as np
import snnctl.layers as ttfs

with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    inputs = keras.Input((1,))
    synapses = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    x = ttfs.SpikingLayer(synapses, width=1.0, gamma=10.0)(inputs)
    model = keras.Model(inputs, ttfs.Readout(keras.layers.Dense(2, use_bias=False))(x))
    model.compile(keras.optimizers.SGD(0.0), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
# A batch of two, one sample to each replica: the large one is seen by the second replica only.
model.fit(np.array([[1.0], [3.0]], "float32"), np.array([0, 1]), batch_size=2, shuffle=False, verbose=0)
print("width", float(model.layers[1].width.numpy()))
"""


@pytest.mark.long
def test_all_replicas_get_the_widest_window():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert "width 30.0" in done.stdout, done.stderr[-2000:]
