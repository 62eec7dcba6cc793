"""What a plugin does wrong is one message that names package and hook, and the rest of snnctl works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fake_package
from snnctl.errors import PluginError, SnnctlError
from snnctl.plugins import PluginProblem, Registry, load_registry
from snnctl.plugins.kinds import KINDS

COMMAND = Path(sys.executable).with_name("snnctl")
THINGS = """
    from snnctl import plugins as p
    from snnctl.plugins import hookimpl

    class Data(p.Dataset):
        name, summary, input_shape, classes = "twin", "", (2,), 2
        def load(self, split, context): ...

    class Net(p.Architecture):
        name, summary = "twin", ""
        def build(self, input_shape, classes): ...

    class Neuron(p.NeuronModel):
        name, summary = "twin", ""

    class Limit(p.HardwareConstraint):
        name, summary = "twin", ""
        def weights(self, J): return J

    class Format(p.Exporter):
        name, summary = "twin", ""
        def export(self, network, context): ...

    class Files(p.Reader):
        name, summary, suffixes = "twin", "", (".twin",)
        def read(self, path, context): ...

    class Watch(p.TrainingCallback):
        name, summary = "twin", ""
        def make(self, context): ...

    MADE = {
        "datasets": Data(),
        "architectures": Net(),
        "neuron_models": Neuron(),
        "constraints": Limit,
        "exporters": Format(),
        "readers": Files(),
        "callbacks": Watch(),
        "steps": p.Verb("twin", "", "somewhere:Options", "somewhere:function"),
        "commands": p.Command("twin", "", "somewhere:function"),
    }
"""
OWN = {
    "datasets": "mnist",
    "architectures": "fc2",
    "neuron_models": "alpha1",
    "constraints": "noise",
    "exporters": "npz",
    "readers": "keras",
    "callbacks": "early-stopping",
    "steps": "train",
    "commands": "doctor",
}
LATE = ("layer_rules", "metrics")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for packages, all of whose modules begin with ``pp_`` and are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for module in [name for name in sys.modules if name.startswith("pp_")]:
        del sys.modules[module]


def hook(key: str, body: str) -> str:
    """A module whose hook for ``key`` has this body."""
    return f"{THINGS}\n    @hookimpl\n    def register_{key}(register):\n        {body}\n"


def problems(registry: Registry) -> list[PluginProblem]:
    """Those of the packages under test."""
    return [problem for problem in registry.problems if problem.package.startswith("pp-")]


def everything(registry: Registry) -> Registry:
    """The registry, all of whose late hooks have been called."""
    registry.layer_rules()
    registry.metrics()
    return registry


def run(site: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The installed command, which sees the packages."""
    given = {**os.environ, "PYTHONPATH": str(site), "COLUMNS": "200", **environment}
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, env=given, timeout=120, check=False)


@pytest.mark.parametrize("key", [*KINDS, *LATE])
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ValueError('no luck')", "ValueError: no luck"),
        ("raise SystemExit(3)", "SystemExit"),
        ("raise type('Odd', (BaseException,), {})('boo')", "Odd: boo"),
        ("hook = lambda: hook(); hook()", "RecursionError"),
        ("register(object())", ""),
    ],
    ids=["raises", "exits", "base-exception", "recursion", "wrong-type"],
)
def test_a_hook_of_any_kind_that_fails_is_named(site: Path, key: str, body: str, message: str) -> None:
    fake_package.install(site, "pp_broken", hook(key, body))
    fake_package.install(site, "pp_good", hook("datasets", "register(MADE['datasets'])"))
    registry = load_registry()
    if key in LATE:
        everything(registry)
    [problem] = problems(registry)
    assert str(problem).startswith("plugin pp-broken (pp-broken): ")
    assert f"register_{key}" in str(problem)
    assert message in str(problem)
    assert "\n" not in str(problem)
    assert {"twin", "mnist-mini"} <= registry.datasets.keys()


RECURSIVE = """
    from snnctl.plugins import Dataset, hookimpl

    class Odd(Dataset):
        name, summary, input_shape = "odd", "", (2,)
        def __getattribute__(self, name):
            if name in ("classes", "class_names"):
                return getattr(self, name)
            return super().__getattribute__(name)
        def load(self, split, context): ...

    @hookimpl
    def register_datasets(register):
        register(Odd())
"""


def test_attributes_that_never_end(site: Path) -> None:
    fake_package.install(site, "pp_recursive", RECURSIVE)
    [problem] = problems(load_registry())
    assert "register_datasets" in str(problem)
    assert "RecursionError" in str(problem)


@pytest.mark.parametrize("key", KINDS)
def test_a_name_that_two_packages_claim_is_nobodys_without_the_package(site: Path, key: str) -> None:
    for module in ("pp_one", "pp_two"):
        fake_package.install(site, module, hook(key, f"register(MADE[{key!r}])"))
    registry = load_registry()
    with pytest.raises(PluginError, match=r"two packages have an? .*'twin': pp-one and pp-two") as caught:
        registry.find(key, "twin")
    assert caught.value.todo == "write pp-one:twin or pp-two:twin"
    for package, module in (("pp-one", "pp_one"), ("pp-two", "pp_two")):
        assert registry.find(key, f"{package}:twin") is sys.modules[module].MADE[key]
        assert registry.owner(key, f"{package}:twin") == package
    assert "twin" not in registry.all(key)
    assert {"pp-one:twin", "pp-two:twin"} <= registry.all(key).keys()
    [problem] = problems(registry)
    assert (problem.package, problem.hook) == ("pp-two", f"register_{key}")
    assert "pp-one" in str(problem)


@pytest.mark.parametrize("key", KINDS)
def test_a_name_of_snnctls_own_stays_its_own(site: Path, key: str) -> None:
    body = {
        "steps": f"register(p.Verb({OWN[key]!r}, '', 'somewhere:Options', 'somewhere:function'))",
        "commands": f"register(p.Command({OWN[key]!r}, '', 'somewhere:function'))",
    }.get(key, f"thing = MADE[{key!r}]; thing.name = {OWN[key]!r}; register(thing)")
    fake_package.install(site, "pp_thief", hook(key, body))
    registry = load_registry()
    assert registry.owner(key, OWN[key]) == "snnctl"
    assert registry.owner(key, f"pp-thief:{OWN[key]}") == "pp-thief"
    [problem] = problems(registry)
    assert f"is already provided by snnctl; write pp-thief:{OWN[key]} for this one" in problem.message
    assert str(problem).startswith(f"plugin pp-thief (pp-thief): register_{key}: ")


def test_a_step_and_a_command_share_the_command_line(site: Path) -> None:
    fake_package.install(site, "pp_one", hook("steps", "register(MADE['steps'])"))
    fake_package.install(site, "pp_two", hook("commands", "register(MADE['commands'])"))
    [problem] = problems(load_registry())
    assert str(problem).startswith("plugin pp-two (pp-two): register_commands: command 'twin' is provided by pp-one")


@pytest.mark.parametrize(
    ("key", "body", "message"),
    [
        ("datasets", "register(Data)", "registers the class Data; register an instance of it"),
        ("datasets", "register(Net())", "registers Net"),
        ("architectures", "register(Data())", "registers Data"),
        ("layer_rules", "register('Dense', print)", "registers a layer rule for str 'Dense', which is no class"),
        ("metrics", "register(Data)", "which is no subclass of Metric"),
        ("neuron_models", "register(Neuron)", "registers the class Neuron; register an instance of it"),
        ("constraints", "register(Limit())", "registers an instance of Limit; register the class"),
        ("exporters", "register(Files())", "registers Files"),
        ("readers", "Files.suffixes = 'twin'; register(Files())", "suffixes = 'twin'"),
        ("callbacks", "register(print)", "registers builtin_function_or_method"),
        ("steps", "register(MADE['commands'])", "registers Command"),
        ("steps", "register(p.Verb('twin', '', 'nowhere', 'nowhere'))", "options_path = 'nowhere'"),
        ("commands", "register(MADE['steps'])", "registers Verb"),
    ],
)
def test_what_is_of_the_wrong_type_is_refused(site: Path, key: str, body: str, message: str) -> None:
    fake_package.install(site, "pp_wrong", hook(key, body))
    registry = load_registry()
    if key in LATE:
        everything(registry)
    [problem] = problems(registry)
    assert str(problem).startswith("plugin pp-wrong (pp-wrong): ")
    assert f"register_{key}" in str(problem)
    assert message in problem.message


AT_WORK = """
    import numpy as np
    from snnctl.plugins import Architecture, Dataset, Samples, hookimpl

    print("a word to nobody")

    class Odd(Dataset):
        summary, input_shape, classes, raw_range = "", (4,), 2, (0.0, 1.0)
        def __init__(self, name, made):
            self.name, self.made = name, made
        def load(self, split, context):
            return self.made()

    def fail():
        raise RuntimeError("the cable is loose")

    def leave():
        raise SystemExit(0)

    @hookimpl
    def register_datasets(register):
        register(Odd("raises", fail))
        register(Odd("leaves", leave))
        register(Odd("labels", lambda: Samples(np.zeros((3, 4)), np.array([0, 1, 2]))))
        register(Odd("nothing", lambda: None))
"""


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        ("raises", 7, ("pp_work", "load failed for the train split: RuntimeError: the cable is loose")),
        ("leaves", 7, ("pp_work", "load failed for the train split: SystemExit")),
        ("labels", 4, ("Sample 2 has label 2, outside 0..1", "train split")),
        ("nothing", 4, ("returned a NoneType instead of Samples", "train split")),
    ],
)
def test_a_data_set_that_fails_when_it_is_loaded(site: Path, data: str, code: int, words: tuple[str, ...]) -> None:
    from snnctl.verbs.options import DataOptions
    from snnctl.verbs.result import Run
    from snnctl.verbs.samples import data_or_default, data_source

    fake_package.install(site, "pp_work", AT_WORK)
    options = DataOptions.model_validate({"data": data})
    source = data_source(options, Run(load_registry()), data_or_default(options), None, "float32")
    with pytest.raises(SnnctlError) as caught:
        source.split("train")
    assert caught.value.exit_code == code
    message = str(caught.value)
    assert f"'{data}'" in message or data in message
    assert [word for word in words if word not in message] == []


def listed(site: Path, **environment: str) -> dict[str, Any]:
    """What ``plugins list --json`` tells, by package."""
    done = run(site, "plugins", "list", "--json", **environment)
    assert done.returncode == 0
    return {plugin["package"]: plugin for plugin in json.loads(done.stdout)["plugins"]}


def test_a_plugin_that_prints_and_one_that_fails_are_listed_and_disturb_nobody(site: Path) -> None:
    fake_package.install(site, "pp_work", AT_WORK)
    fake_package.install(site, "pp_import", "import nowhere_to_be_found")
    fake_package.install(site, "pp_hook", hook("exporters", "raise ValueError('no luck')"))
    plugins = listed(site)
    assert plugins["pp-work"]["error"] is None
    assert "No module named 'nowhere_to_be_found'" in plugins["pp-import"]["error"]
    assert plugins["pp-hook"]["problems"] == [
        {"hook": "register_exporters", "message": "register_exporters fails: ValueError: no luck"}
    ]
    shown = run(site, "plugins", "show", "pp-hook")
    assert "register_exporters fails: ValueError: no luck" in shown.stdout
    assert "a word to nobody" not in shown.stdout
    assert run(site, "data", "show", "mnist-mini").returncode == 0


@pytest.mark.parametrize("disabled", [{"SNNCTL_DISABLE_PLUGINS": "1"}, {}], ids=["variable", "option"])
def test_plugins_can_be_left_out(site: Path, disabled: dict[str, str]) -> None:
    fake_package.install(site, "pp_work", AT_WORK)
    option = () if disabled else ("--no-plugins",)
    done = run(site, "plugins", "list", "--json", *option, **disabled)
    assert [plugin["name"] for plugin in json.loads(done.stdout)["plugins"]] == ["builtin"]
    refused = run(site, "data", "show", "raises", *option, **disabled)
    assert refused.returncode == 7
    assert "no data set called 'raises'" in refused.stderr
    assert "word" not in refused.stderr, "it is not even imported"


@pytest.mark.long
def test_a_broken_plugin_does_not_keep_others_from_training(site: Path) -> None:
    fake_package.install(site, "pp_import", "raise SystemExit")
    fake_package.install(site, "pp_work", AT_WORK)
    arguments = ("train", "--arch", "fc2", "--data", "mnist-mini", "--limit", "50", "--epochs", "1")
    done = run(site, *arguments, "--out", str(site / "run"))
    assert done.returncode == 0
    assert "plugin pp-import (pp-import): cannot be loaded: SystemExit" in done.stderr
    failed = run(site, "train", "--arch", "fc2", "--data", "raises")
    assert failed.returncode == 7
    assert (
        "data set 'raises' (pp_work): load failed for the train split: RuntimeError: the cable is loose"
        in failed.stderr
    )
