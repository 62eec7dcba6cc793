"""Names that plugins share with snnctl and with each other; what loading them must not change."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fake_package
from snnctl.errors import PluginError
from snnctl.plugins import Registry, load_registry

COMMAND = Path(sys.executable).with_name("snnctl")
STEP = """
    from snnctl.plugins import Command, Verb, hookimpl

    @hookimpl
    def register_steps(register):
        register(Verb("{step}", "a plugin's", "pn_one:Options", "pn_one:function"))
"""
CONSTRAINT = """
    from pathlib import Path
    from typing import Literal
    from snnctl.plugins import HardwareConstraint, hookimpl

    class Odd(HardwareConstraint):
        name, summary = "odd", ""
        def __init__(self, *, size: {kind} = {default}) -> None: ...
        def weights(self, J): return J

    @hookimpl
    def register_constraints(register):
        register(Odd)
"""
DATA = """
    from snnctl.plugins import Dataset, hookimpl

    class Stripes(Dataset):
        name, summary, input_shape, classes = "stripes", "", (2,), 2
        def configured(self, *, root: str, size: int = 3): return self
        def load(self, split, context): ...

    @hookimpl
    def register_datasets(register):
        register(Stripes())
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for packages, all of whose modules begin with ``pn_`` and are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for module in [name for name in sys.modules if name.startswith("pn_")]:
        del sys.modules[module]


def command(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site), "COLUMNS": "200"}
    return subprocess.run([COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False)


def problems(registry: Registry) -> list[str]:
    return [problem.message for problem in registry.problems if problem.package.startswith("pn-")]


@pytest.mark.parametrize("name", ["inspect", "doctor", "run"])
def test_a_command_of_snnctl_stays_snnctls(site: Path, name: str) -> None:
    fake_package.install(site, "pn_one", STEP.format(step=name))
    registry = load_registry()
    own = {**registry.commands, **registry.verbs}
    assert own[name] is load_registry(entry_points=False).find(*_kind(name))
    assert registry.verbs[f"pn-one:{name}"].summary == "a plugin's"
    assert registry.find("steps", f"pn-one:{name}").summary == "a plugin's"
    if _kind(name)[0] == "commands":
        with pytest.raises(PluginError, match=f"'{name}' is a command of snnctl and no step") as caught:
            registry.find("steps", name)
        assert caught.value.todo == f"write pn-one:{name}"


def _kind(name: str) -> tuple[str, str]:
    own = load_registry(entry_points=False)
    return ("steps" if name in own.verbs else "commands"), name


def test_the_command_line_runs_snnctls(site: Path) -> None:
    fake_package.install(site, "pn_one", STEP.format(step="doctor"))
    assert "versions" in json.loads(command(site, "doctor", "--json").stdout)
    done = command(site, "PN.one:doctor", "--help")
    assert (done.returncode, "pn_one:Options cannot be imported" in done.stderr) == (7, True)


def test_packages_are_compared_as_pip_does(site: Path) -> None:
    fake_package.install(site, "pn_one", DATA)
    registry = load_registry()
    for package in ("pn-one", "PN_one", "Pn.-One"):
        assert registry.find("datasets", f"{package}:stripes") is registry.find("datasets", "stripes")
        assert registry.qualified("datasets", f"{package}:stripes") == "pn-one:stripes"
    with pytest.raises(PluginError, match="no package stands before the colon of ':stripes'"):
        registry.find("datasets", ":stripes")


@pytest.mark.parametrize(
    ("kind", "default", "message"),
    [
        ("complex", "1j", "is of type complex"),
        ("set", "None", "is of type set"),
        ("Path", "None", "is of type Path"),
        ("dict[str, int] | None", "None", "files of networks hold int"),
        ("float", "float('nan')", "has the default nan"),
        ("float | None", "float('inf')", "has the default inf"),
        ("tuple[float, ...]", "(1.0, float('nan'))", "has the default"),
    ],
)
def test_options_of_constraints_survive_a_file(site: Path, kind: str, default: str, message: str) -> None:
    fake_package.install(site, "pn_one", CONSTRAINT.format(kind=kind, default=default))
    [problem] = problems(load_registry())
    assert "'odd': option 'size'" in problem
    assert message in problem


@pytest.mark.parametrize(
    ("kind", "default"), [("Literal['a', 2] | None", "None"), ("tuple[int, float]", "(1, 2.0)"), ("list[str]", "[]")]
)
def test_plain_options_of_constraints_are_taken(site: Path, kind: str, default: str) -> None:
    fake_package.install(site, "pn_one", CONSTRAINT.format(kind=kind, default=default))
    registry = load_registry()
    assert problems(registry) == []
    assert registry.constraint("odd").name == "odd"


def test_loading_leaves_the_process_as_it_was(site: Path) -> None:
    before = (sys.getrecursionlimit(), os.getcwd(), sys.stdout, signal.getsignal(signal.SIGINT))
    source = """
        import os, signal, sys
        os.chdir("/")
        sys.stdout = None
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        depth, frame = 0, sys._getframe()
        while frame: depth, frame = depth + 1, frame.f_back
        sys.setrecursionlimit(depth + 30)
    """
    fake_package.install(site, "pn_one", source + DATA)
    load_registry()
    assert (sys.getrecursionlimit(), os.getcwd(), sys.stdout, signal.getsignal(signal.SIGINT)) == before


def test_what_fails_leaves_no_environment_behind(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PN_ONE", "before")
    monkeypatch.setenv("PN_TWO", "before")
    change = "import os; os.environ['PN_ONE'] = 'after'; del os.environ['PN_TWO']; os.environ['PN_NEW'] = 'after'"
    fake_package.install(site, "pn_one", f"\n    {change}\n    raise ValueError('no luck')\n")
    load_registry()
    assert [os.environ.get(name) for name in ("PN_ONE", "PN_TWO", "PN_NEW")] == ["before", "before", None]


def test_what_is_printed_at_the_end_is_no_part_of_the_result(site: Path) -> None:
    source = "\n    import atexit, os\n    atexit.register(print, 'bye')\n    atexit.register(os.system, 'echo bye')\n"
    fake_package.install(site, "pn_one", source + DATA)
    done = command(site, "plugins", "list", "--json")
    assert json.loads(done.stdout)["plugins"]
    assert done.stderr.count("bye") == 2


def test_a_data_set_that_needs_options_says_so(site: Path) -> None:
    fake_package.install(site, "pn_one", DATA)
    shown = command(site, "data", "show", "stripes")
    assert shown.returncode == 0
    assert "not here" not in shown.stdout
    assert "option root  str, required" in " ".join(shown.stdout.split()).replace("root str", "root  str")
    assert "`snnctl data show stripes --data-opt root=VALUE`" in shown.stdout
    given = json.loads(command(site, "data", "show", "stripes", "--data-opt", "root=x", "--json").stdout)
    assert (given["needs"], given["options"]["size"]) == ([], {"type": "int", "default": 3, "help": ""})
    assert command(site, "data", "show", "stripes", "--data-opt", "size=x").returncode == 2
