"""Plugins are loaded in isolation: whatever one does wrong is reported and disturbs nobody."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import fake_package
from snnctl.errors import PluginError
from snnctl.plugins import PluginProblem, Registry, load_registry

DATASET = """
    from snnctl.plugins import Dataset, hookimpl

    class Odd(Dataset):
        name = "odd"
        summary = "made up"
        input_shape = (8, 8, 1)
        classes = 2
        {line}

        def load(self, split, context):
            raise NotImplementedError

    @hookimpl
    def register_datasets(register):
        register(Odd())
"""
ARCHITECTURE = """
    from snnctl.plugins import Architecture, hookimpl

    class Odd(Architecture):
        name = "odd"
        summary = "made up"

        def build({parameters}):
            raise NotImplementedError

    @hookimpl
    def register_architectures(register):
        register(Odd())
"""
HOOK = """
    from snnctl.plugins import hookimpl

    @hookimpl
    def register_datasets(register):
        {body}
"""


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest):
    """A function that installs one package with the given source and loads the registry."""
    module = "plugin_" + "".join(filter(str.isalnum, request.node.name))
    monkeypatch.syspath_prepend(tmp_path)

    def install_and_load(source: str | None, entry_points: str | None = None) -> Registry:
        text = entry_points.format(module=module) if entry_points else None
        fake_package.install(tmp_path, module, source, text)
        return load_registry()

    yield install_and_load
    sys.modules.pop(module, None)


def problems(registry: Registry) -> list[PluginProblem]:
    """The problems of the plugin under test; others may be installed, too."""
    return [problem for problem in registry.problems if problem.package.startswith("plugin-")]


def error_of(registry: Registry) -> str:
    """The error of the only third-party plugin; everything of snnctl's own must be there regardless."""
    assert {"mnist-mini", "mnist", "cifar10"} <= set(registry.datasets)
    assert {"fc2", "vgg16"} <= set(registry.architectures)
    [plugin] = [plugin for plugin in registry.plugins if plugin.package.startswith("plugin-")]
    assert plugin.error == "; ".join(problem.message for problem in problems(registry))
    return plugin.error or ""


def test_a_good_plugin_adds_its_things(load) -> None:
    registry = load(fake_package.GOOD)
    [plugin] = [plugin for plugin in registry.plugins if plugin.package.startswith("plugin-")]
    assert (plugin.error, plugin.version) == (None, "1.2")
    assert (plugin.datasets, plugin.architectures) == (("tiny-shapes",), ("narrow",))
    assert registry.dataset("tiny-shapes") is registry.dataset(f"{plugin.package}:tiny-shapes")
    assert registry.architecture(f"{plugin.package}:narrow").name == "narrow"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "ModuleNotFoundError"),
        ("import nowhere_to_be_found", "No module named 'nowhere_to_be_found'"),
        ("raise RuntimeError('no luck')", "RuntimeError: no luck"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("raise MemoryError", "MemoryError"),
        ("class Odd(BaseException):\n    def __str__(self): raise SystemExit\nraise Odd", "cannot be loaded: Odd"),
        ("def broken(:", "SyntaxError"),
        ("x = 1", "implements no hook"),
        (HOOK.format(body="1 / 0"), "ZeroDivisionError"),
        (HOOK.format(body="raise SystemExit"), "SystemExit"),
        (HOOK.format(body="raise type('Odd', (BaseException,), {})('boo')"), "register_datasets fails: Odd: boo"),
        (HOOK.format(body="register(42)"), "registers int 42"),
        (HOOK.format(body="register(None)"), "registers NoneType"),
        ("from snnctl.plugins import hookimpl\n@hookimpl\ndef register_colours(register): pass", "register_colours"),
        ("from snnctl.plugins import hookimpl\n@hookimpl\ndef register_datasets(register, more): pass", "more"),
    ],
)
def test_a_broken_module_is_named(load, source: str | None, message: str) -> None:
    assert message in error_of(load(source))


@pytest.mark.parametrize(
    "line",
    [
        "name = ''",
        "name = 'Upper'",
        "name = 'a b'",
        "name = 7",
        "summary = None",
        "input_shape = ()",
        "input_shape = (8, 0)",
        "input_shape = (8, 2.5)",
        "input_shape = 8",
        "classes = 0",
        "classes = True",
        "classes = 'two'",
        "class_names = ('one',)",
        "class_names = (1, 2)",
        "raw_range = (1.0, 1.0)",
        "raw_range = (0.0, float('nan'))",
        "raw_range = (0.0,)",
        "standard = (0.0, 0.0)",
        "standard = 3",
        "licence = None",
    ],
)
def test_a_data_set_with_nonsense_is_refused(load, line: str) -> None:
    registry = load(DATASET.format(line=line))
    assert line.split(" = ")[0].replace("summary = None", "summary") in error_of(registry)
    assert "odd" not in registry.datasets


def test_an_attribute_that_raises_is_a_problem_of_the_plugin(load) -> None:
    source = DATASET.format(line="classes = property(lambda self: 1 / 0)")
    assert "ZeroDivisionError" in error_of(load(source))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("self, input_shape, classes, **options", "**options"),
        ("self, shape", "build must take"),
        ("self, input_shape, classes, hidden=3", "build must take"),
        ("self, input_shape, classes, *, hidden=3", "needs a type"),
        ("self, input_shape, classes, *, hidden: int", "needs a type and a default"),
        ("self, input_shape, classes, *, hidden: 'Unknown' = 3", "Unknown"),
    ],
)
def test_an_architecture_with_a_strange_build_is_refused(load, parameters: str, message: str) -> None:
    registry = load(ARCHITECTURE.format(parameters=parameters))
    assert message in error_of(registry)
    assert "odd" not in registry.architectures


def test_a_class_instead_of_an_instance(load) -> None:
    assert "register an instance" in error_of(load(DATASET.format(line="").replace("Odd())", "Odd)")))


def test_an_abstract_class(load) -> None:
    assert "abstract" in error_of(load(HOOK.format(body="import snnctl.plugins as p; register(p.Dataset())")))


def test_a_name_that_is_snnctls_own_stays_so(load) -> None:
    registry = load(DATASET.format(line="name = 'mnist'"))
    [plugin] = [plugin for plugin in registry.plugins if plugin.package.startswith("plugin-")]
    theirs = f"{plugin.package}:mnist"
    assert error_of(registry) == f"data set 'mnist' is already provided by snnctl; write {theirs} for this one"
    assert type(registry.dataset("mnist")).__module__.startswith("snnctl.builtin")
    assert type(registry.dataset(theirs)).__name__ == "Odd"


def test_what_was_registered_before_the_failure_stays(load) -> None:
    source = DATASET.format(line="") + "        raise ValueError('afterwards')"
    registry = load(source)
    assert "ValueError: afterwards" in error_of(registry)
    assert "odd" in registry.datasets


@pytest.mark.parametrize("entry_points", ["[snnctl]\nthis is no entry point\n", "[snnctl]\nodd = {module}:missing\n"])
def test_a_broken_entry_point(load, entry_points: str) -> None:
    registry = load("x = 1", entry_points)
    assert registry.problems
    assert "mnist" in registry.datasets


def test_other_packages_metadata_is_nobodys_business(load) -> None:
    assert problems(load("x = 1", "[console_scripts]\nthis is no entry point\n")) == []


def test_plugins_can_be_disabled(load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNCTL_DISABLE_PLUGINS", "1")
    assert [plugin.name for plugin in load(fake_package.GOOD).plugins] == ["builtin"]


def test_nothing_but_third_parties_or_nothing_at_all(load) -> None:
    assert "narrow" in load(fake_package.GOOD).architectures
    assert "fc2" not in load_registry(builtins=False).architectures
    assert load_registry(builtins=False, entry_points=False).plugins == []


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(PluginError, match="no data set called 'mnits'") as caught:
        load_registry().dataset("mnits")
    assert "did you mean 'mnist'?" in caught.value.todo


def test_a_known_name_of_another_package_is_unknown() -> None:
    registry = load_registry()
    assert registry.dataset("snnctl:mnist").name == "mnist"
    with pytest.raises(PluginError):
        registry.dataset("elsewhere:mnist")


def test_an_unknown_name_mentions_broken_plugins(load) -> None:
    with pytest.raises(PluginError) as caught:
        load("raise RuntimeError('no luck')").architecture("theirs")
    assert "no luck" in caught.value.todo
