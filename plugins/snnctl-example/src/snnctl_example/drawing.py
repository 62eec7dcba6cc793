"""Images of bars on a noisy ground."""

from __future__ import annotations

import numpy as np

GROUND, BAR, NOISE = 40, 150, 30  # brightness of the ground, what a bar adds to it, deviation


def draw_bars(labels: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
    """An image for each label, shape (labels, size, size, 1), ``uint8``.

    Args:
        labels: directions, 0 to 3, shape (labels,).
        size: height and width.
        random: draws the bar's place and the noise.
    """
    rows, columns = np.mgrid[:size, :size]
    # For each direction, the number of the line that a pixel lies on; the diagonal lines that are used are long ones.
    lines = np.stack([rows, columns, rows + columns - size // 2 + 1, columns - rows + size // 2])
    place = random.integers(size, size=(len(labels), 1, 1))
    images = GROUND + BAR * (lines[labels] == place) + random.normal(0, NOISE, (len(labels), size, size))
    return images.clip(0, 255).astype(np.uint8)[..., np.newaxis]
