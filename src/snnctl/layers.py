"""The public Keras layers. Importing this module registers them, so that Keras can open saved spiking networks:

import keras, snnctl.layers
snn = keras.saving.load_model("model.keras")
"""

from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.pooling import EarliestSpikePooling2D
from snnctl.ttfs.readout import Readout
from snnctl.ttfs.spiking import SpikingLayer

__all__ = ["EarliestSpikePooling2D", "InputCoding", "Readout", "SpikingLayer"]
