"""What is measured: accuracy, spikes per neuron, latency, saturation, agreement."""
