"""The first example of docs/events.md: a file and an array are enough, without TensorFlow."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from event_networks import case

from snnctl.events import Coding, simulate, write_network

PAGE = Path(__file__).parents[2] / "docs" / "events.md"


def test_a_network_file_and_an_array_are_simulated_without_tensorflow(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```py\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    made = case(3)
    network, images = replace(made.network, coding=Coding(0.0, 1.0)), np.abs(made.inputs)
    write_network(tmp_path / "network.npz", network)
    np.save(tmp_path / "images.npy", images)
    (batch,) = simulate(network, images)
    without = "import sys\nassert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    (tmp_path / "example.py").write_text(f"{example}\n{without}", encoding="utf-8")
    done = subprocess.run([sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"predictions: {batch.logits[0].argmax(axis=1)}" in done.stdout
    assert f"in spikes an image: {np.isfinite(batch.times['in']).sum() / len(images)}" in done.stdout
