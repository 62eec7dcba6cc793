"""Small trees of images for the tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from snnctl_imagefolder.dataset import ImageFolder

from snnctl.plugins import Dataset
from snnctl.progress import SilentReporter, SilentTask


def plant(root: Path, *names: str, size: tuple[int, int] = (6, 6)) -> Path:
    """Images of these names; each is of a shade of its own, by its place among the names. Returns ``root``."""
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size[::-1], (number, number, number)).save(path, "PNG")
    return root


def touch(root: Path, *names: str) -> Path:
    """Files of these names that hold a few bytes of text. Returns ``root``."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("no image")
    return root


def opened(root: Path, **options: object) -> Dataset:
    return ImageFolder().configured(root=str(root), **options)  # type: ignore[arg-type]


class Listener(SilentReporter):
    """Keeps notes, warnings, and of each task its description, total and the steps done."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.tasks: list[tuple[str, int, int]] = []

    def note(self, message: str) -> None:
        self.notes.append(message)

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    @contextmanager
    def task(self, description: str, total: int) -> Iterator[SilentTask]:
        class Counting(SilentTask):
            steps = 0

            def advance(self, steps: int = 1, **figures: float) -> None:
                self.steps += steps

        task = Counting()
        yield task
        self.tasks.append((description, total, task.steps))
