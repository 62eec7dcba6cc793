"""From a ReLU network to a spiking one: walk the graph, fold, calibrate the windows, verify."""
