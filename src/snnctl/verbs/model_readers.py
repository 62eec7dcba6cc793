"""The formats of model files; what a plugin's reader does wrong is told as the plugin's failure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from snnctl.errors import PluginError
from snnctl.plugins import Read, ReadContext, Reader, Registry
from snnctl.plugins.guard import guard, origin
from snnctl.plugins.own import OWN

if TYPE_CHECKING:
    import keras


def readers_of(registry: Registry) -> tuple[Reader, ...]:
    """All readers, snnctl's own first; those of plugins are called with care, by the name to write."""
    found = registry.all("readers").items()
    return tuple(
        reader if registry.owner("readers", name) == OWN else CheckedReader(name, reader) for name, reader in found
    )


class CheckedReader(Reader):
    """A plugin's reader, whose failures are told as such.

    Args:
        name: what it is called, perhaps with its package.
        reader: what it does.
    """

    def __init__(self, name: str, reader: Reader) -> None:
        self.name = name
        self.summary = reader.summary
        self.suffixes = reader.suffixes
        self._reader = reader

    def recognises(self, path: Path) -> bool:
        """Whether it says that it reads ``path``."""
        with guard("recognises failed", where=origin(self._reader)):
            return bool(self._reader.recognises(path))

    def read(self, path: Path, context: ReadContext) -> Read:
        """What it reads.

        Raises:
            PluginError: its own code fails, or returns no built Keras model.
        """
        import keras

        where = origin(self._reader)
        with guard(f"read failed for {path}", where=where):
            found = self._reader.read(path, context)
        read = found if isinstance(found, Read) else Read(found)
        model: keras.Model = read.model
        if not isinstance(model, keras.Model) or not model.built:
            raise PluginError(f"read returned {type(model).__name__}, which is no built Keras model", where=where)
        return Read(model, tuple(map(str, read.notes)))
