"""A matrix of settings: every combination is checked, and has a folder of its own."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from snnctl.plugins import load_registry
from snnctl.recipes import FaultyRecipe, Plan, make_plan, parse_settings
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


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that checks a recipe given as text."""
    monkeypatch.chdir(tmp_path)

    def from_text(text: str, *settings: str) -> Plan:
        Path("r.yaml").write_text(textwrap.dedent(text))
        return make_plan(Path("r.yaml"), parse_settings(list(settings)), load_registry())

    return from_text


def complaints(check: Any, text: str, *settings: str) -> list[tuple[str, str]]:
    with pytest.raises(FaultyRecipe) as caught:
        check(text, *settings)
    return [(str(complaint.place), complaint.message) for complaint in caught.value.complaints]


def test_every_combination_the_last_key_fastest(check: Any) -> None:
    plan = check(RECIPE)
    assert [variant.name for variant in plan.variants] == [
        *("lr=0.001-seed=0", "lr=0.001-seed=1", "lr=0.001-seed=2"),
        *("lr=0.1-seed=0", "lr=0.1-seed=1", "lr=0.1-seed=2"),
    ]
    assert plan.variants[4].settings == {"relu.lr": 0.1, "seed": 1}
    for variant in plan.variants:
        relu, snn = variant.steps
        assert (relu.options.lr, relu.options.seed) == tuple(variant.settings.values())
        assert snn.source == "relu"


def test_a_recipe_without_a_matrix_is_one_variant_without_a_name(check: Any) -> None:
    plan = check("steps: [{train: {arch: fc2}}]")
    assert [(variant.name, variant.settings) for variant in plan.variants] == [("", {})]
    assert not plan.has_matrix


@pytest.mark.parametrize(
    ("axes", "settings"),
    [
        ("seed: [0, 1]", [{"seed": 0}, {"seed": 1}]),
        ("defaults.limit: [5, null]", [{"defaults.limit": 5}, {"defaults.limit": None}]),
        ("relu.arch-opt.hidden: [3, 4]", [{"relu.arch_opt.hidden": 3}, {"relu.arch_opt.hidden": 4}]),
        ("relu.callback.early-stopping.patience: [1]", [{"relu.callback.early-stopping.patience": 1}]),
    ],
)
def test_keys_are_those_of_settings(check: Any, axes: str, settings: list[dict[str, Any]]) -> None:
    used = ", seed: '${seed}'" if axes.startswith("seed") else ""
    plan = check(f"matrix: {{{axes}}}\nsteps: [{{id: relu, train: {{arch: fc2{used}}}}}]")
    assert [variant.settings for variant in plan.variants] == settings


def test_a_setting_pins_a_key(check: Any) -> None:
    plan = check(RECIPE, "relu.lr=0.5")
    assert [variant.name for variant in plan.variants] == ["seed=0", "seed=1", "seed=2"]
    assert {variant.steps[0].options.lr for variant in plan.variants} == {0.5}
    single = check(RECIPE, "relu.lr=0.5", "seed=7")
    assert not single.has_matrix
    assert (single.steps[0].options.lr, single.steps[0].options.seed) == (0.5, 7)


def test_a_part_of_what_the_matrix_sets_as_a_whole_cannot_be_set(check: Any) -> None:
    text = "matrix: {relu.arch_opt: [{hidden: 3}, {hidden: 4}]}\nsteps: [{id: relu, train: {arch: fc2}}]"
    [(place, message)] = complaints(check, text, "relu.arch_opt.hidden=5")
    assert place == "--set relu.arch_opt.hidden"
    assert message == "'relu.arch_opt.hidden' is a part of 'relu.arch_opt' in the matrix"


def test_what_is_wrong_in_every_variant_is_told_once(check: Any) -> None:
    assert complaints(check, RECIPE.replace("model: relu", "model: rleu")) == [
        ("r.yaml:10:15", "'rleu' is neither an earlier step nor a file")
    ]


def test_what_a_value_causes_is_told_at_the_value(check: Any) -> None:
    fast, negative = complaints(check, RECIPE.replace("[1e-3, 0.1]", "[1e-3, fast, -1]"))
    assert fast[0] == "r.yaml:3:19"
    assert fast[1].startswith("option 'lr' of train is 'fast': it should be a valid number")
    assert negative == ("r.yaml:3:25", "option 'lr' of train is -1: it should be greater than 0")


def test_what_is_wrong_in_some_variants_names_one(check: Any) -> None:
    text = """\
    matrix:
      relu.type: [relu, snn]
    steps:
      - id: relu
        train: {arch: fc2}
      - id: score
        eval: {model: relu, simulator: events}
    """
    [(place, message)] = complaints(check, text)
    assert place == "r.yaml:7:25"
    assert message.endswith("only spiking networks are simulated event by event (with relu.type=relu)")


def test_the_resolved_recipe_means_the_same(check: Any) -> None:
    plan = check(RECIPE, "relu.epochs=2")
    again = check(yaml.safe_dump(plan.resolved(), sort_keys=False))
    assert [variant.name for variant in again.variants] == [variant.name for variant in plan.variants]
    for one, other in zip(plan.variants, again.variants, strict=True):
        assert [step.options for step in one.steps] == [step.options for step in other.steps]
        alone = check(yaml.safe_dump(plan.resolved(one)))
        assert [step.options for step in alone.steps] == [step.options for step in one.steps]


def test_a_thousand_combinations_and_no_more(check: Any) -> None:
    text = "matrix: {relu.epochs: %s, relu.seed: %s}\nsteps: [{id: relu, train: {arch: fc2}}]"
    plan = check(text % (list(range(40)), list(range(25))))
    assert len({variant.name for variant in plan.variants}) == 1000
    assert complaints(check, text % (list(range(40)), list(range(26)))) == [
        ("r.yaml:1:10", "the matrix has 1,040 combinations; at most 1,000 are allowed")
    ]


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
    found = names(key=values, other=[0])
    assert len({name.lower() for name in found}) == len(values)
    for name in found:
        assert re.fullmatch(r"[A-Za-z0-9._=,+-]+", name)
        assert name.startswith("key=")
    crafted = [name.removeprefix("key=") for name in names(key=["A", "a"])]
    assert len(set(names(key=["A", "a", *crafted]))) == 4, "a value may look like the name of another one"
    many = names(**{f"step{n}.option": ["x" * 30, "y" * 30] for n in range(20)})
    assert len(set(many)) == 2
    assert max(len(name) for name in [*found, *many]) <= 100


def test_names_do_not_depend_on_what_stands_beside() -> None:
    """A folder keeps its name when values are added."""
    few, more = names(path=["data/a", "data/b"]), names(path=["data/b", "data/c", "data/a"])
    assert set(few) < set(more)
