"""``gradients`` and ``trajectory``: a ReLU network beside its spiking forms, from the same weights."""
