"""The model files that snnctl reads: those of Keras."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from snnctl.errors import ModelError
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

        return open_archive(path, input_shape=context.input_shape, allow_code=context.allow_code)


class Hdf5(Reader):
    """``.h5`` files of Keras 2 and 3, full models and weights only."""

    name = "hdf5"
    summary = ".h5 files: full models, and weights of an architecture that is named"
    suffixes = (".h5", ".hdf5")

    def read(self, path: Path, context: ReadContext) -> keras.Model | Read:
        """See :mod:`snnctl.models.files`; the table of weights only tells which layer went where."""
        from snnctl.models.dtype import precision
        from snnctl.models.files import holds_full_model, open_full_model, open_weights, stored_dtype

        if holds_full_model(path):
            return open_full_model(path, input_shape=context.input_shape, allow_code=context.allow_code)
        if context.build is None:
            raise ModelError(
                f"{path} holds weights only: which network they belong to must be said.",
                todo="Name it, for example: --arch vgg16 --arch-opt batch_norm=true --data cifar10; "
                "or save the whole model: model.save('model.keras').",
            )
        with precision(context.dtype or stored_dtype(path)):
            model, table = open_weights(path, context.build)
        return Read(model, (_matched(table, context.arch),), table)


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

        return open_saved_model(path, input_shape=context.input_shape, allow_code=context.allow_code)


def _matched(table: WeightTable, arch: str) -> str:
    """The table of what went where, under a line that says how it was found."""
    how = f"The file's layer names are those of {arch}; weights of each layer:"
    if table.by == "order":
        how = f"The file's layer names are not {arch}'s; its layers were taken in order:"
    return "\n  ".join([how, *table.lines()])


ALL: tuple[Reader, ...] = (KerasArchive(), Hdf5(), SavedModel())
