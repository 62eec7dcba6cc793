"""Work that begins as in a new process, so that its result does not depend on what was done before it."""

from __future__ import annotations

import random
import sys

from snnctl.verbs.interruptions import Interruptions


def start_afresh(seed: object) -> None:
    """Forget what Keras, NumPy and Python have counted and drawn.

    Keras numbers the layers it makes, and the jitter of a layer depends on its name; without this a network made after
    another one would not be the same as one made alone. Networks that exist stay usable. Where Keras has not been
    imported, nothing is to be forgotten.

    Args:
        seed: of what draws random numbers without a seed of its own; 0 if it is no whole number, as an option of that
            name of a plugin's step need not be.
    """
    seed = seed % 2**32 if isinstance(seed, int) else 0
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)
    if "keras" in sys.modules:
        import keras

        with Interruptions() as interruptions:  # Keras collects garbage
            keras.utils.clear_session()
            keras.utils.set_random_seed(seed)
            interruptions.check()
