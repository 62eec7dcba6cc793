"""The model files that snnctl reads: those of Keras."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from snnctl.plugins.reader import Read, ReadContext, Reader

if TYPE_CHECKING:
    import keras


class KerasReader(Reader):
    """Files under the names that Keras gives; tf.keras wrote HDF5 under any of them, so the first bytes decide."""

    head: bytes

    def recognises(self, path: Path) -> bool:
        """By a suffix of Keras and the first bytes."""
        if path.suffix.lower() not in (".keras", ".h5", ".hdf5") or not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(self.head)) == self.head


class KerasArchive(KerasReader):
    """``.keras`` files of Keras 2 and 3."""

    name = "keras"
    summary = ".keras files"
    suffixes = (".keras",)
    head = b"PK"

    def read(self, path: Path, context: ReadContext) -> keras.Model:
        """See :func:`snnctl.models.files.open_archive`."""
        from snnctl.models.files import open_archive

        return open_archive(path, context)


class Hdf5(KerasReader):
    """``.h5`` files of Keras 2 and 3, full models and weights only."""

    name = "hdf5"
    summary = ".h5 files: full models, and weights of an architecture that is named"
    suffixes = (".h5", ".hdf5")
    head = b"\x89HDF\r\n\x1a\n"

    def read(self, path: Path, context: ReadContext) -> Read:
        """See :func:`snnctl.models.files.open_hdf5`."""
        from snnctl.models.files import open_hdf5

        return Read(*open_hdf5(path, context))


class SavedModel(Reader):
    """SavedModel folders that Keras 2 wrote."""

    name = "saved-model"
    summary = "SavedModel folders of Keras 2"

    def recognises(self, path: Path) -> bool:
        """By the file that every SavedModel has."""
        return (path / "saved_model.pb").is_file()

    def read(self, path: Path, context: ReadContext) -> keras.Model:
        """See :func:`snnctl.models.files.open_saved_model`."""
        from snnctl.models.files import open_saved_model

        return open_saved_model(path, context)


ALL: tuple[Reader, ...] = (KerasArchive(), Hdf5(), SavedModel())
