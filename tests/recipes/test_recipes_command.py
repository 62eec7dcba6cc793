"""``snnctl recipes``: list, show, validate, init, schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from snnctl.cli.process import run
from snnctl.cli.recipe_files import recipe_paths, template_names

GOOD = "description: Good.\nsteps:\n  - train: {arch: fc2}\n"
NEEDY = "description: Needy.\nvars: {w: null}\nsteps:\n  - eval: {model: '${w}', data: mnist-mini}\n"
BAD = "description: Bad.\nsteps:\n  - train: {arch: fc2, epoch: 3}\n  - eval: {model: trian}\n"
MATRIX = "matrix: {train.seed: [0, 1]}\n" + GOOD


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with recipes."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"good": GOOD, "needy": NEEDY, "bad": BAD, "sub/matrix": MATRIX}.items():
        path = tmp_path / "recipes" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.fixture
def call(folder: Path, capfd: pytest.CaptureFixture[str]) -> Any:
    """Calls ``snnctl recipes``; returns exit code, stdout and stderr."""

    def called(*arguments: str) -> tuple[int, str, str]:
        code = run(["recipes", *arguments], debug=False)
        return code, *capfd.readouterr()

    return called


def test_list_tells_the_state_of_each(call: Any) -> None:
    code, out, _ = call("list", "--json")
    listed = json.loads(out)
    found = {each["name"]: each for each in listed["recipes"]}
    assert code == 0
    assert list(found) == [f"recipes/{name}.yaml" for name in ("bad", "good", "needy", "sub/matrix")]
    assert [each["valid"] for each in found.values()] == [False, True, True, True]
    assert found["recipes/needy.yaml"]["needs"] == ["w"]
    assert found["recipes/sub/matrix.yaml"]["variants"] == ["seed=0", "seed=1"]
    assert [each["name"] for each in listed["templates"]] == ["starter", "convert", "matrix"]
    assert all(each["valid"] for each in listed["templates"])
    code, out, _ = call("list", "recipes/sub")
    assert "recipes/sub/matrix.yaml" in out
    assert "starter" in out


def test_list_without_a_folder(call: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "empty").mkdir()
    monkeypatch.chdir(folder / "empty")
    code, out, _ = call("list")
    assert code == 0
    assert "no recipes in recipes/" in out
    code, _, err = call("list", "nowhere")
    assert code == 2
    assert "there is no folder nowhere" in err


def test_show_is_a_recipe_again(call: Any) -> None:
    code, out, _ = call("show", "recipes/good.yaml", "--set", "train.epochs=2")
    assert code == 0
    assert yaml.safe_load(out)["steps"] == [{"id": "train", "train": {"arch": "fc2", "epochs": 2}}]
    _, out, _ = call("show", "recipes/sub/matrix.yaml")
    assert yaml.safe_load(out)["matrix"] == {"train.seed": [0, 1]}
    assert "# 2 variants:\n#   seed=0\n" in out
    _, out, _ = call("show", "recipes/sub/matrix.yaml", "--variant", "seed=1")
    assert yaml.safe_load(out)["steps"] == [{"id": "train", "train": {"arch": "fc2", "seed": 1}}]
    _, out, _ = call("show", "matrix", "--json")
    assert len(json.loads(out)["variants"]) == 6
    code, _, err = call("show", "recipes/sub/matrix.yaml", "--variant", "seed=7")
    assert code == 2
    assert "no variant 'seed=7'" in err


def test_validate(call: Any) -> None:
    code, out, _ = call("validate", "recipes/good.yaml", "recipes/needy.yaml")
    assert (code, out) == (0, "recipes/good.yaml: ok\nrecipes/needy.yaml: ok, needs --set w=\n")
    code, out, _ = call("validate", "recipes/good.yaml", "recipes/bad.yaml", "nowhere.yaml")
    assert code == 6
    assert out.splitlines() == [
        "recipes/good.yaml: ok",
        "recipes/bad.yaml: 2 problems",
        "recipes/bad.yaml:3:24: no option 'epoch' of train",
        "    3 |   - train: {arch: fc2, epoch: 3}",
        "      |                        ^",
        "  did you mean 'epochs'?",
        "recipes/bad.yaml:4:12: 'trian' is neither an earlier step nor a file",
        "    4 |   - eval: {model: trian}",
        "      |            ^",
        "  did you mean 'train'?",
        "nowhere.yaml: 1 problem",
        "nowhere.yaml: no recipe at nowhere.yaml",
        "  `snnctl recipes list` shows those that are here",
    ]
    code, out, _ = call("validate", "recipes/bad.yaml", "--json")
    assert code == 6
    assert json.loads(out)["recipes"][0]["problems"][0] == {
        "file": "recipes/bad.yaml",
        "line": 3,
        "column": 24,
        "message": "no option 'epoch' of train",
        "todo": "did you mean 'epochs'?",
    }
    code, out, _ = call("validate", "recipes/needy.yaml", "--set", "w=nowhere")
    assert code == 6
    assert "'nowhere' is neither an earlier step nor a file" in out


def test_init_writes_a_valid_recipe_and_the_schema_it_names(call: Any) -> None:
    code, out, _ = call("init", "new/mine.yaml", "--from", "matrix")
    assert code == 0
    assert "snnctl run new/mine.yaml --dry-run" in out
    first, second, *_ = Path("new/mine.yaml").read_text().splitlines()
    assert first == "# yaml-language-server: $schema=snnctl-recipe.schema.json"
    assert second.startswith("# ")
    assert json.loads(Path("new/snnctl-recipe.schema.json").read_text())["title"] == "snnctl recipe"
    assert call("validate", "new/mine.yaml")[0] == 0
    assert sorted(path.name for path in Path("new").iterdir()) == ["mine.yaml", "snnctl-recipe.schema.json"]


def test_init_from_a_recipe_of_ones_own(call: Any) -> None:
    call("init", "one.yaml", "--from", "recipes/good.yaml")
    call("init", "two.yaml", "--from", "one.yaml")
    lines = Path("two.yaml").read_text().splitlines()
    assert lines == ["# yaml-language-server: $schema=snnctl-recipe.schema.json", *GOOD.splitlines()]


def test_init_overwrites_nothing(call: Any) -> None:
    Path("recipe.yaml").write_text("mine")
    code, _, err = call("init")
    assert code == 8
    assert "recipe.yaml is there already" in err
    assert Path("recipe.yaml").read_text() == "mine"
    assert not Path("snnctl-recipe.schema.json").exists()
    Path("snnctl-recipe.schema.json").write_text('{"title": "mine"}')
    code, _, err = call("init", "other.yaml")
    assert code == 8
    assert "is no schema of recipes" in err
    assert not Path("other.yaml").exists()
    code, _, err = call("init", "other.yaml", "--from", "startr")
    assert code == 2
    assert "did you mean 'starter'?" in err


def test_schema_replaces_older_schemas_only(call: Any) -> None:
    code, out, _ = call("schema")
    assert code == 0
    assert call("schema", "--out", "s.json")[0] == 0
    assert Path("s.json").read_text() == out
    Path("s.json").write_text(json.dumps({"title": "snnctl recipe"}))
    assert call("schema", "--out", "s.json")[0] == 0
    assert Path("s.json").read_text() == out
    Path("t.json").write_text("mine")
    assert call("schema", "--out", "t.json")[0] == 8
    assert Path("t.json").read_text() == "mine"


def test_completion_of_files_and_templates(folder: Path) -> None:
    assert recipe_paths("") == ["recipes/"]
    assert recipe_paths("recipes/") == ["recipes/bad.yaml", "recipes/good.yaml", "recipes/needy.yaml", "recipes/sub/"]
    assert recipe_paths("recipes/g") == ["recipes/good.yaml"]
    assert recipe_paths("nowhere/") == []
    assert template_names("ma") == ["matrix"]
