"""A matrix of settings: every combination is checked, and has a folder of its own."""

import re
from typing import Any

import pytest
import yaml

from snnctl.recipes.variant_names import variant_names

RECIPE = """\
vars: {seed: 0}
matrix:
  relu.lr: [1e-3, 0.1]
  seed: [0, 1, 2]
defaults: {data: mnist-mini}
steps:
  - id: relu
    train: {arch: fc2, seed: "${seed}"}
  - id: snn
    convert: {model: relu}
"""
TRAIN = "steps: [{id: relu, train: {arch: fc2}}]"


def test_every_combination_the_last_key_fastest(plan_of: Any) -> None:
    plan = plan_of(RECIPE)
    assert [variant.name for variant in plan.variants] == [
        *("lr=0.001-seed=0", "lr=0.001-seed=1", "lr=0.001-seed=2"),
        *("lr=0.1-seed=0", "lr=0.1-seed=1", "lr=0.1-seed=2"),
    ]
    assert plan.variants[4].settings == {"relu.lr": 0.1, "seed": 1}
    for variant in plan.variants:
        relu, snn = variant.steps
        assert (relu.options.lr, relu.options.seed) == tuple(variant.settings.values())
        assert snn.source == "relu"
    alone = plan_of(TRAIN)
    assert [(variant.name, variant.settings) for variant in alone.variants] == [("", {})]
    assert not alone.has_matrix


@pytest.mark.parametrize(
    ("axes", "settings"),
    [
        ("defaults.limit: [5, null]", [{"defaults.limit": 5}, {"defaults.limit": None}]),
        ("relu.arch-opt.hidden: [3, 4]", [{"relu.arch_opt.hidden": 3}, {"relu.arch_opt.hidden": 4}]),
        ("relu.callback.early-stopping.patience: [1]", [{"relu.callback.early-stopping.patience": 1}]),
    ],
)
def test_keys_are_those_of_settings(plan_of: Any, axes: str, settings: list[dict[str, Any]]) -> None:
    assert [variant.settings for variant in plan_of(f"matrix: {{{axes}}}\n{TRAIN}").variants] == settings


def test_a_setting_pins_a_key(plan_of: Any) -> None:
    plan = plan_of(RECIPE, "relu.lr=0.5")
    assert [variant.name for variant in plan.variants] == ["seed=0", "seed=1", "seed=2"]
    assert {variant.steps[0].options.lr for variant in plan.variants} == {0.5}
    single = plan_of(RECIPE, "relu.lr=0.5", "seed=7")
    assert not single.has_matrix
    assert (single.steps[0].options.lr, single.steps[0].options.seed) == (0.5, 7)


def test_mistakes_have_the_place_of_their_cause(refusal_of: Any) -> None:
    text = "matrix: {relu.arch_opt: [{hidden: 3}, {hidden: 4}]}\n" + TRAIN
    assert refusal_of(text, "relu.arch_opt.hidden=5").startswith(
        "--set relu.arch_opt.hidden: 'relu.arch_opt.hidden' is a part of 'relu.arch_opt' in the matrix"
    )
    # in every variant: once
    told = refusal_of(RECIPE.replace("model: relu", "model: rleu"))
    assert told.startswith("r.yaml:10:15: 'rleu' is neither an earlier step nor a file")
    # by a value: at the value
    lines = refusal_of(RECIPE.replace("[1e-3, 0.1]", "[1e-3, fast, -1]")).splitlines()
    assert lines[1].startswith("r.yaml:3:19: option 'lr' of train is 'fast': it should be a valid number")
    assert lines[2] == "r.yaml:3:25: option 'lr' of train is -1: it should be greater than 0"
    # in some variants: with one of them
    text = "matrix: {relu.type: [relu, snn]}\n" + TRAIN.replace("}}]", "}}, {eval: {model: relu, simulator: events}}]")
    told = refusal_of(text)
    assert told.startswith("r.yaml:2:62: step 'relu' makes a ReLU network")
    assert "only spiking networks are simulated event by event (with relu.type=relu)" in told


def test_the_resolved_recipe_means_the_same(plan_of: Any) -> None:
    plan = plan_of(RECIPE, "relu.epochs=2")
    again = plan_of(yaml.safe_dump(plan.resolved(), sort_keys=False))
    assert [variant.name for variant in again.variants] == [variant.name for variant in plan.variants]
    for one, other in zip(plan.variants, again.variants, strict=True):
        alone = plan_of(yaml.safe_dump(plan.resolved(one)))
        for variant in (other, alone):
            assert [step.options for step in variant.steps] == [step.options for step in one.steps]


def names(**axes: list[Any]) -> list[str]:
    """The names of the values of each key, one after the other."""
    length = max(len(values) for values in axes.values())
    return variant_names([{key: values[n % len(values)] for key, values in axes.items()} for n in range(length)])


def test_names_say_what_they_can() -> None:
    assert names(**{"relu.lr": [1e-5, 0.1], "tuned.lr": [1e-6]}) == [
        "relu.lr=1e-05-tuned.lr=1e-06",
        "relu.lr=0.1-tuned.lr=1e-06",
    ]
    assert names(**{"relu.neuron": ["smart-alpha1"], "snn.w_min": [-1]}) == ["neuron=smart-alpha1-w_min=-1"]
    assert names(limit=[None], xla=[True], widths=[[300, 100]]) == ["limit=null-xla=true-widths=300,100"]


def test_names_are_safe_different_and_short() -> None:
    texts = ["a/b", "a:b", "../..", "A", "a", "1", "", " ", "x" * 500, "x" * 501, "é", "-b=1"]
    values = [*texts, 1, {"hidden": 3}, [[1], [2]]]
    written = names(key=values, other=[0])
    assert len({name.lower() for name in written}) == len(values)
    assert all(re.fullmatch(r"key=[A-Za-z0-9._=,+-]+", name) and len(name) < 200 for name in written)
    crafted = [name.removeprefix("key=") for name in names(key=["A", "a"])]
    assert len(set(names(key=["A", "a", *crafted]))) == 4, "a value may look like the name of another one"
    few, more = names(path=["data/a", "data/b"]), names(path=["data/b", "data/c", "data/a"])
    assert set(few) < set(more), "a folder keeps its name when values are added"
