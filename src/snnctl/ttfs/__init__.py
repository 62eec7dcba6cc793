"""The numerical core: input coding, windows, synapses + neurons = spiking layers, pooling, readout.

Spike times are kept *layer-local*: a neuron that fires at ``t`` in a window that ends at ``t_max`` is
represented by ``x = t_max - t``, and a silent one by 0. See docs/mathematics.md.
"""
