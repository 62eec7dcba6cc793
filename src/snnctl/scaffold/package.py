"""The files of a new plugin, filled in from the templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from string import Template

from snnctl.plugins import HOOKS
from snnctl.scaffold.kinds import Scaffold
from snnctl.scaffold.naming import Names

TEMPLATES = files("snnctl.scaffold") / "templates"
SUFFIX = ".tmpl"
MOST_NAMED = 3  # things in the description


def new_package(names: Names, scaffolds: Sequence[Scaffold]) -> dict[str, str]:
    """Path in the package's folder -> content of each file.

    Args:
        names: what is called how.
        scaffolds: what the plugin adds, in this order.
    """
    known = _known(names, scaffolds)
    package = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        ".gitignore": "gitignore",
        f"src/{names.module}/__init__.py": "__init__.py",
        f"tests/test_{names.module}.py": "test_plugin.py",
    }
    found = {path: _filled("package", template, known) for path, template in package.items()}
    for scaffold in scaffolds:
        found |= _files_of(scaffold, names, known)
    return found


def commands_to_try(scaffolds: Sequence[Scaffold], names: Names) -> list[str]:
    """The commands that the README tells, in order."""
    known = _known(names, scaffolds)
    texts = [_filled(scaffold.kind, "README.md", known) for scaffold in scaffolds]
    lines = [line.strip() for text in texts for line in text.splitlines() if line.startswith("    ")]
    return [line for line in lines if line.startswith(("snnctl ", "python "))]


def _files_of(scaffold: Scaffold, names: Names, known: Mapping[str, str]) -> dict[str, str]:
    found = {
        f"src/{names.module}/{scaffold.module}.py": "module.py",
        f"tests/test_{names.module}_{scaffold.module}.py": "test.py",
    }
    if scaffold.example:
        found[f"examples/{scaffold.example}"] = "example.py"
    return {path: _filled(scaffold.kind, template, known) for path, template in found.items()}


def _known(names: Names, scaffolds: Sequence[Scaffold]) -> dict[str, str]:
    """What stands in the templates' places."""
    known = {
        "name": names.name,
        "module": names.module,
        "title": names.title,
        "command": names.command,
        "hooks_version": HOOKS,
        "description": _described(scaffolds),
    }
    hooks = [_filled(scaffold.kind, "hook.py", known) for scaffold in scaffolds]
    sections = [_filled(scaffold.kind, "README.md", known) for scaffold in scaffolds]
    modules = [f"| `src/{names.module}/{each.module}.py` | {each.words.capitalize()}. |" for each in scaffolds]
    modules += [f"| `examples/{each.example}` | Makes a file to try it with. |" for each in scaffolds if each.example]
    return known | {
        "hooks": "".join(hooks).rstrip("\n"),
        "sections": "\n".join(sections),
        "modules": "\n".join(modules),
    }


def _described(scaffolds: Sequence[Scaffold]) -> str:
    """What the plugin adds, one line."""
    words = [scaffold.words for scaffold in scaffolds]
    if len(words) > MOST_NAMED:
        return "A plugin for snnctl"
    listed = " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
    return f"A plugin for snnctl: {listed}"


def _filled(folder: str, template: str, known: Mapping[str, str]) -> str:
    text = (TEMPLATES / folder / f"{template}{SUFFIX}").read_text(encoding="utf-8")
    return Template(text).substitute(known)
