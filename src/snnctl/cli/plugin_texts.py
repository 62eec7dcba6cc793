"""Plugins as text, as wide as the terminal; written without rich, which would take longer than everything else."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from snnctl.cli.option_data import option_text
from snnctl.plugins.kinds import KINDS, LATE

WIDEST = 120
WORDS = {**{key: kind.many for key, kind in KINDS.items()}, **LATE}
ONE = {**{key: kind.one for key, kind in KINDS.items()}, "metrics": "metric", "layer_rules": "layer rule"}
LABEL = 25  # columns


def list_text(plugins: Iterable[Mapping[str, Any]]) -> str:
    """A few lines for each plugin: what it is, the names of what it adds by kind, and what is wrong with it."""
    return "".join(f"{_of_plugin(plugin)}\n" for plugin in plugins)


def _of_plugin(plugin: Mapping[str, Any]) -> str:
    adds = any(plugin[key] for key in (*KINDS, *LATE))
    state = ("partly broken" if adds else "broken") if plugin["error"] else "ok"
    lines = [f"{plugin['name']} ({plugin['package']} {plugin['version']}): {state}"]
    lines += [_row(WORDS[key], ", ".join(plugin[key])) for key in KINDS if plugin[key]]
    if late := [WORDS[key] for key in LATE if plugin[key]]:
        lines.append(_row("further", f"{', '.join(late)} (`snnctl plugins show {plugin['name']}` names them)"))
    lines += [_row("broken", problem["message"]) for problem in plugin["problems"]]
    return "\n".join(lines)


def show_text(found: Mapping[str, Any]) -> str:
    """A plugin with everything it adds, or things of one name."""
    if "things" in found:
        return "\n".join(_alone(thing) for thing in found["things"])
    summary = f": {found['summary']}" if found["summary"] else ""
    required = found["hooks"]["required"]
    lines = [
        *_wrapped(f"{found['name']}{summary}"),
        _row("package", f"{found['package']} {found['version']}"),
        _row("module", found["module"] or "not known"),
        _row("hooks", f"{found['hooks']['provided']} provided, {required or 'no version'} required"),
        *(_row("broken", problem["message"]) for problem in found["problems"]),
    ]
    for key, things in found["adds"].items():
        lines += ["", WORDS[key]]
        for thing in things:
            lines += [_row(thing["name"], thing["summary"]), *_brief_options(key, thing)]
    return "\n".join([*lines, ""])


def new_text(place: str, files: Sequence[str], commands: Sequence[str]) -> str:
    """What was written, and what to do with it."""
    return "\n".join(
        [
            f"{place}: a new plugin",
            *(f"  {name}" for name in files),
            "",
            "try it:",
            *(f"  {line}" for line in commands),
            "",
        ]
    )


def _alone(thing: Mapping[str, Any]) -> str:
    head = f"{ONE[thing['kind']]} {thing['name']}"
    lines = _wrapped(f"{head}: {thing['summary']}" if thing["summary"] else head)
    lines.append(_row("provided by", thing["package"]))
    return "\n".join([*lines, *_options(thing["options"]), ""])


def _brief_options(key: str, thing: Mapping[str, Any]) -> list[str]:
    """Steps have so many that only their number is told."""
    if key != "steps":
        return _options(thing["options"])
    return [_row("", f"{len(thing['options'])} options: `snnctl {thing['name']} --help`")]


def _options(options: Mapping[str, Any]) -> list[str]:
    return [_row(f"  {name}", _option(option)) for name, option in options.items()]


def _option(option: Any) -> str:
    if not isinstance(option, Mapping):
        return str(option)
    return option_text(option)


def _row(label: str, text: str) -> str:
    """A label and its text, which goes on below itself."""
    head = f"  {label}"
    first = head.ljust(LABEL) if len(head) < LABEL else f"{head}  "
    return "\n".join(_wrapped(text, first, " " * LABEL)) if text else head


def _wrapped(text: str, first: str = "", others: str = "") -> list[str]:
    width = min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)
    return textwrap.wrap(
        " ".join(text.split()),
        max(width, LABEL + 20),
        initial_indent=first,
        subsequent_indent=others,
        break_on_hyphens=False,
    )
