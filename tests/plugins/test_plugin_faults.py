"""What a plugin does wrong is one line that names package and hook, and everything else works."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest

import fake_package
from snnctl.errors import ConversionError, PluginError
from snnctl.plugins import Registry, load_registry
from snnctl.plugins.guard import describe
from snnctl.plugins.kinds import KINDS, LATE

Install = Callable[..., Registry]
THINGS = fake_package.ONE_OF_EACH


def hook(key: str, body: str) -> str:
    """A module whose hook for ``key`` has this body."""
    return f"{THINGS}\n    @hookimpl\n    def register_{key}(register):\n        {body}\n"


def problems_of(registry: Registry) -> list[str]:
    """What is said of the packages under test once all hooks have been called."""
    registry.layer_rules(builtin=(dict,))
    registry.metrics()
    return [str(problem) for problem in registry.problems if problem.package.startswith("pp-")]


ODD = "class Odd(BaseException):\n    def __str__(self): raise SystemExit\nraise Odd"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "cannot be loaded: ModuleNotFoundError: No module named 'pp_broken'"),
        ("raise RuntimeError('two\\n lines')", "cannot be loaded: RuntimeError: two lines"),
        ("import sys; sys.exit(3)", "cannot be loaded: SystemExit: 3"),
        (ODD, "cannot be loaded: Odd"),
        ("x = 1", "implements no hook of snnctl (is @hookimpl missing?)"),
        ("from snnctl.plugins import hookimpl\n@hookimpl\ndef register_colours(register): pass", "register_colours"),
        ("from snnctl.plugins import hookimpl\n@hookimpl\ndef register_datasets(register, more): pass", "more"),
        ("requires_hooks = '9.1'", "it needs version 9.1 of the hooks, and this snnctl has"),
        ("requires_hooks = 9", "requires_hooks is 9; write it as"),
    ],
)
def test_a_package_that_cannot_be_loaded(install: Install, source: str | None, message: str) -> None:
    registry = install(pp_broken=source, pp_good=fake_package.GOOD)
    [problem] = problems_of(registry)
    assert problem.startswith("plugin pp-broken (pp-broken): ")
    assert message in problem
    assert "\n" not in problem
    assert {"mnist-mini", "tiny-shapes"} <= registry.datasets.keys()
    assert {"fc2", "narrow"} <= registry.architectures.keys()
    with pytest.raises(PluginError) as caught:
        registry.architecture("theirs")
    assert f"not loaded: {problem}" in caught.value.todo


def test_hooks_that_fail_are_named_and_what_was_registered_before_stays(install: Install) -> None:
    bodies = {
        **{key: f"register(object()); register(MADE[{key!r}]); 1 / 0" for key in KINDS},
        "layer_rules": "register(object(), print); register(Data, print); 1 / 0",
        "metrics": "register(object()); register(Count); 1 / 0",
    }
    parts = [hook(key, body).removeprefix(THINGS) for key, body in bodies.items() if key != "commands"]
    registry = install(pp_hooks=THINGS + "".join(parts), pp_commands=hook("commands", "raise SystemExit(3)"))
    problems = problems_of(registry)
    for key in bodies.keys() - {"commands"}:
        wrong, failed = (problem for problem in problems if f": register_{key}" in problem)
        assert " object " in wrong
        assert failed == f"plugin pp-hooks (pp-hooks): register_{key} fails: ZeroDivisionError: division by zero"
        assert key in LATE or "twin" in registry.all(key)
    assert "plugin pp-commands (pp-commands): register_commands fails: SystemExit: 3" in problems
    assert [layer.__name__ for layer in registry.layer_rules()] == ["Data"]
    assert registry.metrics()["twin"].hook.package == "pp-hooks"


@pytest.mark.parametrize(
    ("key", "body", "message"),
    [
        ("datasets", "register(Data)", "registers the class Data; register an instance of it"),
        ("datasets", "register(Net())", "registers Net"),
        ("datasets", "register(p.Dataset())", "abstract"),
        ("datasets", "Data.name = 'Upper'; register(Data())", "Data has the name 'Upper'; use lower case, digits"),
        ("datasets", "Data.summary = None; register(Data())", "'twin' has summary = None, which must be a text"),
        ("datasets", "Data.input_shape = (8, 0); register(Data())", "input_shape = (8, 0), which must be one or more"),
        ("datasets", "Data.classes = True; register(Data())", "classes = True, which must be an integer of at least 1"),
        ("datasets", "Data.class_names = ('one',); register(Data())", "() or one text for each class"),
        ("datasets", "Data.raw_range = (1.0, 1.0); register(Data())", "two different finite numbers"),
        ("datasets", "Data.standard = (0.0, 0.0); register(Data())", "None or (mean, std) with std > 0"),
        ("datasets", "Data.licence = None; register(Data())", "licence = None, which must be a text"),
        ("datasets", "Data.classes = property(lambda self: 1 / 0); register(Data())", "ZeroDivisionError"),
        ("datasets", "register(Data()); register(Data())", "data set 'twin' is registered twice by pp-wrong"),
        ("architectures", "register(built('self, input_shape, classes, **more'))", "not take **options"),
        ("architectures", "register(built('self, shape'))", "build must take (self, input_shape, classes, *, options)"),
        ("architectures", "register(built('self, input_shape, classes, *, n=3'))", "needs a type and a default"),
        ("architectures", "register(built('self, input_shape, classes, *, n: \\'X\\' = 3'))", "type that is unknown"),
        ("constraints", "register(Limit())", "registers an instance of Limit; register the class"),
        ("constraints", "register(Data)", "which is no subclass of HardwareConstraint"),
        ("constraints", "del Limit.weights; register(Limit)", "it constrains nothing"),
        ("constraints", "register(limit('complex', '1j'))", "is of type complex; files of networks hold int, float"),
        ("constraints", "register(limit('dict[str, int] | None', 'None'))", "files of networks hold int, float"),
        ("constraints", "register(limit('float', 'float(\\'nan\\')'))", "has the default nan"),
        ("readers", "Files.suffixes = 'twin'; register(Files())", "suffixes = 'twin', which must be a tuple of texts"),
        ("steps", "register(p.Verb('twin', '', 'nowhere', 'nowhere'))", "options_path = 'nowhere'"),
        ("layer_rules", "register('Dense', print)", "registers a layer rule for str 'Dense', which is no class"),
        ("layer_rules", "register(Data, None)", "registers NoneType None as the rule for Data (pp_wrong): no function"),
        ("layer_rules", "register(dict, print)", "a layer rule for dict (builtins) is already provided by snnctl"),
        ("metrics", "register(Count(None))", "registers an instance of Count; register the class"),
        ("metrics", "register(Data)", "which is no subclass of Metric"),
        ("metrics", "Count.name = 'No Good'; register(Count)", "Count has the name 'No Good'; use lower case"),
        ("metrics", "register(type('A', (p.Metric,), {'name': 'a'}))", "metric 'a' lacks the method add, result"),
        ("metrics", "Count.summary = 1; register(Count)", "has summary = 1, which must be a text"),
        ("metrics", "Count.networks = (); register(Count)", "has networks = (), which must be some of relu, snn"),
        ("metrics", "Count.needs = ('gold',); register(Count)", "which must be some of labels, inputs"),
        ("metrics", "Count.name = 'accuracy'; register(Count)", "metric 'accuracy' is already provided by snnctl"),
    ],
)
def test_what_is_declared_wrongly_is_refused(install: Install, key: str, body: str, message: str) -> None:
    [problem] = problems_of(install(pp_wrong=hook(key, body)))
    assert problem.startswith("plugin pp-wrong (pp-wrong): ")
    assert f"register_{key}" in problem
    assert message in problem


@pytest.mark.parametrize(
    ("kind", "default"), [("Literal['a', 2] | None", "None"), ("tuple[int, float]", "(1, 2.0)"), ("list[str]", "[]")]
)
def test_options_of_constraints_that_files_can_hold(install: Install, kind: str, default: str) -> None:
    registry = install(pp_good=hook("constraints", f'register(limit("{kind}", "{default}"))'))
    assert problems_of(registry) == []
    assert registry.constraint("twin").name == "twin"


def test_hooks_that_need_keras_are_called_when_they_are_needed_and_their_problems_told_once(install: Install) -> None:
    body = "print('hello'); register(Data, print); 1 / 0"
    registry = install(pp_late=hook("layer_rules", body) + "\n    ASKED = []")
    [plugin] = [plugin for plugin in registry.plugins if plugin.package == "pp-late"]
    assert (plugin.layer_rules, plugin.metrics, plugin.error) == (True, False, None)
    warned: list[str] = []
    for _ in range(2):
        registry.layer_rules(warn=warned.append)
    assert warned == ["plugin pp-late (pp-late): register_layer_rules fails: ZeroDivisionError: division by zero"]


@pytest.mark.parametrize(
    ("entry_points", "problems"),
    [
        ("[snnctl]\nthis is no entry point\n", 1),
        ("[snnctl]\nodd = pp_entry:missing\n", 1),
        ("[console_scripts]\nthis is no entry point\n", 0),
    ],
)
def test_entry_points_that_are_none(tmp_path, monkeypatch, entry_points, problems):
    monkeypatch.syspath_prepend(fake_package.install(tmp_path, "pp_entry", "x = 1", entry_points))
    registry = load_registry()
    assert sum("pp" in problem.package for problem in registry.problems) == problems
    assert "mnist" in registry.datasets


def test_loading_leaves_the_process_as_it_was(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PP_ONE", "before")
    change = """
    import os, signal, sys
    os.chdir("/")
    sys.stdout = None
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    depth, frame = 0, sys._getframe()
    while frame: depth, frame = depth + 1, frame.f_back
    sys.setrecursionlimit(depth + 30)
    os.environ["PP_ONE"] = os.environ["PP_TWO"] = "after"
    """
    before = (sys.getrecursionlimit(), os.getcwd(), sys.stdout, signal.getsignal(signal.SIGINT))
    install(pp_one=change + "raise ValueError")
    assert (sys.getrecursionlimit(), os.getcwd(), sys.stdout, signal.getsignal(signal.SIGINT)) == before
    assert (os.environ["PP_ONE"], os.environ.get("PP_TWO")) == ("before", None)


def test_a_failure_is_one_line_that_any_file_and_terminal_takes() -> None:
    assert describe(ValueError("\ud800 and \x1b[31mred")) == r"ValueError: \ud800 and \x1b[31mred"
    assert describe(ValueError("größer als 3 µs")) == "ValueError: größer als 3 µs"


@pytest.mark.parametrize(
    ("raised", "error", "message"),
    [
        ("SystemExit('no luck')", PluginError, r"its rule for Data \(pp_rule\) failed: SystemExit: no luck"),
        ("__import__('snnctl').errors.ConversionError('not this one')", ConversionError, "not this one"),
    ],
)
def test_a_rule_that_fails_at_work_or_refuses_a_layer(install: Install, raised: str, error: type, message: str) -> None:
    body = f"register(Data, lambda *_: (_ for _ in ()).throw({raised})); register(Net, lambda *all: all)"
    fails, returns = install(pp_rule=hook("layer_rules", body)).layer_rules().values()
    with pytest.raises(error, match=message) as caught:
        fails(None, None)
    assert error is ConversionError or caught.value.where == "plugin pp-rule (pp-rule)"
    assert returns("context", "layer", 1, 2) == ("context", "layer", 1, 2)


@pytest.mark.parametrize(
    ("end", "code"), [("return True", 0), ("return 130", 0), ("raise typer.Exit(3)", 3), ("raise SystemExit(4)", 1)]
)
def test_exit_codes_of_commands_are_raised_not_returned(install: Install, call: Any, end: str, code: int) -> None:
    source = hook("commands", "register(p.Command('end', '', 'pp_two:function'))")
    install(pp_two=source + f"\n    import typer\n    def function():\n        print('done')\n        {end}\n")
    assert call("end")[:2] == (code, "done\n")
