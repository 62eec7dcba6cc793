"""`snnctl plugins list`, `show` and `check`, and what else is shown of plugins, as people and programs see it."""

import json
import os
from collections.abc import Callable

import pytest

from snnctl.plugins import Registry

Install = Callable[..., Registry]
Call = Callable[..., tuple[int, str, str]]
DATA = """
    import numpy as np
    from snnctl.plugins import Dataset, DataContext, Samples, Metric, TrainingCallback, hookimpl

    requires_hooks = "1.0"
    print("a word to nobody")

    class Dots(Dataset):
        name, summary, input_shape, classes = "cmd-dots", "One bright pixel", (4, 4, 1), 4
        raw_range = (0.0, 1.0)
        def __init__(self, count=100):
            self.count = count
        def configured(self, *, count: int, size: int = 3):
            return Dots(count)
        def load(self, split, context):
            places = np.random.default_rng(SEED).integers(16, size=self.count + len(split))
            return Samples(np.eye(16)[places].reshape(-1, 4, 4, 1), places // 4)

    @hookimpl
    def register_datasets(register):
        register(Dots())
""".replace("SEED", "len(split)")
MORE = """
    class Watch(TrainingCallback):
        name, summary = "cmd-watch", "Watches"
        def make(self, context, *, every: int = 5, note: str = ""): ...

    class Count(Metric):
        name, summary = "cmd-count", "How many samples there are"
        def add(self, batch): ...
        def result(self): ...

    @hookimpl
    def register_callbacks(register):
        register(Watch())

    @hookimpl
    def register_metrics(register):
        register(Count)
"""


@pytest.fixture(autouse=True)
def width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_listing_fits_the_terminal_and_names_what_is_broken(install: Install, call: Call) -> None:
    install(cmd_plugin=DATA + MORE, cmd_import="import nowhere_to_be_found")
    code, out, err = call("plugins", "list")
    lines = out.splitlines()
    assert (code, max(map(len, lines)) <= 80) == (0, True)
    start = lines.index("cmd-plugin (cmd-plugin 1.2): ok")
    kinds = [line.split("  ")[1] for line in lines[start + 1 : start + 4]]
    assert kinds == ["data sets", "training callbacks", "further"]
    assert ("a word to nobody" in out, "a word to nobody" in err) == (False, True)
    plugins = {plugin["package"]: plugin for plugin in json.loads(call("plugins", "list", "--json")[1])["plugins"]}
    assert plugins["cmd-plugin"]["error"] is None
    assert "No module named 'nowhere_to_be_found'" in plugins["cmd-import"]["problems"][0]["message"]


def test_a_plugin_and_its_things_are_shown(install: Install, call: Call) -> None:
    install(cmd_plugin=DATA + MORE)
    code, out, _ = call("plugins", "show", "cmd-plugin")
    assert (code, max(map(len, out.splitlines())) <= 80) == (0, True)
    text = " ".join(out.split())
    for words in (
        "package cmd-plugin 1.2",
        "module cmd_plugin",
        "hooks 1.0 provided, 1.0 required",
        "cmd-dots One bright pixel count int, required",
        "cmd-watch Watches every int, default 5 note str, default ''",
        "metrics cmd-count How many samples there are",
    ):
        assert words in text
    data = json.loads(call("plugins", "show", "cmd-plugin", "--json")[1])
    [dataset] = data["adds"]["datasets"]
    assert (dataset["name"], dataset["package"], dataset["summary"]) == ("cmd-dots", "cmd-plugin", "One bright pixel")
    assert dataset["options"]["count"] == {"type": "int", "required": True, "help": ""}
    assert data["adds"]["callbacks"][0]["options"]["every"] == {"type": "int", "default": 5, "help": ""}
    assert data["hooks"] == {"provided": "1.0", "required": "1.0"}
    for name in ("cmd-dots", "cmd-plugin:cmd-dots"):
        lines = call("plugins", "show", name)[1].splitlines()
        assert lines[0] == "data set cmd-dots: One bright pixel"
        assert lines[1].split() == ["provided", "by", "cmd-plugin"]
        [thing] = json.loads(call("plugins", "show", name, "--json")[1])["things"]
        assert (thing["kind"], thing["name"]) == ("datasets", "cmd-dots")
    assert call("plugins", "show", "cmd-dotz") == (
        7,
        "",
        "error: no plugin called 'cmd-dotz'\ndid you mean 'cmd-dots'? `snnctl plugins list` shows all\n",
    )


def test_a_data_set_that_needs_options_says_so(install: Install, call: Call) -> None:
    install(cmd_plugin=DATA)
    code, out, _ = call("data", "show", "cmd-dots")
    assert (code, "not here" in out) == (0, False)
    assert "option count int, required" in " ".join(out.split())
    assert "`snnctl data show cmd-dots --data-opt count=VALUE`" in " ".join(out.split())
    shown = json.loads(call("data", "show", "cmd-dots", "--data-opt", "count=9", "--json")[1])
    assert (shown["needs"], shown["options"]["size"]) == ([], {"type": "int", "default": 3, "help": ""})
    assert call("data", "show", "cmd-dots", "--data-opt", "size=x")[0] == 2


def test_plugins_can_be_left_out_by_an_option(install: Install, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    install(cmd_plugin=DATA)
    monkeypatch.setenv("SNNCTL_DISABLE_PLUGINS", "")
    code, out, err = call("--no-plugins", "data", "show", "cmd-dots")
    assert (code, out) == (7, "")
    assert "no data set called 'cmd-dots'" in err


def test_what_is_right_passes(install: Install, call: Call) -> None:
    install(cmd_plugin=DATA)
    code, out, _ = call("plugins", "check", "cmd-plugin", "--opt", "count=50", "--json")
    report = json.loads(out)
    assert (code, report["failed"], report["skipped"]) == (0, 0, 0)
    assert report["passed"] > 10
    assert {check["subject"] for check in report["checks"]} == {"package", "data set 'cmd-dots'"}
    code, out, _ = call("plugins", "check", "cmd-dots")
    assert code == 0
    assert "skipped  takes its options" in out
    assert "needs --opt count=VALUE" in out


def test_what_is_wrong_fails_with_the_exit_code_of_plugins(install, call, tmp_path, monkeypatch):
    (tmp_path / "keras.py").touch()  # stands for the real one, which would take its time
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    install(cmd_plugin="    import keras\n" + DATA.replace("default_rng(len(split))", "default_rng()"))
    code, out, err = call("plugins", "check", "cmd-plugin", "--opt", "count=50")
    assert code == 7
    assert "failed   loads the train split alike twice" in out
    assert "it imports keras: import them inside functions" in " ".join(out.split())
    assert "cmd-plugin (cmd-plugin 1.2): " in out.splitlines()[-1]
    assert "checks of plugin cmd-plugin (cmd-plugin) failed" in err


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("cout=3", "nothing of plugin 'cmd-plugin' has an option 'cout'"),
        ("count", "--opt count is not NAME=VALUE"),
    ],
)
def test_an_option_that_cannot_be(install: Install, call: Call, option: str, message: str) -> None:
    install(cmd_plugin=DATA)
    code, out, err = call("plugins", "check", "cmd-plugin", "--opt", option)
    assert (code, out) == (2, "")
    assert message in err
