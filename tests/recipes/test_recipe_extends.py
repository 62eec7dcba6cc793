"""A recipe that extends another: key by key, step by step."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from snnctl.plugins import load_registry
from snnctl.recipes import FaultyRecipe, Plan, make_plan, parse_settings

BASE = """\
name: base
description: A base.
vars: {n: 3, weights: null}
defaults: {data: mnist-mini, batch-size: 8}
matrix:
  relu.lr: [0.1, 0.2]
  defaults.seed: [0, 1]
steps:
  - id: relu
    train: {arch: fc, arch-opt: {widths: [50]}, epochs: "${n}", callback: early-stopping}
  - id: snn
    convert: {model: relu}
"""


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that checks a recipe given as text, which may extend ``base.yaml`` and others."""
    monkeypatch.chdir(tmp_path)

    def from_text(text: str, *settings: str, **others: str) -> Plan:
        for name, content in {"base": BASE, **others, "r": textwrap.dedent(text)}.items():
            Path(f"{name}.yaml").write_text(content)
        return make_plan(Path("r.yaml"), parse_settings(list(settings)), load_registry())

    return from_text


def only(plan: Plan) -> list[Any]:
    """The options of the steps of a recipe without a matrix."""
    assert not plan.has_matrix
    return [step.options for step in plan.steps]


NO_MATRIX = "matrix: {relu.lr: null, defaults.seed: null}\n"


def test_what_it_says_itself_goes_over_the_base(check: Any) -> None:
    plan = check(
        """\
        extends: base.yaml
        vars: {n: 5}
        defaults: {batch_size: 16, limit: 100}
        matrix: {relu.lr: null, defaults.seed: null}
        steps:
          - id: score
            eval: {model: snn}
          - id: relu
            train: {lr: 0.3, arch_opt: {initializer: he_uniform}}
        """
    )
    relu, snn, score = only(plan)
    assert [step.id for step in plan.steps] == ["relu", "snn", "score"]
    assert (relu.epochs, relu.batch_size, relu.limit, relu.lr) == (5, 16, 100, 0.3)
    assert relu.arch_opt == {"widths": [50], "initializer": "he_uniform"}
    assert (snn.data, score.limit) == ("mnist-mini", 100)
    assert plan.bases == (Path("base.yaml"),)


def test_name_and_description(check: Any) -> None:
    plan = check("extends: base.yaml\n")
    assert (plan.name, plan.description) == ("r", "A base.")
    plan = check("extends: base.yaml\nname: other\ndescription: Another.\n")
    assert (plan.name, plan.description) == ("other", "Another.")


def test_a_matrix_key_by_key(check: Any) -> None:
    plan = check("extends: base.yaml\nmatrix: {relu.lr: [0.5], relu.batch-size: [1, 2], defaults.seed: null}\n")
    assert [variant.name for variant in plan.variants] == ["lr=0.5-batch_size=1", "lr=0.5-batch_size=2"]


def test_options_of_another_architecture_are_left_behind(check: Any) -> None:
    text = "extends: base.yaml\n" + NO_MATRIX + "steps: [{id: relu, train: {arch: lenet5}}]\n"
    assert only(check(text))[0].arch_opt == {}
    text = "extends: base.yaml\n" + NO_MATRIX + "steps: [{id: relu, train: {arch: fc}}]\n"
    assert only(check(text))[0].arch_opt == {"widths": [50]}


def test_null_is_a_value_and_empties_mappings(check: Any) -> None:
    text = "extends: base.yaml\n" + NO_MATRIX + "defaults: {limit: null}\n"
    text += "steps: [{id: relu, train: {arch_opt: , callback: }}]\n"
    relu, snn = only(check(text, base=BASE.replace("{data: mnist-mini", "{limit: 5, data: mnist-mini")))
    assert (relu.arch_opt, relu.callback, relu.limit, snn.limit) == ({}, None, None, None)


def test_chains_and_folders(check: Any, tmp_path: Path) -> None:
    """A base is looked for beside the recipe that names it, whatever the working folder is."""
    folder = tmp_path / "sub"
    folder.mkdir()
    (folder / "middle.yaml").write_text("extends: ../base.yaml\nvars: {n: 7}\n" + NO_MATRIX)
    plan = check("extends: sub/middle.yaml\nsteps: [{id: relu, train: {lr: 0.7}}]\n")
    relu, _ = only(plan)
    assert (relu.epochs, relu.lr) == (7, 0.7)
    assert plan.bases == (Path("sub/middle.yaml"), Path("base.yaml"))


def test_settings_go_over_all(check: Any) -> None:
    text = "extends: base.yaml\nsteps: [{id: relu, train: {epochs: 4}}]\n"
    plan = check(text, "relu.lr=0.9", "defaults.seed=3", "relu.epochs=1")
    relu, _ = only(plan)
    assert (relu.epochs, relu.lr, relu.seed) == (1, 0.9, 3)


def test_default_options_of_an_architecture_are_for_that_architecture(check: Any) -> None:
    """They are no defaults for another one that a step names."""
    plan = check(
        """\
        defaults: {arch: fc2, arch_opt: {hidden: 9}}
        steps:
          - {id: own, train: {arch: lenet5}}
          - {id: same, train: {}}
        """
    )
    own, same = only(plan)
    assert (own.arch_opt, same.arch_opt) == ({}, {"hidden": 9})


def complaints(check: Any, text: str, **others: str) -> list[tuple[str, str]]:
    with pytest.raises(FaultyRecipe) as caught:
        check(text, **others)
    return [(str(complaint.place), complaint.message) for complaint in caught.value.complaints]


def test_circles_are_named_whole(check: Any) -> None:
    others = {"a": "extends: b.yaml\n", "b": "extends: ./a.yaml\n"}
    assert complaints(check, "extends: a.yaml\n", **others) == [
        ("b.yaml:1:10", "recipes extend each other: a.yaml -> b.yaml -> a.yaml")
    ]


def test_a_missing_base_names_its_neighbour(check: Any) -> None:
    with pytest.raises(FaultyRecipe) as caught:
        check("extends: bse.yaml\n")
    assert str(caught.value).splitlines() == [
        "r.yaml:1:10: no recipe at bse.yaml",
        "    1 | extends: bse.yaml",
        "      |          ^",
        "did you mean 'base.yaml'?",
    ]


def test_what_is_wrong_in_both_files_is_told_with_each_ones_name(check: Any) -> None:
    text = "extends: base.yaml\n" + NO_MATRIX + "steps: [{id: relu, train: {epoch: 3}}]\n"
    assert complaints(check, text, base=BASE.replace("{model: relu}", "{model: rely}")) == [
        ("r.yaml:3:28", "no option 'epoch' of train"),
        ("base.yaml:12:15", "'rely' is neither an earlier step nor a file"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extends:\n", "`extends` names one recipe's file, not empty"),
        ("extends: ''\n", "`extends` names one recipe's file, not an empty text"),
        ("extends: 3\n", "`extends` names one recipe's file, not a number"),
        ('extends: "a\\0b"\n', "the character U+0000 is not allowed"),
        ("extends: ~/base.yaml\n", "no recipe at ~/base.yaml"),
        ("extends: $HOME/base.yaml\n", "no recipe at $HOME/base.yaml"),
        ("extends: empty.yaml\n", "neither the recipe nor the one it extends has `steps`"),
    ],
)
def test_what_is_no_base(check: Any, text: str, message: str) -> None:
    assert message in [told for _, told in complaints(check, text, empty="name: a\n")]
