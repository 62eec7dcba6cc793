"""Where the files of data sets are looked for, and how they are downloaded."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from data_files import cifar10_files, idx_bytes, images, labels, write_files, write_mnist

from snnctl.builtin.datasets import ALL
from snnctl.builtin.datasets.base import FileDataset
from snnctl.builtin.datasets.cifar10 import Cifar10
from snnctl.builtin.datasets.fashion_mnist import FashionMnist
from snnctl.builtin.datasets.mnist import Mnist
from snnctl.data import fetch
from snnctl.data.dataset import DataContext
from snnctl.data.fetch import RemoteFile, download
from snnctl.data.locate import places, user_cache
from snnctl.errors import DataError
from snnctl.progress import SilentReporter

FILE_DATASETS = [dataset for dataset in ALL if isinstance(dataset, FileDataset)]
SYSTEM_FOLDERS = FashionMnist.system_folders


class Remembering(SilentReporter):
    """Remembers notes, and of each task its total and the steps done."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.tasks: dict[str, tuple[int, int]] = {}

    def note(self, message: str) -> None:
        self.notes.append(message)

    @contextmanager
    def task(self, description: str, total: int) -> Iterator[Remembering]:  # type: ignore[override]
        self._current = description
        self.tasks[description] = (total, 0)
        yield self

    def advance(self, steps: int = 1, **figures: float) -> None:
        total, done = self.tasks[self._current]
        self.tasks[self._current] = (total, done + steps)


def test_the_places_come_in_order_and_each_shadows_the_next(bare_machine, tmp_path, monkeypatch):
    monkeypatch.setenv("SNNCTL_DATA", str(tmp_path / "named"))
    context = DataContext(tmp_path / "chosen", download=False)
    expected = [
        tmp_path / "chosen" / "fashion-mnist",
        tmp_path / "chosen",
        tmp_path / "named" / "fashion-mnist",
        user_cache() / "fashion-mnist",
        bare_machine / ".keras" / "datasets" / "fashion-mnist",
        tmp_path / "system",
    ]
    for seed, folder in enumerate(expected):
        write_mnist(folder, seed=seed)
    for seed, folder in enumerate(expected):
        assert FashionMnist().where(context) == str(folder)
        np.testing.assert_array_equal(FashionMnist().load("train", context).inputs[..., 0], images(7, seed))
        for file in [path for path in folder.iterdir() if path.is_file()]:
            file.unlink()
    assert FashionMnist().where(context) is None
    assert [str(folder) for folder in SYSTEM_FOLDERS] == ["/usr/share/datasets/fashion-mnist"], "of Debian"


def test_places_that_are_unset_and_folders_that_are_spelt(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (None, ""):
        if value is not None:
            monkeypatch.setenv("SNNCTL_DATA", value)
        assert [place.origin for place in places(None)] == ["user cache", "Keras cache"]
    monkeypatch.setenv("SNNCTL_DATA", "~/named")
    assert [place.folder for place in places(Path("~/chosen"))][:2] == [bare_machine / "chosen", bare_machine / "named"]
    assert user_cache().is_relative_to(bare_machine)


def test_folders_that_do_not_count(bare_machine: Path, tmp_path: Path) -> None:
    write_mnist(tmp_path / "mnist")
    assert Mnist().where(DataContext(tmp_path / "mnist")) == str(tmp_path / "mnist")
    assert FashionMnist().where(DataContext(tmp_path / "mnist")) is None, "MNIST is never taken for Fashion-MNIST"
    (tmp_path / "mnist" / "t10k-labels-idx1-ubyte").unlink()
    assert Mnist().where(DataContext(tmp_path)) is None, "it is incomplete"


@pytest.mark.parametrize(
    "folder",
    ["cifar-10-batches-py", "cifar10/cifar-10-batches-py", "cifar-10-batches-py-target/cifar-10-batches-py", ""],
)
def test_cifar_folders(bare_machine: Path, tmp_path: Path, folder: str) -> None:
    write_files(tmp_path / folder, cifar10_files())
    assert Cifar10().where(DataContext(tmp_path)) == str(tmp_path / folder)


def test_a_note_says_when_the_chosen_folder_did_not_have_the_files(bare_machine: Path, tmp_path: Path) -> None:
    write_mnist(user_cache() / "mnist")
    reporter = Remembering()
    Mnist().load("test", DataContext(tmp_path / "chosen", reporter=reporter))
    cache = bare_machine / ".cache" / "snnctl" / "mnist"
    assert reporter.notes == [f"mnist is not in {tmp_path / 'chosen'}; it is read from {cache}."]
    write_mnist(tmp_path / "chosen")
    Mnist().load("test", DataContext(tmp_path / "chosen", reporter=reporter))
    assert len(reporter.notes) == 1


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A web server on this machine: its folder and address."""
    folder = tmp_path / "site"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def publish(site: tuple[Path, str], name: str, content: bytes, *, kind: str = "sha256") -> RemoteFile:
    folder, address = site
    (folder / name).write_bytes(content)
    return RemoteFile(f"{address}/{name}", f"{kind}:{hashlib.new(kind, content).hexdigest()}", len(content))


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_a_file_arrives_whole_reported_and_in_silence(site, tmp_path, capfd, kind):
    content, reporter = bytes(range(256)) * 1000, Remembering()
    file, target = publish(site, "file.gz", content, kind=kind), tmp_path / "new" / "folder"
    download([file], target, reporter)
    assert (target / "file.gz").read_bytes() == content
    assert reporter.tasks == {"Download file.gz": (256_000, 256_000)}
    assert capfd.readouterr() == ("", "")
    (target / "file.gz").write_bytes(b"the user's own")
    download([file], target, reporter)
    assert (target / "file.gz").read_bytes() == b"the user's own"


def test_failures_are_told_and_leave_nothing_behind(site: tuple[Path, str], tmp_path: Path) -> None:
    class Interrupting(Remembering):
        def advance(self, steps: int = 1, **figures: float) -> None:
            raise KeyboardInterrupt

    target = tmp_path / "target"
    right = publish(site, "file.gz", bytes(100_000))
    with contextlib.suppress(KeyboardInterrupt):
        download([right], target, Interrupting())
    assert not target.exists()
    with pytest.raises(DataError, match="status 404"):
        download([RemoteFile(f"{site[1]}/nothing", "md5:" + "0" * 32, 1)], target, SilentReporter())
    publish(site, "file.gz", b"wrong")
    with pytest.raises(DataError, match="wrong checksum"):
        download([right], target, SilentReporter())
    assert not target.exists()
    target.write_text("a file where the folder should be")
    with pytest.raises(DataError, match="cannot be written to"):
        download([right], target, SilentReporter())


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", r"file\.gz could not be downloaded"),
        (None, r"127\.0\.0\.1 does not answer"),
    ],
    ids=["broken connection", "no answer"],
)
def test_servers_that_do_not_serve(tmp_path, monkeypatch, answer, message):
    assert max(fetch.CONNECT_SECONDS, fetch.READ_SECONDS) <= 10
    monkeypatch.setattr(fetch, "READ_SECONDS", 0.2)

    def answer_in_part(server: socket.socket) -> None:
        with server.accept()[0] as connection:
            connection.recv(4096)
            connection.sendall(answer or b"")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer_in_part, args=(server,))
        if answer:
            thread.start()
        file = RemoteFile(f"http://127.0.0.1:{server.getsockname()[1]}/file.gz", "md5:" + "0" * 32, 1000)
        with pytest.raises(DataError, match=message):
            download([file], tmp_path / "target", SilentReporter())
        if answer:
            thread.join()
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("chosen", [False, True])
def test_a_data_set_is_fetched_once_and_then_read(bare_machine, site, tmp_path, monkeypatch, chosen):
    remote = []
    for prefix, count in (("train", 7), ("t10k", 3)):
        for kind, array in (("images-idx3", images(count)), ("labels-idx1", labels(count))):
            remote.append(publish(site, f"{prefix}-{kind}-ubyte.gz", gzip.compress(idx_bytes(array))))
    monkeypatch.setattr(Mnist, "remote", tuple(remote))
    context = DataContext(tmp_path / "chosen" if chosen else None)
    target = (tmp_path / "chosen" if chosen else user_cache()) / "mnist"
    assert Mnist().where(context) is None
    with pytest.raises(DataError, match="Downloading is switched off"):
        Mnist().fetch(DataContext(context.data_dir, download=False))
    assert Mnist().fetch(context) == str(target)
    shutil.rmtree(site[0])
    assert Mnist().fetch(context) == str(target)
    assert len(Mnist().load("train", context)) == 7


@pytest.mark.parametrize("dataset", FILE_DATASETS, ids=lambda dataset: dataset.name)
def test_without_files_and_network_the_error_says_everything(bare_machine, tmp_path, monkeypatch, dataset):
    monkeypatch.setenv("SNNCTL_DATA", str(tmp_path / "named"))
    with pytest.raises(DataError) as caught:
        dataset.load("train", DataContext(tmp_path / "chosen"))
    text = str(caught.value)
    assert len(text.splitlines()) <= 3
    for words in (
        dataset.name,
        dataset.remote[0].url,
        f"{tmp_path / 'chosen'} (--data-dir)",
        f"{tmp_path / 'named'} (SNNCTL_DATA)",
        str(user_cache()),
        str(bare_machine / ".keras" / "datasets"),
        *(str(folder) for folder in dataset.system_folders),
        *(layout.expects for layout in dataset.layouts),
        "--data mnist-mini",
    ):
        assert words in text


def test_every_remote_file_is_one_its_data_set_finds(bare_machine: Path, tmp_path: Path) -> None:
    for dataset in FILE_DATASETS:
        folder = tmp_path / dataset.name
        folder.mkdir()
        for file in dataset.remote:
            assert dataset.where(DataContext(tmp_path)) is None
            assert file.checksum.startswith("sha256:")
            assert len(file.checksum) == len("sha256:") + 64
            (folder / file.name).touch()
        assert dataset.where(DataContext(tmp_path)) is not None
