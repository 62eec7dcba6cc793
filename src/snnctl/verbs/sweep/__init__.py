"""``snnctl sweep``: how well a spiking network bears hardware constraints, value by value."""
