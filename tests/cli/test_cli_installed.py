"""The installed command: fast, without TensorFlow where it is not needed, and unimpressed by broken plugins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import fake_package

COMMAND = Path(sys.executable).with_name("snnctl")
RECIPES = Path(__file__).parents[2] / "recipes"
HEAVY = ("tensorflow", "keras", "jax", "torch", "scipy", "h5py")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The installed command."""
    given = {**os.environ, "COLUMNS": "200", **environment}
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, env=given, timeout=60, check=False)


def imported(code: str, cwd: Path) -> set[str]:
    """Top-level packages that are imported when ``code`` has run."""
    script = f"""
import sys
try:
    {code}
except SystemExit:
    pass
print("\\n".join({{name.partition(".")[0] for name in sys.modules}}), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=cwd, check=True)
    return set(done.stderr.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["train", "--help"],
        ["run", "--help"],
        ["--version"],
        ["plugins", "list"],
        ["data", "list"],
        ["data", "show", "mnist"],
        ["archs", "list"],
        ["archs", "show", "fc2"],
        ["run", str(RECIPES / "quickstart.yaml"), "--dry-run"],
        ["run", str(RECIPES / "cifar10-pretrained.yaml")],
        ["train", "--arch", "unknown"],
        ["eval", "nowhere"],
    ],
    ids=" ".join,
)
def test_no_tensorflow(tmp_path: Path, arguments: list[str]) -> None:
    found = imported(f"from snnctl.cli import main; main({arguments!r})", tmp_path)
    assert "typer" in found
    assert not found & set(HEAVY)
    if "--help" in arguments[:1]:
        assert not found & {"numpy", "pydantic", "yaml"}


def test_importing_snnctl_is_light(tmp_path: Path) -> None:
    found = imported("import snnctl; snnctl.__version__; snnctl.train", tmp_path)
    assert not found & {*HEAVY, "numpy", "pydantic", "typer", "rich", "yaml"}


def test_completion_is_installed(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    shown = run("--show-completion", "bash", **home)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "snnctl" in shown.stdout
    done = run("--install-completion", "bash", **home)
    assert (done.returncode, done.stderr) == (0, "")
    assert "snnctl" in (tmp_path / ".bash_completions" / "snnctl.sh").read_text()


def test_completion_without_tensorflow(tmp_path: Path) -> None:
    environment = "_SNNCTL_COMPLETE='complete_bash', COMP_WORDS='snnctl train --data mnist-', COMP_CWORD='3'"
    code = f"import os; os.environ.update({environment}); from snnctl.cli import main; main([])"
    assert not imported(code, tmp_path) & set(HEAVY)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("snnctl train --data mnist-", ["mnist-mini"]),
        ("snnctl train --arch f", ["fc2", "fc"]),
        ("snnctl archs show v", ["vgg16"]),
        ("snnctl train --type s", ["snn"]),
        ("snnctl fine", ["finetune"]),
    ],
)
def test_completion(words: str, expected: list[str]) -> None:
    count = str(len(words.split()) - 1)
    done = run(_SNNCTL_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=count)
    assert sorted(done.stdout.split()) == sorted(expected)


def test_every_command_has_help() -> None:
    commands = ["train", "convert", "finetune", "eval", "run", "doctor", "data list", "archs show", "plugins list"]
    for command in commands:
        done = run(*command.split(), "--help")
        assert done.returncode == 0
        assert "Usage: snnctl" in done.stdout


def test_version() -> None:
    assert run("--version").stdout.startswith("snnctl 0.")


def test_a_closed_pipe_is_no_drama() -> None:
    done = subprocess.run(
        ["bash", "-c", f"{COMMAND} data list | head -c 1; exit ${{PIPESTATUS[0]}}"], capture_output=True, text=True
    )
    assert done.returncode in (0, 141)
    assert done.stderr == ""


def test_broken_plugins_are_named_and_disturb_nobody(tmp_path: Path) -> None:
    sources = {
        "broken_import": "import nowhere_to_be_found",
        "broken_exit": "import sys; sys.exit(5)",
        "broken_hook": "from snnctl.plugins import hookimpl\n@hookimpl\ndef register_datasets(register): 1 / 0",
        "broken_type": "from snnctl.plugins import hookimpl\n@hookimpl\ndef register_datasets(register): register('x')",
        "noisy": "print('hello')\n"
        + "from snnctl.plugins import hookimpl\n@hookimpl\ndef register_datasets(register): pass",
    }
    for module, source in sources.items():
        fake_package.install(tmp_path, module, source)
    fake_package.install(tmp_path, "good_one", fake_package.GOOD)

    listed = run("plugins", "list", "--json", PYTHONPATH=str(tmp_path))
    assert listed.returncode == 0
    plugins = {plugin["package"]: plugin for plugin in json.loads(listed.stdout)["plugins"]}
    assert "nowhere_to_be_found" in plugins["broken-import"]["error"]
    assert "SystemExit" in plugins["broken-exit"]["error"]
    assert "ZeroDivisionError" in plugins["broken-hook"]["error"]
    assert "registers str 'x'" in plugins["broken-type"]["error"]
    assert {key: value for key, value in plugins["good-one"].items() if value} == {
        "name": "good-one",
        "package": "good-one",
        "version": "1.2",
        "datasets": ["tiny-shapes"],
        "architectures": ["narrow"],
    }
    assert "tiny-shapes" in run("data", "list", PYTHONPATH=str(tmp_path)).stdout
    assert "narrow" in run("archs", "list", PYTHONPATH=str(tmp_path)).stdout
    assert "hidden" in run("archs", "show", "good-one:narrow", PYTHONPATH=str(tmp_path)).stdout
    assert run("--help", PYTHONPATH=str(tmp_path)).returncode == 0
    missing = run("data", "show", "theirs", PYTHONPATH=str(tmp_path))
    assert missing.returncode == 7
    assert "not loaded: plugin broken-exit" in missing.stderr
    assert len(missing.stderr.splitlines()) <= 3
    disabled = run("plugins", "list", "--json", PYTHONPATH=str(tmp_path), SNNCTL_DISABLE_PLUGINS="1")
    assert [plugin["name"] for plugin in json.loads(disabled.stdout)["plugins"]] == ["builtin"]


def test_a_plugins_data_set_that_cannot_be_located_is_told(tmp_path: Path) -> None:
    source = fake_package.GOOD.replace("def load(", "def where(self, context):\n            1 / 0\n\n        def load(")
    fake_package.install(tmp_path, "lost", source)
    done = run("data", "list", PYTHONPATH=str(tmp_path))
    assert done.returncode == 0
    assert "error: where failed: ZeroDivisionError: division by zero" in done.stdout


ANYTHING = ("SystemExit(0)", "GeneratorExit()", "type('Odd', (BaseException,), {})('boo')", "StopIteration()")


@pytest.mark.parametrize("raised", ANYTHING)
def test_a_plugin_that_raises_anything_fails_alone(tmp_path: Path, raised: str) -> None:
    method = f"def where(self, context):\n            raise {raised}\n\n        def load("
    fake_package.install(tmp_path, "raises_in_where", fake_package.GOOD.replace("def load(", method))
    fake_package.install(tmp_path, "raises_at_import", f"raise {raised}")
    listed = run("data", "list", "--json", PYTHONPATH=str(tmp_path))
    assert listed.returncode == 0
    datasets = {data["name"]: data for data in json.loads(listed.stdout)["datasets"]}
    assert datasets["tiny-shapes"]["error"].startswith("where failed: ")
    assert datasets["mnist-mini"]["found_in"] == "inside the package"
    fetched = run("data", "fetch", "tiny-shapes", PYTHONPATH=str(tmp_path))
    assert (fetched.returncode, fetched.stdout) == (7, "")
    assert fetched.stderr.startswith("error: data set 'tiny-shapes' (raises_in_where): fetch failed: ")
    assert len(fetched.stderr.splitlines()) == 2


def test_what_plugins_write_below_python_is_not_in_the_result(tmp_path: Path) -> None:
    chatty = "import os\nos.write(1, b'to one')\nos.write(2, b'to two')\nprint('to stdout')\n"
    fake_package.install(tmp_path, "chatty", chatty + textwrap.dedent(fake_package.GOOD))
    done = run("plugins", "list", "--json", PYTHONPATH=str(tmp_path))
    assert "chatty" in {plugin["package"] for plugin in json.loads(done.stdout)["plugins"]}
    assert "to one" in done.stderr
    assert "to stdout" in done.stderr
    assert "to two" not in done.stderr


def test_architectures_and_data_sets_as_json() -> None:
    listed = {each["name"]: each for each in json.loads(run("archs", "list", "--json").stdout)["architectures"]}
    shown = json.loads(run("archs", "show", "fc2", "--json").stdout)
    assert shown == listed["fc2"]
    assert shown["options"]["hidden"] == {
        "type": "int",
        "default": 340,
        "help": "units of the hidden layer.",
    }
    shown = json.loads(run("data", "show", "mnist-mini", "--json").stdout)
    assert (shown["package"], shown["input_shape"], shown["error"]) == ("snnctl", [28, 28, 1], None)


def test_what_a_data_set_does_not_have_is_left_out(tmp_path: Path) -> None:
    fake_package.install(tmp_path, "good_one", fake_package.GOOD)
    lines = run("data", "show", "tiny-shapes", PYTHONPATH=str(tmp_path)).stdout.splitlines()
    assert lines[0].split() == ["name", "tiny-shapes"]
    assert not any("licence" in line for line in lines)
    assert "not here; `snnctl data fetch tiny-shapes` gets it" in lines[-1]


@pytest.mark.parametrize("recipe", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_recipe_is_valid(tmp_path: Path, recipe: Path) -> None:
    (tmp_path / "weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    settings = ["--set", f"weights={tmp_path}/weights.h5"] if recipe.stem == "cifar10-pretrained" else []
    done = run("run", str(recipe), "--dry-run", *settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert "checked; nothing was run" in done.stdout
