"""A data set that needs no files: small images of a bright bar on a noisy ground."""

from __future__ import annotations

from snnctl.plugins import DataContext, Dataset, Samples

SIZE = 8
SPLITS = {"train": (2000, 1), "test": (500, 2)}  # number of images, seed


class Bars(Dataset):
    """Tell the direction of a bar: 2,000 + 500 images of 8x8 pixels, the four classes taking turns.

    The attributes say what the samples are. snnctl checks every sample against them, so a mistake in :meth:`load`
    becomes an error that names the first wrong sample instead of a network that does not learn.
    """

    name = "bars"
    summary = "8x8 images of a bar in one of four directions, made on the spot: nothing to download"
    input_shape = (SIZE, SIZE, 1)  # channels last, also when there is only one
    classes = 4
    class_names = ("horizontal", "vertical", "rising", "falling")
    raw_range = (0.0, 255.0)  # must hold for every image: the spiking network codes this range
    standard = (57.0, 54.0)  # mean and deviation, for --preprocess standard
    licence = "made by snnctl-example, Apache-2.0"

    def load(self, split: str, context: DataContext) -> Samples:
        """All samples of ``split``, the same ones each time.

        Return raw values and let snnctl preprocess and cut them to ``--limit``. A data set with files would look for
        them in ``context.data_dir`` first, show the progress of a download with ``context.reporter``, and raise
        :class:`snnctl.errors.DataError` if a file is missing or damaged.

        Args:
            split: "train" or "test".
            context: not used here, as there are no files.
        """
        import numpy as np  # here, so that listings and completion answer at once

        from snnctl_example.drawing import draw_bars

        images, seed = SPLITS[split]
        labels = np.arange(images) % self.classes
        return Samples(draw_bars(labels, SIZE, np.random.default_rng(seed)), labels)

    def where(self, context: DataContext) -> str:
        """What ``snnctl data list`` shows; None would mean that files are missing."""
        return "made on the spot"
