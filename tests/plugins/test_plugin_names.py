"""Names that plugins share with snnctl and with each other, and how they are written; options of named things."""

import sys
from collections.abc import Callable
from typing import Any, Literal

import pytest

import fake_package
from snnctl.errors import PluginError, UsageError
from snnctl.plugins import Architecture, Registry, load_registry
from snnctl.plugins.kinds import KINDS
from snnctl.plugins.options import check_options, declared_options

Install = Callable[..., Registry]
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
KEYS = [key for key in KINDS if key != "commands"]  # commands share their names with steps


def hooks(*bodies: tuple[str, str]) -> str:
    parts = [f"\n    @hookimpl\n    def register_{key}(register):\n        {body}\n" for key, body in bodies]
    return fake_package.ONE_OF_EACH + "".join(parts)


def problems_of(registry: Registry) -> list[str]:
    return [str(problem) for problem in registry.problems if problem.package.startswith("pp-")]


def test_a_name_that_two_packages_claim_is_nobodys_without_the_package(install: Install) -> None:
    source = hooks(*((key, f"register(MADE[{key!r}])") for key in KEYS))
    registry = install(pp_one=source, pp_two=source)
    for key in KEYS:
        with pytest.raises(PluginError, match=r"two packages have an? .*'twin': pp-one and pp-two") as caught:
            registry.find(key, "twin")
        assert caught.value.todo == "write pp-one:twin or pp-two:twin"
        for package in ("pp-one", "pp-two"):
            assert registry.find(key, f"{package}:twin") is sys.modules[package.replace("-", "_")].MADE[key]
        assert "twin" not in registry.all(key)
        assert {"pp-one:twin", "pp-two:twin"} <= registry.all(key).keys()
    problems = problems_of(registry)
    assert len(problems) == len(KEYS)
    assert all(problem.startswith("plugin pp-two (pp-two): register_") and "pp-one" in problem for problem in problems)


def test_a_name_of_snnctls_own_stays_its_own(install: Install) -> None:
    bodies = {key: f"thing = MADE[{key!r}]; thing.name = {OWN[key]!r}; register(thing)" for key in KINDS}
    bodies["steps"] = f"register(p.Verb({OWN['steps']!r}, '', 'somewhere:Options', 'somewhere:function'))"
    bodies["commands"] = f"register(p.Command({OWN['commands']!r}, '', 'somewhere:function'))"
    registry = install(pp_thief=hooks(*bodies.items()))
    problems = problems_of(registry)
    for key, name in OWN.items():
        assert registry.owner(key, name) == "snnctl"
        assert registry.owner(key, f"pp-thief:{name}") == "pp-thief"
        [problem] = [problem for problem in problems if f"): register_{key}: " in problem]
        assert f"'{name}' is already provided by snnctl; write pp-thief:{name} for this one" in problem


def test_steps_and_commands_share_the_command_line(install: Install) -> None:
    step = "register(p.Verb('doctor', '', 'somewhere:Options', 'somewhere:function')); register(MADE['steps'])"
    registry = install(pp_one=hooks(("steps", step)), pp_two=hooks(("commands", "register(MADE['commands'])")))
    assert registry.commands["doctor"] is load_registry(entry_points=False).commands["doctor"]
    assert registry.verb("pp-one:doctor").name == "doctor"
    with pytest.raises(PluginError, match="'doctor' is a command of snnctl and no step") as caught:
        registry.verb("doctor")
    assert caught.value.todo == "write pp-one:doctor"
    assert "plugin pp-two (pp-two): register_commands: command 'twin' is provided by pp-one" in problems_of(registry)[1]


def test_packages_are_compared_as_pip_does(install: Install) -> None:
    registry = install(pp_one=fake_package.GOOD)
    for package in ("pp-one", "PP_one", "Pp.-One"):
        assert registry.dataset(f"{package}:tiny-shapes") is registry.dataset("tiny-shapes")
        assert registry.qualified("datasets", f"{package}:tiny-shapes") == "pp-one:tiny-shapes"
    assert registry.dataset("snnctl:mnist").name == "mnist"


@pytest.mark.parametrize(
    ("name", "message", "todo"),
    [
        ("mnits", "no data set called 'mnits'", "did you mean 'mnist'? `snnctl data list` shows all"),
        ("elsewhere:mnist", "no data set called 'elsewhere:mnist'", ""),
        (":stripes", "no package stands before the colon of ':stripes'", "write 'stripes' or 'PACKAGE:stripes'"),
    ],
)
def test_names_that_nothing_has(name: str, message: str, todo: str) -> None:
    with pytest.raises(PluginError, match=message) as caught:
        load_registry().dataset(name)
    assert caught.value.todo.startswith(todo)


class Example(Architecture):
    """An architecture with an option of every type."""

    name = "example"

    def build(  # type: ignore[override]
        self,
        input_shape: tuple[int, ...],
        classes: int,
        *,
        hidden: int = 340,
        widths: list[int] = [3],  # noqa: B006
        batch_norm: bool = False,
        l2: float = 0.0,
        kind: Literal["relu", "tanh"] = "relu",
        depth: int | None = None,
        note: str = "",
    ) -> Any:
        """Never called."""


class Plain(Architecture):
    name = "plain"

    def build(self, input_shape: tuple[int, ...], classes: int) -> Any:  # type: ignore[override]
        """Never called."""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"hidden": "340"}, {"hidden": 340}),
        ({"widths": "[300,100]"}, {"widths": [300, 100]}),
        ({"widths": "300,100"}, {"widths": [300, 100]}),
        ({"widths": "300"}, {"widths": [300]}),
        ({"widths": [300, 100]}, {"widths": [300, 100]}),
        ({"batch-norm": "true"}, {"batch_norm": True}),
        ({"l2": "5e-4"}, {"l2": 5e-4}),
        ({"kind": "tanh"}, {"kind": "tanh"}),
        ({"depth": "none", "note": "none"}, {"depth": None, "note": "none"}),
        ({}, {}),
    ],
)
def test_options_are_read_from_texts_and_values(written: dict[str, Any], read: dict[str, Any]) -> None:
    assert check_options(Example(), written) == read
    assert declared_options(Example())["hidden"] == (int, 340)


@pytest.mark.parametrize(
    ("thing", "written", "message", "todo"),
    [
        (Example(), {"hiden": "3"}, "no option 'hiden' of architecture 'example'", "did you mean 'hidden'?"),
        (Example(), {"zzz": "3"}, "no option 'zzz'", "known: hidden, widths"),
        (Plain(), {"hidden": 3}, "no option 'hidden' of architecture 'plain'", "known: none"),
        (Example(), {"hidden": "many"}, "option 'hidden' of architecture 'example' is 'many': it should be a val", ""),
        (Example(), {"hidden": True}, "option 'hidden' of architecture 'example' cannot be true", ""),
        (Example(), {"kind": "rely"}, "it must be 'relu' or 'tanh'", "did you mean 'relu'?"),
    ],
)
def test_options_that_do_not_fit(thing: Architecture, written: dict[str, Any], message: str, todo: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_options(thing, written)
    assert message in caught.value.what
    assert caught.value.todo.startswith(todo)
