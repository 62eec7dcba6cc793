"""The Python API: the same verbs, errors as exceptions, nothing heavy at import."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import snnctl
from fake_verbs import FakeVerbs
from snnctl.errors import PluginError, RecipeError, UsageError


def test_options_are_passed_and_the_result_returned(verbs: FakeVerbs) -> None:
    result = snnctl.train(arch="fc2", data="mnist-mini", epochs=3, arch_opt={"hidden": 20})
    assert result.metrics["accuracy"] == 0.5
    options = verbs.calls[0][1]
    assert (options.epochs, options.arch_opt) == (3, {"hidden": 20})
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("name", ["convert", "finetune", "evaluate"])
def test_a_model_may_be_a_path(verbs: FakeVerbs, name: str) -> None:
    Path("net.keras").write_bytes(b"PK")
    getattr(snnctl, name)(Path("net.keras"), data="mnist-mini", out="a/out")
    assert verbs.calls[0][1].model == "net.keras"
    record = json.loads(Path("a/out/run.json").read_text())
    assert record["command"] == [f"snnctl.{name}(...)"]
    assert Path("a/out/model.keras").exists() == (name != "evaluate")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, UsageError, "option 'arch' is required"),
        ({"arch": "fc2", "batch-size": 3}, UsageError, "did you mean 'batch_size'?"),
        ({"arch": "fc2", "epochs": "many"}, UsageError, "option 'epochs' is 'many'"),
        ({"arch": "fc2", "epochs": True}, UsageError, "option 'epochs' cannot be true"),
        ({"arch": "fc2", "epochs": 2.5}, UsageError, "option 'epochs' is 2.5"),
        ({"arch": "fc2", "lr": float("nan")}, UsageError, "option 'lr' is nan"),
        ({"arch": "fc2", "arch_opt": "hidden=3"}, UsageError, "option 'arch_opt' is 'hidden=3'"),
        ({"arch": "fc22"}, PluginError, "did you mean 'fc2'?"),
    ],
)
def test_mistakes_are_exceptions_of_ours(verbs, options, error, message):
    with pytest.raises(error) as caught:
        snnctl.train(**options)
    assert message in str(caught.value)
    assert verbs.calls == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"out": 3}, "out is 3, which is no path"),
        ({"out": ""}, "out is empty"),
        ({"overwrite": "x"}, "overwrite is 'x'"),
    ],
)
def test_where_results_go_is_checked_first(verbs: FakeVerbs, options: dict[str, Any], message: str) -> None:
    for name in ("train", "convert", "finetune", "evaluate", "export", "sweep", "run_recipe", "report"):
        with pytest.raises(UsageError) as caught:
            getattr(snnctl, name)(*(() if name == "train" else ("nowhere",)), **options)
        assert message in str(caught.value)
    assert (verbs.calls, list(Path().iterdir())) == ([], [])


def test_a_recipe_with_settings(verbs: FakeVerbs) -> None:
    Path("r.yaml").write_text("steps:\n- train: {arch: fc2, data: mnist-mini}\n- eval: {model: train}\n")
    outcome = snnctl.run_recipe("r.yaml", out="out", **{"train.epochs": 2, "train.arch_opt.hidden": 7})
    options = verbs.calls[0][1]
    assert (options.epochs, options.arch_opt) == (2, {"hidden": 7})
    assert verbs.calls[1][1].model == str(Path("out/train").resolve())
    assert outcome.folder == Path("out").resolve()
    with pytest.raises(RecipeError, match="no option 'epoch'"):
        snnctl.run_recipe("r.yaml", **{"train.epoch": 2})


def test_the_module_itself() -> None:
    assert snnctl.__version__[0].isdigit()
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        snnctl.nonsense  # noqa: B018


@pytest.mark.parametrize(
    ("environment", "expected"), [({}, ["on", "1", "snnctl"]), ({"TF_ENABLE_ONEDNN_OPTS": "0"}, ["off", "0", "user"])]
)
def test_onednn_is_on_unless_the_user_says_otherwise(environment: dict[str, str], expected: list[str]) -> None:
    others = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    code = "from snnctl.cli.doctor import onednn; import sys; print(*onednn().values(), 'tensorflow' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**others, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [*expected, "False"]
