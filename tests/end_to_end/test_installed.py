"""The installed command in a process of its own: a first run, Ctrl-C and kill, plugins, memory, and plain Keras."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from installed import COMMAND, SECONDS, Snnctl, chatter

import snnctl as api

ENDLESS = ("train", "--arch", "fc2", "--data", "mnist-mini", "--epochs", "100000", "--overwrite", "--out", "out")
SECONDS_TO_COMPILE = 5
SECONDS_TO_START = 2  # of about four
INTERRUPTED = "error: interrupted; nothing incomplete was left behind"


@pytest.fixture
def snnctl(tmp_path: Path) -> Snnctl:
    """The command in an empty folder, with an empty home and no network."""
    return Snnctl(tmp_path / "user")


def test_a_first_run(snnctl: Snnctl) -> None:
    small = ("--limit", "100", "--epochs", "1", "--xla", "off")
    done = snnctl("train", "--arch", "fc2", "--data", "mnist-mini", *small, "--out", "relu")
    assert done.err.splitlines()[0] == "training ..."
    assert "accuracy" in done.out
    assert done.out.endswith("written to relu\n")
    names = ("model.keras", "metrics.json", "history.csv", "run.json")
    assert snnctl.files() == {"work/relu", *(f"work/relu/{name}" for name in names)}
    record = json.loads((snnctl.cwd / "relu/run.json").read_text())
    assert record["command"][:2] == ["snnctl", "train"]
    assert {"name": "example", "package": "snnctl-example", "version": "0.1.0"} in record["plugins"]


ORDINARY = """
import sys
import keras, numpy as np
import snnctl.layers

snn = keras.saving.load_model(sys.argv[1])
images = np.random.default_rng(0).random((32, 28, 28, 1), dtype="float32")
labels = np.arange(32) % 10
before = snn.predict(images, verbose=0)
snn.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
history = snn.fit(images, labels, epochs=3, batch_size=8, verbose=0).history
after = snn.predict(images, verbose=0)
assert before.shape == after.shape == (32, 10)
assert np.isfinite(after).all() and not np.array_equal(before, after)
assert history["loss"][-1] < history["loss"][0]
snn.save(sys.argv[2])
again = keras.saving.load_model(sys.argv[2])
assert np.array_equal(again.predict(images, verbose=0), after)
"""


def test_keras_opens_and_trains_a_saved_network_in_a_python_that_knows_nothing_else(snn_run, tmp_path):
    arguments = [snn_run / "model.keras", tmp_path / "again.keras"]
    subprocess.run([sys.executable, "-c", ORDINARY, *arguments], check=True, cwd=tmp_path)


def test_a_start_that_is_interrupted(snnctl: Snnctl) -> None:
    with snnctl.start(*ENDLESS) as process:
        time.sleep(SECONDS_TO_START)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out, err) == (130, "", f"{INTERRUPTED}\n")
    assert not snnctl.files()


@pytest.mark.long
@pytest.mark.parametrize(("sent", "code", "said"), [(signal.SIGINT, 130, [INTERRUPTED]), (signal.SIGTERM, 143, [])])
def test_a_training_that_is_interrupted(snnctl: Snnctl, sent: signal.Signals, code: int, said: list[str]) -> None:
    (snnctl.cwd / "out").mkdir()
    (snnctl.cwd / "out" / "history.csv").touch()
    before = snnctl.files()
    with snnctl.start(*ENDLESS) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "training ...\n"
        time.sleep(SECONDS_TO_COMPILE)
        assert process.poll() is None
        process.send_signal(sent)
        out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == code
    assert (out, [line for line in err.splitlines() if not line.startswith("training: ")]) == ("", said)
    assert not chatter(err)
    assert snnctl.files() == before


@pytest.mark.long
def test_a_killed_sweep_goes_on_and_writes_the_same_file(snnctl: Snnctl, snn_run: Path, tmp_path: Path) -> None:
    options = {"limit": 60, "xla": "off", "repeats": 3, "noise": [0.05, 0.2]}
    flags = ["--limit", "60", "--xla", "off", "--repeats", "3", "--noise", "0.05,0.2", "--out", "out"]
    command = ("sweep", snn_run, *flags)
    kept, end = snnctl.cwd / "out.unfinished" / "rows.jsonl", time.monotonic() + SECONDS
    with snnctl.start(*command) as process:
        while not kept.exists() or kept.read_bytes().count(b"\n") < 3:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)
        process.kill()
    assert [path.name for path in snnctl.cwd.iterdir()] == ["out.unfinished"]
    assert "rows are there already" in snnctl(*command).err
    api.sweep(snn_run, **options, out=tmp_path / "whole")
    assert (snnctl.cwd / "out" / "sweep.csv").read_bytes() == (tmp_path / "whole" / "sweep.csv").read_bytes()


# Runs a command and prints the largest memory that it, or a child of it, had (KiB).
LARGEST = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


@pytest.mark.long
def test_two_gigabytes_in_less_than_one(relu_run: Path, tmp_path: Path) -> None:
    """The file is sparse; memory is that of the command and its children, TensorFlow included."""
    large = np.lib.format.open_memmap(tmp_path / "large.npy", "w+", np.uint8, (2_600_000, 28, 28, 1))
    large[::100_000] = 200
    del large
    options = ("--calibrate", "large.npy", "--calibration-images", "100000", "--batch-size", "512")
    command = [sys.executable, "-c", LARGEST, COMMAND, "convert", relu_run / "model.keras", *options]
    done = subprocess.run(list(map(str, command)), cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True)
    assert int(done.stdout) < 1_000_000
