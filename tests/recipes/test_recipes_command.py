"""``snnctl recipes``: list, show, validate, init, schema."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from snnctl.cli.recipe_files import recipe_paths, template_names

GOOD = "description: Good.\nsteps:\n  - train: {arch: fc2}\n"
NEEDY = "description: Needy.\nvars: {w: null}\nsteps:\n  - eval: {model: '${w}', data: mnist-mini}\n"
BAD = "description: Bad.\nsteps:\n  - train: {arch: fc2, epoch: 3}\n  - eval: {model: trian}\n"
MATRIX = "matrix: {train.seed: [0, 1]}\n" + GOOD
SCHEMA = "# yaml-language-server: $schema=snnctl-recipe.schema.json"
Recipes = Callable[..., tuple[int, str, str]]


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
def recipes(folder: Path, call: Recipes) -> Recipes:
    """``recipes("list", ...)`` in that folder; exit code, stdout and stderr."""
    return lambda *arguments: call("recipes", *arguments)


def test_list_tells_the_state_of_each(recipes: Recipes, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = recipes("list", "--json")
    listed = json.loads(out)
    entries = {each["name"]: each for each in listed["recipes"]}
    assert code == 0
    assert list(entries) == [f"recipes/{name}.yaml" for name in ("bad", "good", "needy", "sub/matrix")]
    assert [each["valid"] for each in entries.values()] == [False, True, True, True]
    assert entries["recipes/needy.yaml"]["needs"] == ["w"]
    assert entries["recipes/sub/matrix.yaml"]["variants"] == ["seed=0", "seed=1"]
    assert [(each["name"], each["valid"]) for each in listed["templates"]] == [
        ("starter", True),
        ("convert", True),
        ("matrix", True),
    ]
    _, out, _ = recipes("list", "recipes/sub")
    assert "recipes/sub/matrix.yaml" in out
    assert "starter" in out
    code, _, err = recipes("list", "nowhere")
    assert (code, "there is no folder nowhere" in err) == (2, True)
    (folder / "empty").mkdir()
    monkeypatch.chdir(folder / "empty")
    code, out, _ = recipes("list")
    assert (code, "no recipes in recipes/" in out) == (0, True)


def test_show_is_a_recipe_again(recipes: Recipes) -> None:
    code, out, _ = recipes("show", "recipes/good.yaml", "--set", "train.epochs=2")
    assert code == 0
    assert yaml.safe_load(out)["steps"] == [{"id": "train", "train": {"arch": "fc2", "epochs": 2}}]
    _, out, _ = recipes("show", "recipes/sub/matrix.yaml")
    assert yaml.safe_load(out)["matrix"] == {"train.seed": [0, 1]}
    assert "# 2 variants:\n#   seed=0\n" in out
    _, out, _ = recipes("show", "recipes/sub/matrix.yaml", "--variant", "seed=1")
    assert yaml.safe_load(out)["steps"] == [{"id": "train", "train": {"arch": "fc2", "seed": 1}}]
    _, out, _ = recipes("show", "matrix", "--json")
    assert len(json.loads(out)["variants"]) == 6
    code, _, err = recipes("show", "recipes/sub/matrix.yaml", "--variant", "seed=7")
    assert (code, "no variant 'seed=7'" in err) == (2, True)


def test_validate(recipes: Recipes) -> None:
    code, out, _ = recipes("validate", "recipes/good.yaml", "recipes/needy.yaml")
    assert (code, out) == (0, "recipes/good.yaml: ok\nrecipes/needy.yaml: ok, needs --set w=\n")
    code, out, _ = recipes("validate", "recipes/good.yaml", "recipes/bad.yaml", "nowhere.yaml")
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
    code, out, _ = recipes("validate", "recipes/bad.yaml", "--json")
    assert code == 6
    assert json.loads(out)["recipes"][0]["problems"][0] == {
        "file": "recipes/bad.yaml",
        "line": 3,
        "column": 24,
        "message": "no option 'epoch' of train",
        "todo": "did you mean 'epochs'?",
    }
    code, out, _ = recipes("validate", "recipes/needy.yaml", "--set", "w=nowhere")
    assert (code, "'nowhere' is neither an earlier step nor a file" in out) == (6, True)


def test_init_writes_a_valid_recipe_and_the_schema_it_names(recipes: Recipes) -> None:
    code, out, _ = recipes("init", "new/mine.yaml", "--from", "matrix")
    assert code == 0
    assert "snnctl run new/mine.yaml --dry-run" in out
    first, second, *_ = Path("new/mine.yaml").read_text().splitlines()
    assert (first, second[:2]) == (SCHEMA, "# ")
    assert json.loads(Path("new/snnctl-recipe.schema.json").read_text())["title"] == "snnctl recipe"
    assert recipes("validate", "new/mine.yaml")[0] == 0
    assert sorted(path.name for path in Path("new").iterdir()) == ["mine.yaml", "snnctl-recipe.schema.json"]
    own = GOOD.replace("Good", "A RECIPE")  # the user's own text stays, whatever it says
    Path("recipes/good.yaml").write_text(own)
    recipes("init", "one.yaml", "--from", "recipes/good.yaml")
    recipes("init", "two.yaml", "--from", "one.yaml")
    assert Path("two.yaml").read_text().splitlines() == [SCHEMA, *own.splitlines()]


def test_init_overwrites_nothing(recipes: Recipes) -> None:
    def refusal(*arguments: str) -> tuple[int, str]:
        before = {path: path.read_text() for path in Path().glob("*.*")}
        code, _, err = recipes("init", *arguments)
        assert {path: path.read_text() for path in Path().glob("*.*")} == before
        return code, err

    Path("recipe.yaml").write_text("mine")
    code, err = refusal()
    assert (code, "recipe.yaml is there already" in err) == (8, True)
    code, err = refusal("other.yaml", "--from", "startr")
    assert (code, "did you mean 'starter'?" in err) == (2, True)
    Path("snnctl-recipe.schema.json").write_text('{"title": "mine"}')
    code, err = refusal("other.yaml")
    assert (code, "is no schema of recipes" in err) == (8, True)


def test_schema_replaces_older_schemas_only(recipes: Recipes) -> None:
    code, out, _ = recipes("schema")
    assert code == 0
    for text in ("", json.dumps({"title": "snnctl recipe"})):
        if text:
            Path("s.json").write_text(text)
        assert recipes("schema", "--out", "s.json")[0] == 0
        assert Path("s.json").read_text() == out
    Path("t.json").write_text("mine")
    assert recipes("schema", "--out", "t.json")[0] == 8
    assert Path("t.json").read_text() == "mine"


def test_completion_of_files_and_templates(folder: Path) -> None:
    assert recipe_paths("") == ["recipes/"]
    assert recipe_paths("recipes/") == ["recipes/bad.yaml", "recipes/good.yaml", "recipes/needy.yaml", "recipes/sub/"]
    assert recipe_paths("recipes/g") == ["recipes/good.yaml"]
    assert recipe_paths("nowhere/") == []
    assert template_names("ma") == ["matrix"]
