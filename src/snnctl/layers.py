"""The public Keras layers. Importing this module registers them, so that Keras can open saved spiking networks:

import keras, snnctl.layers
snn = keras.saving.load_model("model.keras")
"""

from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.one_to_one import OneToOne
from snnctl.ttfs.pooling import EarliestSpikePooling1D, EarliestSpikePooling2D, EarliestSpikePooling3D
from snnctl.ttfs.readout import Readout
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.wiring import ConstrainedWiring

__all__ = [
    "ConstrainedWiring",
    "EarliestSpikePooling1D",
    "EarliestSpikePooling2D",
    "EarliestSpikePooling3D",
    "InputCoding",
    "OneToOne",
    "Readout",
    "Relay",
    "SpikingLayer",
]
