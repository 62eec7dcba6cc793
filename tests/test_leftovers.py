"""What a process that was killed has left beside a run folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from snnctl import leftovers
from snnctl.errors import OutputError
from snnctl.leftovers import beside
from snnctl.runs import prepare_output

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is known of other processes there")

KILLED_WHILE_SWAPPING = """
import os, signal, sys
from pathlib import Path
from snnctl.runs import publish, staging_folder

out, rename = Path(sys.argv[1]), Path.rename

def killed(self, target):
    if ".partial-" in self.name:
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(self, target)

Path.rename = killed
with staging_folder(out) as staging:
    (staging / "run.json").write_text("new")
    publish(staging, out, overwrite=True)
"""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A run folder."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out/run.json").write_text("old")
    return tmp_path / "out"


def killed_at(out: Path) -> None:
    """A process that overwrites ``out`` dies between the two renames."""
    subprocess.run([sys.executable, "-c", KILLED_WHILE_SWAPPING, str(out)], check=False)
    assert not out.exists()


def names(out: Path) -> set[str]:
    """What lies beside ``out``, and itself."""
    return {path.name for path in out.parent.iterdir()}


def of_process(out: Path, purpose: str, tail: str) -> Path:
    """A folder of the process with that host and number, or number alone, made beside ``out``."""
    name = beside(out, purpose).name
    folder = out.with_name(name.removesuffix(f"-{os.getpid()}") + tail)
    folder.mkdir()
    (folder / "run.json").write_text(tail)
    return folder


def test_what_was_being_replaced_is_put_back_and_may_be_overwritten(out: Path) -> None:
    killed_at(out)
    assert len(names(out)) == 2
    with pytest.raises(OutputError, match="holds a complete run"):
        prepare_output(out)
    assert names(out) == {"out"}
    assert (out / "run.json").read_text() == "old"
    assert prepare_output(out, overwrite=True) == out
    killed_at(out)
    out.mkdir()
    (out / "run.json").write_text("newer")
    prepare_output(out, overwrite=True)
    assert (names(out), (out / "run.json").read_text()) == ({"out"}, "newer")


@pytest.mark.parametrize("tail", [f"-{os.getppid()}", "er-1", "-0", f"-{10**30}", "-", "-9x"])
def test_what_may_be_in_use_is_left_alone(tmp_path: Path, tail: str) -> None:
    out = tmp_path / "out"
    left = {of_process(out, purpose, tail).name for purpose in ("partial", "old")}
    prepare_output(out)
    assert names(out) == left


def test_links_and_the_folders_of_other_outputs_are_left_alone(out: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    other = of_process(out.with_name("out-2"), "partial", f"-{dead.pid}")
    link = out.with_name(beside(out, "old").name.replace(str(os.getpid()), str(dead.pid)))
    link.symlink_to(other)
    prepare_output(out, overwrite=True)
    assert names(out) == {"out", other.name, link.name}


def test_what_an_earlier_process_of_this_very_number_has_left_is_removed(out, monkeypatch):
    left = beside(out, "partial")
    left.mkdir()
    leftovers.clear_leftovers(out)
    assert left.exists()  # it may be at work here
    monkeypatch.setattr(leftovers, "BEGAN", left.stat().st_ctime_ns + 1)
    leftovers.clear_leftovers(out)
    assert not left.exists()
