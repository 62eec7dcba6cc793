"""Help, completion, and lists of what there is, broken plugins among it."""

import json
from collections.abc import Callable

import pytest

import fake_package

Call = Callable[..., tuple[int, str, str]]


def test_every_command_has_help(call: Call) -> None:
    for command in ("train", "convert", "finetune", "eval", "run", "doctor", "data list", "archs show", "plugins list"):
        code, out, err = call(*command.split(), "--help")
        assert (code, err) == (0, "")
        assert "Usage: snnctl" in out
    for group in ([], ["data"], ["archs"], ["plugins"]):
        code, out, err = call(*group)
        assert (code, err) == (2, "")
        assert "Usage: snnctl" in out
    assert call("--version")[1].startswith("snnctl 0.")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("snnctl train --data mnist-", {"mnist-mini"}),
        ("snnctl train --arch f", {"fc2", "fc"}),
        ("snnctl archs show v", {"vgg16"}),
        ("snnctl train --type s", {"snn"}),
        ("snnctl fine", {"finetune"}),
    ],
)
def test_completion(call: Call, monkeypatch: pytest.MonkeyPatch, words: str, expected: set[str]) -> None:
    monkeypatch.setenv("_SNNCTL_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    assert set(call()[1].split()) == expected
    monkeypatch.delenv("_SNNCTL_COMPLETE")
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    assert "snnctl" in call("--show-completion", "bash")[1]


def test_plugins_that_fail_are_named_and_disturb_nobody(call, refused, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    lost = fake_package.GOOD.replace("def load(", "def where(self, context):\n            1 / 0\n\n        def load(")
    anything = "raise type('Odd', (BaseException,), {})('boo')"
    fake_package.install(tmp_path, "cli_lost", lost.replace("tiny-shapes", "lost").replace("narrow", "other"))
    fake_package.install(tmp_path, "cli_odd", anything)
    fake_package.install(tmp_path, "cli_good", fake_package.GOOD)
    plugins = {plugin["package"]: plugin for plugin in json.loads(call("plugins", "list", "--json")[1])["plugins"]}
    assert "Odd: boo" in plugins["cli-odd"]["error"]
    assert "warning: plugin cli-odd (cli-odd): cannot be loaded: " in call("run", "nowhere.yaml")[2]
    assert {key: value for key, value in plugins["cli-good"].items() if value} == {
        "name": "cli-good",
        "package": "cli-good",
        "version": "1.2",
        "datasets": ["tiny-shapes"],
        "architectures": ["narrow"],
    }
    datasets = {data["name"]: data for data in json.loads(call("data", "list", "--json")[1])["datasets"]}
    assert datasets["lost"]["error"] == "where failed: ZeroDivisionError: division by zero"
    assert datasets["mnist-mini"]["found_in"] == "inside the package"
    assert "error: where failed: ZeroDivisionError: division by zero" in call("data", "list")[1]
    assert "hidden" in call("archs", "show", "cli-good:narrow")[1]
    lines = call("data", "show", "tiny-shapes")[1].splitlines()
    assert lines[0].split() == ["name", "tiny-shapes"]
    assert not any("licence" in line for line in lines)
    assert "not here; `snnctl data fetch tiny-shapes` gets it" in lines[-1]
    assert "data set 'lost' (cli_lost): fetch failed: " in refused(7, "data", "fetch", "lost")
    assert "not loaded: plugin cli-odd" in refused(7, "data", "show", "theirs")


def test_architectures_and_data_sets_as_json(call: Call) -> None:
    listed = {each["name"]: each for each in json.loads(call("archs", "list", "--json")[1])["architectures"]}
    shown = json.loads(call("archs", "show", "fc2", "--json")[1])
    assert shown == listed["fc2"]
    assert shown["options"]["hidden"] == {"type": "int", "default": 340, "help": "units of the hidden layer."}
    shown = json.loads(call("data", "show", "mnist-mini", "--json")[1])
    assert (shown["package"], shown["input_shape"], shown["error"]) == ("snnctl", [28, 28, 1], None)
