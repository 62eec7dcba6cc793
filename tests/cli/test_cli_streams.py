"""The command in a process of its own: quick to start, with streams that are closed or full, and Ctrl-C at once."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import fake_package
from snnctl.cli.streams import result_kept_in
from snnctl.errors import OutputError

COMMAND = Path(sys.executable).with_name("snnctl")
RECIPES = Path(__file__).parents[2] / "recipes"
CLOSED, FULL = (
    "error: cannot write to stdout: it is closed\n",
    "error: cannot write to stdout: No space left on device\n",
)
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("SNNCTL data list >&-", 8, CLOSED),
        pytest.param("SNNCTL plugins list --json >/dev/full", 8, FULL, marks=needs_full),
        pytest.param("SNNCTL --version >/dev/full", 8, FULL, marks=needs_full),
        ("SNNCTL data show minst 2>&-", 7, ""),
        pytest.param("SNNCTL data list 2>/dev/full | grep -q mnist-mini", 0, "", marks=needs_full),
        ("SNNCTL data list <&- >&- 2>&-", 8, ""),
        ("PYTHONWARNINGS=error SNNCTL data list --json", 0, ""),
        ("SNNCTL data list | head -c 1; test ${PIPESTATUS[0]} -eq 0 -o ${PIPESTATUS[0]} -eq 141", 0, ""),
    ],
)
def test_streams_that_cannot_be_written(line: str, code: int, said: str) -> None:
    done = subprocess.run(["bash", "-c", line.replace("SNNCTL", str(COMMAND))], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (code, said)


def test_what_plugins_write_below_python_is_not_in_the_result(tmp_path: Path) -> None:
    chatty = "import os\nos.write(1, b'to one')\nos.write(2, b'to two')\nprint('to stdout')\n"
    fake_package.install(tmp_path, "chatty", chatty + textwrap.dedent(fake_package.GOOD))
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    command = [COMMAND, "plugins", "list", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    assert "chatty" in {plugin["package"] for plugin in json.loads(done.stdout)["plugins"]}
    assert "to one" in done.stderr
    assert "to stdout" in done.stderr
    assert "to two" not in done.stderr


@pytest.mark.parametrize("moment", [0.005, 0.1])
def test_ctrl_c_in_the_first_moments(moment: float) -> None:
    """The moments are counted from the start of ``main``: before it, Python itself is starting."""
    code = "from snnctl.cli import main; print(1, flush=True); main(['doctor'])"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(moment)
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"error: interrupted; nothing incomplete was left behind\n")


def test_the_message_says_where_the_result_is() -> None:
    with pytest.raises(OutputError) as caught, result_kept_in(Path("runs/one")):
        raise OutputError("cannot write to stdout")
    assert caught.value.todo == "the result is in runs/one"
