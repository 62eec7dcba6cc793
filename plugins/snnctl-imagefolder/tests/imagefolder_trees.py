"""Small trees of images for the tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from snnctl_imagefolder.dataset import ImageFolder

from snnctl.plugins import Dataset
from snnctl.progress import SilentReporter, SilentTask


def picture(shade: int, size: tuple[int, int] = (6, 6)) -> Image.Image:
    """One colour, so that it can be told apart."""
    return Image.new("RGB", size[::-1], (shade, shade, shade))


def plant(root: Path, *names: str, size: tuple[int, int] = (6, 6)) -> Path:
    """Images of these names; each is of a shade of its own, by its place among the names. Returns ``root``."""
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(number, size).save(path, "PNG")
    return root


def touch(root: Path, *names: str) -> Path:
    """Files of these names that hold a few bytes of text. Returns ``root``."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("no image")
    return root


def striped(root: Path, counts: Mapping[str, int], size: int = 8) -> Path:
    """Images by folder that can be learnt: folders that end in "h" hold horizontal stripes, others vertical ones."""
    random = np.random.default_rng(0)
    for folder, count in counts.items():
        (root / folder).mkdir(parents=True)
        for number in range(count):
            stripes = np.tile(200 * (np.arange(size) // 2 % 2), (size, 1)) + random.integers(0, 55, (size, size))
            stripes = stripes.T if folder.endswith("h") else stripes
            Image.fromarray(stripes.astype(np.uint8)).save(root / folder / f"{number:03}.png")
    return root


def opened(root: Path, **options: object) -> Dataset:
    """The data set with these options."""
    return ImageFolder().configured(root=str(root), **options)  # type: ignore[arg-type]


class Listener(SilentReporter):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.tasks: list[tuple[str, int, int]] = []  # description, total, steps done

    def note(self, message: str) -> None:
        """Kept."""
        self.notes.append(message)

    def warn(self, message: str) -> None:
        """Kept."""
        self.warnings.append(message)

    @contextmanager
    def task(self, description: str, total: int) -> Iterator[SilentTask]:
        """Its steps are counted."""
        task = CountingTask()
        yield task
        self.tasks.append((description, total, task.steps))


class CountingTask(SilentTask):
    """Counts steps."""

    def __init__(self) -> None:
        self.steps = 0

    def advance(self, steps: int = 1, **figures: float) -> None:
        """Counted."""
        self.steps += steps
