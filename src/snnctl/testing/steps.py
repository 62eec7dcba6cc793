"""Checks of a step: a verb for recipes and the command line."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from snnctl.errors import RecipeError
from snnctl.plugins.checks import check_step as check_declared
from snnctl.plugins.verb import Verb
from snnctl.testing.findings import Checks, Finding, Unknown, Wrong, require
from snnctl.testing.tiny import NAME
from snnctl.testing.trial import Trial, registry_with


def examine_step(verb: Verb, trial: Trial) -> list[Finding]:
    """Whether its options can be flags and recipe keys, and it can stand in a recipe."""
    checks = Checks(f"step '{verb.name}'")
    with checks.that("is declared well"):
        check_declared(verb)
    has_options = "has a model of its options"
    with checks.that(has_options):
        require(verb.options is not None, "it has none")
    if not checks.passed(has_options):
        return checks.findings
    with checks.that("describes every option"):
        unsaid = [name for name, field in verb.options.model_fields.items() if not field.description]
        require(not unsaid, f"no description: {', '.join(unsaid)}")
    with checks.that("has defaults that fit their types"):
        _require_defaults(verb)
    with checks.that("has options that a JSON schema can tell"):
        json.dumps(verb.options.model_json_schema())
    with checks.that("names a function (options, run)"):
        _require_function(verb)
    with checks.that("can stand in a recipe"):
        _require_plan(verb, trial)
    return checks.findings


def _require_defaults(verb: Verb) -> None:
    from pydantic import ConfigDict, ValidationError

    checked = type("Checked", (verb.options,), {"model_config": ConfigDict(validate_default=True)})
    try:
        checked()
    except ValidationError as error:
        wrong = [
            f"{detail['loc'][0]}: {detail['msg']}"
            for detail in error.errors()
            if detail["loc"] and detail["type"] != "missing"
        ]
        require(not wrong, "; ".join(wrong))


def _require_function(verb: Verb) -> None:
    require(callable(verb.function), f"{verb.function_path} is no function")
    try:
        inspect.signature(verb.function).bind("options", "run")
    except TypeError as error:
        raise Wrong(f"{verb.function_path} cannot be called with (options, run): {error}") from error


def _require_plan(verb: Verb, trial: Trial) -> None:
    """A dry run of a recipe that trains, converts, and does this with the spiking network or else with the ReLU one."""
    fields = verb.options.model_fields
    given = {name.replace("-", "_"): value for name, value in trial.options.items()}
    refusals = []
    for model in ("snn", "relu"):
        known = {"model": model, "data": NAME, "arch": NAME}
        written = {name: value for name, value in {**known, **given}.items() if name in fields}
        missing = [name for name, field in fields.items() if field.is_required() and name not in written]
        if missing:
            raise Unknown("needs " + " ".join(f"--opt {name}=VALUE" for name in missing))
        try:
            planned = _planned(verb, written)
        except RecipeError as refusal:
            refusals.append(refusal)
            continue
        require(planned == verb.name, f"the recipe does '{planned}' in its place")
        return
    if given:
        raise refusals[0]
    raise Unknown(f"it needs other options, see --opt: {refusals[0].what.splitlines()[0]}")


def _planned(verb: Verb, written: dict[str, Any]) -> str:
    """The name of the last step of the recipe, as snnctl understands it."""
    from snnctl.recipes import make_plan

    steps = [
        {"id": "relu", "train": {"arch": NAME, "data": NAME, "epochs": 0}},
        {"id": "snn", "convert": {"model": "relu"}},
        {"id": "tested", verb.name: written},
    ]
    with TemporaryDirectory(prefix="snnctl-") as folder:
        recipe = Path(folder) / "recipe.yaml"
        recipe.write_text(json.dumps({"steps": steps}), encoding="utf-8")  # JSON is YAML
        plan = make_plan(recipe, [], registry_with("steps", verb))
    return plan.steps[-1].verb.name
