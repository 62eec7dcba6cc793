"""The public Keras layers. Importing this module registers them, so that Keras can open saved spiking networks:

import snnctl.layers, keras
snn = keras.saving.load_model("model.keras")
"""

from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.hardware import ConstrainedWiring
from snnctl.ttfs.integration import Diagonal, Readout
from snnctl.ttfs.pooling import EarliestSpikePooling1D, EarliestSpikePooling2D, EarliestSpikePooling3D
from snnctl.ttfs.relay import Relay, Silence
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.version_0_1 import OneToOne, SignedLayer

__all__ = [
    "ConstrainedWiring",
    "Diagonal",
    "EarliestSpikePooling1D",
    "EarliestSpikePooling2D",
    "EarliestSpikePooling3D",
    "InputCoding",
    "OneToOne",
    "Readout",
    "Relay",
    "SignedLayer",
    "Silence",
    "SpikingLayer",
]
