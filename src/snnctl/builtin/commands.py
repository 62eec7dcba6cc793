"""snnctl's own commands that are no steps of recipes. Light: each names its code."""

from __future__ import annotations

from snnctl.plugins.command import Command

ALL: tuple[Command, ...] = (
    Command(
        "inspect",
        "Show what a network consists of: layers, and for a spiking one neurons, windows and fan-out.",
        "snnctl.cli.inspect:inspect",
    ),
    Command("run", "Run a YAML recipe: several verbs, one after the other.", "snnctl.cli.recipe:run"),
    Command("recipes", "List, show, check and begin recipes.", "snnctl.cli.recipes:app"),
    Command(
        "report",
        "Compare runs in one HTML file: figures, charts, the spikes of an image, and where everything comes from.",
        "snnctl.cli.report:report",
    ),
    Command("data", "List, show and fetch data sets.", "snnctl.cli.data:app"),
    Command("archs", "List and show architectures.", "snnctl.cli.archs:app"),
    Command("plugins", "List, show, begin and check plugins.", "snnctl.cli.plugins:app"),
    Command(
        "doctor",
        "Show versions, devices, where data sets are found, and broken plugins.",
        "snnctl.cli.doctor:doctor",
    ),
)
