"""What the built-in data sets with files share: look in the usual places, else download."""

from __future__ import annotations

from pathlib import Path

from snnctl.data.dataset import DataContext, Dataset, Samples
from snnctl.data.fetch import RemoteFile, download
from snnctl.data.fingerprint import stat_of
from snnctl.data.layouts import Layout
from snnctl.data.locate import DATA_DIR, Found, Place, download_folder, locate, places
from snnctl.data.missing import missing
from snnctl.errors import DataError


class FileDataset(Dataset):
    """A data set whose files are looked for on this machine and can be downloaded.

    Attributes:
        layouts: the ways in which its files can lie in a folder, the preferred one first.
        remote: the files to download; together they make up one of the layouts.
        system_folders: where packages of the operating system install it.
    """

    layouts: tuple[Layout, ...] = ()
    remote: tuple[RemoteFile, ...] = ()
    system_folders: tuple[Path, ...] = ()

    def load(self, split: str, context: DataContext) -> Samples:
        """All samples of ``split``, from the first place that has the files; downloads them if there is none."""
        found = self._provide(context)
        if context.data_dir is not None and found.place.origin != DATA_DIR:
            context.reporter.note(f"{self.name} is not in {context.data_dir}; it is read from {found.path}.")
        return found.layout.read(found.path, split)

    def where(self, context: DataContext) -> str | None:
        """The folder or file it would be read from, or None."""
        found = self._locate(self._places(context))
        return str(found.path) if found else None

    def fingerprint(self, context: DataContext) -> str | None:
        """Names, sizes and times of change of the files beside each other; folders below them hold other data."""
        found = self._locate(self._places(context))
        return stat_of(found.path) if found else None

    def fetch(self, context: DataContext) -> str:
        """Download the files unless they are on this machine already; returns where they are."""
        return str(self._provide(context).path)

    def _provide(self, context: DataContext) -> Found:
        searched = self._places(context)
        return self._locate(searched) or self._download(context, searched)

    def _download(self, context: DataContext, searched: tuple[Place, ...]) -> Found:
        if not context.download:
            addresses = ", ".join(file.url for file in self.remote)
            raise missing(self.name, f"Downloading is switched off ({addresses}).", self.layouts, searched)
        try:
            download(self.remote, download_folder(self.name, context.data_dir), context.reporter)
        except DataError as error:
            raise missing(self.name, error.what, self.layouts, searched) from error
        found = self._locate(searched)
        if found is None:
            raise missing(self.name, "The downloaded files have disappeared.", self.layouts, searched)
        return found

    def _places(self, context: DataContext) -> tuple[Place, ...]:
        return places(context.data_dir, self.system_folders)

    def _locate(self, searched: tuple[Place, ...]) -> Found | None:
        return locate(self.name, self.layouts, searched)
