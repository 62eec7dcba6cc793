"""Event-driven simulation of TTFS networks: NumPy and Numba, float64, absolute time.

It is the oracle: it shares no code with the TensorFlow layers and imports nothing from snnctl.
"""
