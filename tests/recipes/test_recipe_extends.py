"""A recipe that extends another: key by key, step by step."""

from pathlib import Path
from typing import Any

import pytest

from snnctl.recipes import Plan

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
EXTENDS = "extends: base.yaml\n"
NO_MATRIX = EXTENDS + "matrix: {relu.lr: null, defaults.seed: null}\n"


def only(plan: Plan) -> list[Any]:
    """The options of the steps of a recipe without a matrix."""
    assert not plan.has_matrix
    return [step.options for step in plan.steps]


def test_what_it_says_itself_goes_over_the_base(plan_of: Any) -> None:
    text = NO_MATRIX + (
        "vars: {n: 5}\n"
        "defaults: {batch_size: 16, limit: 100}\n"
        "steps:\n"
        "  - {id: score, eval: {model: snn}}\n"
        "  - {id: relu, train: {lr: 0.3, arch_opt: {initializer: he_uniform}}}\n"
    )
    plan = plan_of(text, base=BASE)
    relu, snn, score = only(plan)
    assert [step.id for step in plan.steps] == ["relu", "snn", "score"]
    assert (relu.epochs, relu.batch_size, relu.limit, relu.lr) == (5, 16, 100, 0.3)
    assert relu.arch_opt == {"widths": [50], "initializer": "he_uniform"}
    assert (snn.data, score.limit) == ("mnist-mini", 100)
    assert (plan.bases, plan.name, plan.description) == ((Path("base.yaml"),), "r", "A base.")
    plan = plan_of(NO_MATRIX + "name: other\ndescription: Another.\n", base=BASE)
    assert (plan.name, plan.description) == ("other", "Another.")


def test_a_matrix_key_by_key_and_settings_over_all(plan_of: Any) -> None:
    text = EXTENDS + "matrix: {relu.lr: [0.5], relu.batch-size: [1, 2], defaults.seed: null}\n"
    plan = plan_of(text, base=BASE)
    assert [variant.name for variant in plan.variants] == ["lr=0.5-batch_size=1", "lr=0.5-batch_size=2"]
    text = EXTENDS + "steps: [{id: relu, train: {epochs: 4}}]\n"
    relu, _ = only(plan_of(text, "relu.lr=0.9", "defaults.seed=3", "relu.epochs=1", base=BASE))
    assert (relu.epochs, relu.lr, relu.seed) == (1, 0.9, 3)


def test_options_of_another_architecture_are_left_behind_and_null_empties_mappings(plan_of: Any) -> None:
    for arch, options in (("lenet5", {}), ("fc", {"widths": [50]})):
        text = NO_MATRIX + f"steps: [{{id: relu, train: {{arch: {arch}}}}}]\n"
        assert only(plan_of(text, base=BASE))[0].arch_opt == options
    text = (
        "defaults: {arch: fc2, arch_opt: {hidden: 9}}\n"
        "steps: [{id: own, train: {arch: lenet5}}, {id: same, train: {}}]\n"
    )
    assert [options.arch_opt for options in only(plan_of(text))] == [{}, {"hidden": 9}]
    text = NO_MATRIX + "defaults: {limit: null}\nsteps: [{id: relu, train: {arch_opt: , callback: }}]\n"
    relu, snn = only(plan_of(text, base=BASE.replace("{data: mnist-mini", "{limit: 5, data: mnist-mini")))
    assert (relu.arch_opt, relu.callback, relu.limit, snn.limit) == ({}, None, None, None)


def test_a_base_is_looked_for_beside_the_recipe_that_names_it(plan_of: Any, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/middle.yaml").write_text(NO_MATRIX.replace("base", "../base") + "vars: {n: 7}\n")
    plan = plan_of("extends: sub/middle.yaml\nsteps: [{id: relu, train: {lr: 0.7}}]\n", base=BASE)
    relu, _ = only(plan)
    assert (relu.epochs, relu.lr) == (7, 0.7)
    assert plan.bases == (Path("sub/middle.yaml"), Path("base.yaml"))


def test_what_is_wrong_in_both_files_is_told_with_each_ones_name(refusal_of: Any) -> None:
    text = NO_MATRIX + "steps: [{id: relu, train: {epoch: 3}}]\n"
    lines = refusal_of(text, base=BASE.replace("{model: relu}", "{model: rely}")).splitlines()
    assert lines[1] == "r.yaml:3:28: no option 'epoch' of train"
    assert lines[3] == "base.yaml:12:15: 'rely' is neither an earlier step nor a file"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extends: a.yaml\n", "b.yaml:1:10: recipes extend each other: a.yaml -> b.yaml -> a.yaml"),
        ("extends: bse.yaml\n", "r.yaml:1:10: no recipe at bse.yaml\ndid you mean 'base.yaml'?"),
        ("extends:\n", "`extends` names one recipe's file, not empty"),
        ("extends: ''\n", "`extends` names one recipe's file, not an empty text"),
        ('extends: "a\\0b"\n', "the character U+0000 is not allowed"),
        ("extends: $HOME/base.yaml\n", "no recipe at $HOME/base.yaml"),
        ("extends: empty.yaml\n", "neither the recipe nor the one it extends has `steps`"),
    ],
)
def test_what_is_no_base(refusal_of: Any, text: str, message: str) -> None:
    others = {"a": "extends: b.yaml\n", "b": "extends: ./a.yaml\n", "empty": "name: a\n"}
    assert message in refusal_of(text, base=BASE, **others)
