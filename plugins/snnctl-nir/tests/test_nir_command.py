"""``snnctl export --to nir`` and what takes its file, on a trained network."""

from __future__ import annotations

from pathlib import Path

import pytest
from snnctl_nir.exporter import NirExporter
from snnctl_nir.reader import NirReader

import snnctl
from snnctl.testing import check_exporter, check_reader


@pytest.mark.long
@pytest.mark.parametrize("arch", ["lenet5", "resnet20"])
def test_a_file_is_measured_as_its_network_is(arch: str, tmp_path: Path) -> None:
    data = {"data": "mnist-mini", "limit": 200}
    snnctl.train(arch=arch, epochs=1, out=tmp_path / "relu", **data)
    snnctl.convert(tmp_path / "relu", out=tmp_path / "snn", **data)
    snnctl.export(tmp_path / "snn", to="nir", out=tmp_path / "nir")
    before = snnctl.evaluate(tmp_path / "snn", **data).metrics
    after = snnctl.evaluate(tmp_path / "nir" / "network.nir", **data).metrics
    assert after["layers"] == before["layers"]
    for figure in ("accuracy", "loss", "spikes_per_neuron", "latency", "synaptic_operations"):
        assert after[figure] == before[figure]


@pytest.mark.long
def test_they_conform(tmp_path: Path) -> None:
    check_exporter(NirExporter())
    check_reader(NirReader())
