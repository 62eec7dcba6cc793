from __future__ import annotations

import contextlib
import gzip
import hashlib
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pooch
import pytest
from data_files import idx_bytes, images, labels, write_mnist

from snnctl.builtin.datasets import ALL
from snnctl.builtin.datasets.base import FileDataset
from snnctl.builtin.datasets.mnist import Mnist
from snnctl.data import fetch
from snnctl.data.dataset import DataContext
from snnctl.data.fetch import RemoteFile, download
from snnctl.data.locate import user_cache
from snnctl.errors import DataError
from snnctl.progress import SilentReporter

FILE_DATASETS = [dataset for dataset in ALL if isinstance(dataset, FileDataset)]


class Counting:
    """A reporter that remembers what each task was told."""

    def __init__(self) -> None:
        self.tasks: dict[str, tuple[int, int]] = {}

    @contextmanager
    def task(self, description: str, total: int) -> Iterator[Counting]:
        self._current = description
        self.tasks[description] = (total, 0)
        yield self

    def advance(self, steps: int = 1, **figures: float) -> None:
        total, done = self.tasks[self._current]
        self.tasks[self._current] = (total, done + steps)

    def note(self, message: str) -> None: ...

    def warn(self, message: str) -> None: ...


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
def test_a_file_arrives_whole_and_is_reported(site: tuple[Path, str], tmp_path: Path, kind: str) -> None:
    content = bytes(range(256)) * 1000
    reporter = Counting()
    download([publish(site, "file.gz", content, kind=kind)], tmp_path / "new" / "folder", reporter)
    assert (tmp_path / "new" / "folder" / "file.gz").read_bytes() == content
    assert reporter.tasks == {"Download file.gz": (256_000, 256_000)}


def test_a_wrong_checksum_leaves_nothing_behind(site: tuple[Path, str], tmp_path: Path) -> None:
    file = publish(site, "file.gz", b"right")
    publish(site, "file.gz", b"wrong")
    with pytest.raises(DataError, match="wrong checksum"):
        download([file], tmp_path / "target", SilentReporter())
    assert not (tmp_path / "target").exists()


def test_a_broken_connection_leaves_nothing_behind(tmp_path: Path) -> None:
    server = socket.create_server(("127.0.0.1", 0))

    def answer_in_part() -> None:
        with server.accept()[0] as connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")

    thread = threading.Thread(target=answer_in_part)
    thread.start()
    file = RemoteFile(f"http://127.0.0.1:{server.getsockname()[1]}/file.gz", "md5:" + "0" * 32, 1000)
    with pytest.raises(DataError, match=r"file\.gz could not be downloaded"):
        download([file], tmp_path / "target", SilentReporter())
    thread.join()
    server.close()
    assert not (tmp_path / "target").exists()


def test_a_server_that_does_not_answer_is_given_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fetch.CONNECT_SECONDS <= 10
    assert fetch.READ_SECONDS <= 10
    monkeypatch.setattr(fetch, "READ_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        file = RemoteFile(f"http://127.0.0.1:{server.getsockname()[1]}/file.gz", "md5:" + "0" * 32, 1)
        started = time.monotonic()
        with pytest.raises(DataError, match=r"127\.0\.0\.1 does not answer"):
            download([file], tmp_path, SilentReporter())
        assert time.monotonic() - started < 5


def test_a_missing_page_is_reported_with_its_status(site: tuple[Path, str], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="status 404"):
        download([RemoteFile(f"{site[1]}/nothing", "md5:" + "0" * 32, 1)], tmp_path, SilentReporter())


def test_a_folder_that_cannot_be_written_is_reported(site: tuple[Path, str], tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file where the folder should be")
    with pytest.raises(DataError, match="cannot be written to"):
        download([publish(site, "file.gz", b"x")], tmp_path / "occupied", SilentReporter())


def test_files_that_are_there_are_left_alone(site: tuple[Path, str], tmp_path: Path) -> None:
    (tmp_path / "file.gz").write_bytes(b"the user's own")
    download([publish(site, "file.gz", b"the publisher's")], tmp_path, SilentReporter())
    assert (tmp_path / "file.gz").read_bytes() == b"the user's own"


def test_downloading_is_silent(
    site: tuple[Path, str], tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    logger = pooch.get_logger()
    logger.setLevel(logging.INFO)
    logger.addHandler(caplog.handler)
    download([publish(site, "file.gz", b"x")], tmp_path, SilentReporter())
    logger.removeHandler(caplog.handler)
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


@pytest.mark.parametrize("given", [False, True])
def test_a_data_set_is_fetched_once_and_then_read(
    bare_machine: Path, site: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: bool
) -> None:
    remote = []
    for prefix, count in (("train", 7), ("t10k", 3)):
        for kind, array in (("images-idx3", images(count)), ("labels-idx1", labels(count))):
            remote.append(publish(site, f"{prefix}-{kind}-ubyte.gz", gzip.compress(idx_bytes(array))))
    monkeypatch.setattr(Mnist, "remote", tuple(remote))
    context = DataContext(tmp_path / "given" if given else None)
    target = (tmp_path / "given" if given else user_cache()) / "mnist"
    assert Mnist().where(context) is None
    assert Mnist().fetch(context) == str(target)
    monkeypatch.setattr(Mnist, "remote", ())
    assert Mnist().fetch(context) == str(target)
    assert len(Mnist().load("train", context)) == 7


@pytest.mark.parametrize("dataset", FILE_DATASETS, ids=lambda dataset: dataset.name)
@pytest.mark.parametrize("verb", ["load", "fetch"])
def test_without_files_and_network_the_error_says_everything(
    bare_machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dataset: FileDataset, verb: str
) -> None:
    monkeypatch.setenv("SNNCTL_DATA", str(tmp_path / "named"))
    context = DataContext(tmp_path / "given")
    started = time.monotonic()
    with pytest.raises(DataError) as caught:
        dataset.load("train", context) if verb == "load" else dataset.fetch(context)
    assert time.monotonic() - started < 5
    text = str(caught.value)
    assert len(text.splitlines()) <= 3
    for wanted in (
        dataset.name,
        dataset.remote[0].url,
        f"{tmp_path / 'given'} (--data-dir)",
        f"{tmp_path / 'named'} (SNNCTL_DATA)",
        str(user_cache()),
        str(bare_machine / ".keras" / "datasets"),
        *(str(folder) for folder in dataset.system_folders),
        *(layout.expects for layout in dataset.layouts),
        "--data mnist-mini",
    ):
        assert wanted in text


def test_the_expected_names_are_the_names_found(bare_machine: Path, tmp_path: Path) -> None:
    write_mnist(tmp_path)
    for file in tmp_path.glob("*-ubyte"):
        assert file.name in Mnist.layouts[0].expects


def test_nothing_is_downloaded_when_that_is_switched_off(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def must_not_happen(*_: object) -> None:
        raise AssertionError("downloaded")

    monkeypatch.setattr("snnctl.builtin.datasets.base.download", must_not_happen)
    with pytest.raises(DataError, match="Downloading is switched off"):
        Mnist().fetch(DataContext(download=False))


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


def test_importing_the_data_sets_loads_nothing_heavy() -> None:
    code = "import sys, snnctl.builtin.datasets; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(result.stdout.split())
    assert "snnctl.builtin.datasets.mnist" in modules
    assert not modules & {"pooch", "requests", "tensorflow", "keras", "h5py", "rich", "typer"}


def test_an_interrupted_download_leaves_nothing_behind(
    site: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupting(Counting):
        def advance(self, steps: int = 1, **figures: float) -> None:
            raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        download([publish(site, "file.gz", bytes(100_000))], tmp_path / "target", Interrupting())
    assert not (tmp_path / "target").exists()
