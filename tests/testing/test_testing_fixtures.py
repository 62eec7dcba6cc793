"""The fixtures that come with snnctl, and the whole test of a plugin in three lines."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnctl.errors import PluginError, UsageError
from snnctl.testing import check_plugin
from snnctl.testing.lookup import find_plugin


def test_the_networks_compute_the_same(tiny_relu: Any, tiny_snn: Any, tiny_samples: Any) -> None:
    expected = tiny_relu.predict(tiny_samples.inputs, verbose=0)
    np.testing.assert_allclose(tiny_snn.predict(tiny_samples.inputs, verbose=0), expected, atol=1e-5)
    assert np.ptp(expected) > 0.01


def test_the_command_runs_in_a_folder_of_its_own(run_snnctl: Callable[..., Any], tmp_path: Path) -> None:
    assert run_snnctl("plugins", "list", "--json").json()["plugins"][0]["name"] == "builtin"
    run_snnctl("plugins", "new", "mine-of-tests", "--kind", "dataset")
    assert (tmp_path / "mine-of-tests").is_dir()
    refused = run_snnctl("data", "show", "nothing", code=7)
    assert "no data set called 'nothing'" in refused.stderr
    with pytest.raises(pytest.fail.Exception, match="no data set called 'nothing'"):
        run_snnctl("data", "show", "nothing")


def test_a_plugin_is_found_by_its_names(snnctl_registry: Any) -> None:
    for name in ("example", "snnctl-example", "snnctl-example:example", "bars", "snnctl-example:bars"):
        assert find_plugin(name, snnctl_registry).package == "snnctl-example"
    with pytest.raises(PluginError, match="no plugin called 'exampel'") as missing:
        check_plugin("exampel")
    assert "did you mean 'example'?" in missing.value.todo
    with pytest.raises(UsageError, match="nothing of plugin 'example' has an option 'filtres'") as unknown:
        check_plugin("example", filtres=3)
    assert unknown.value.todo == "did you mean 'filters'?"


@pytest.mark.long
def test_the_example_plugin_conforms() -> None:
    subjects = {finding.subject for finding in check_plugin("example")}
    assert subjects == {"package", "data set 'bars'", "architecture 'allconv'", "metric 'silent'"}
