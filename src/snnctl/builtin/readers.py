"""The model files that snnctl reads: those of Keras."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from snnctl.plugins.reader import Read, ReadContext, Reader

if TYPE_CHECKING:
    import keras

    from snnctl.models.weights import WeightTable


class KerasArchive(Reader):
    """``.keras`` files of Keras 2 and 3."""

    name = "keras"
    summary = ".keras files"
    suffixes = (".keras",)

    def read(self, path: Path, context: ReadContext) -> keras.Model:
        """See :func:`snnctl.models.files.open_archive`."""
        from snnctl.models.files import open_archive

        return open_archive(path, context)


class Hdf5(Reader):
    """``.h5`` files of Keras 2 and 3, full models and weights only."""

    name = "hdf5"
    summary = ".h5 files: full models, and weights of an architecture that is named"
    suffixes = (".h5", ".hdf5")

    def read(self, path: Path, context: ReadContext) -> keras.Model | Read:
        """See :func:`snnctl.models.files.open_hdf5`; the table of weights tells which layer went where."""
        from snnctl.models.files import open_hdf5

        model, table = open_hdf5(path, context)
        return model if table is None else Read(model, (_matched(table, context.arch),), table)


class SavedModel(Reader):
    """SavedModel folders that Keras 2 wrote."""

    name = "saved-model"
    summary = "SavedModel folders of Keras 2"

    def recognises(self, path: Path) -> bool:
        """By the file that every SavedModel has."""
        return (path / "saved_model.pb").is_file()

    def read(self, path: Path, context: ReadContext) -> keras.Model:
        """See :func:`snnctl.models.saved_model.open_saved_model`."""
        from snnctl.models.saved_model import open_saved_model

        return open_saved_model(path, context)


def _matched(table: WeightTable, arch: str) -> str:
    """The table of what went where, under a line that says how it was found."""
    how = f"The file's layer names are those of {arch}; weights of each layer:"
    if table.by == "order":
        how = f"The file's layer names are not {arch}'s; its layers were taken in order:"
    return "\n  ".join([how, *table.lines()])


ALL: tuple[Reader, ...] = (KerasArchive(), Hdf5(), SavedModel())
