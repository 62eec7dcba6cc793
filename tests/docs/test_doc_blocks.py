"""Every code block of the documentation is one that the tests can run, or says why it is not run."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
import yaml
from doc_blocks import SHELLS, Block, blocks_of, commands_of, name_of, pages
from doc_commands import problem_of, shown_commands

from snnctl.plugins import load_registry
from snnctl.recipes import make_plan

RUNNABLE = ("snnctl", "pip", "python", "cat", "ls", "head", "mkdir", "cp")
SHOWN = ("", "text", "html")  # formulas, trees of files, what is printed
PAGES = pages()
with_blocks = pytest.mark.parametrize("page", [page for page in PAGES if blocks_of(page)], ids=name_of)


@with_blocks
def test_every_block_can_be_run_or_says_why_not(page: Path) -> None:
    found = [f"{name_of(page)}:{block.line}: {trouble}" for block in blocks_of(page) if (trouble := obstacle(block))]
    assert not found


def obstacle(block: Block) -> str:
    """Why the tests could not run the block; empty if they can, or need not."""
    if "not run" in block.marks:
        return "" if block.marks["not run"] else "not run, but why?"
    if block.language in ("python", "py"):
        return does_not_compile(block)
    if block.language in SHELLS:
        words = [command.split()[0] for command, _ in commands_of(block)]
        return "; ".join(f"{word} cannot be run here" for word in words if word not in RUNNABLE)
    if {"file", "output"} & block.marks.keys() or block.language in SHOWN:
        return ""
    return "" if block.language in ("yaml", "toml", "json") else f"what is {block.language}?"


def does_not_compile(block: Block) -> str:
    try:
        compile(block.text, "block", "exec")
    except SyntaxError as error:
        return str(error)
    return ""


@with_blocks
def test_data_in_blocks_can_be_read(page: Path, tmp_path: Path) -> None:
    installs = any("plugin" in block.marks or "file" in block.marks for block in blocks_of(page))
    for block in blocks_of(page):
        if block.language == "toml":
            project = tomllib.loads(block.text).get("project", {})
            assert isinstance(project.get("entry-points", {}).get("snnctl", {}), dict)
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "yaml" and block.marks:
            yaml.safe_load(block.text)
        elif block.language == "yaml" and not installs:  # otherwise it is checked when the page is run
            recipe = tmp_path / "recipe.yaml"
            recipe.write_text(block.text + "\n", encoding="utf-8")
            assert make_plan(recipe, [], load_registry()).steps


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_that_are_only_shown_exist(page: Path) -> None:
    found = [
        f"{name_of(page)}:{line}: {command}: {problem}"
        for line, command in shown_commands(page)
        if (problem := problem_of(command))
    ]
    assert not found


def test_wrong_commands_are_found() -> None:
    assert problem_of("snnctl convert relu.h5 --quantil 0.9")
    assert problem_of("snnctl train --arch fc2 --epochs many")
    assert problem_of("snnctl convrt relu.h5")
    assert problem_of("snnctl data lst")
    assert problem_of("snnctl train --arch fc2 --epochs N") is None
    assert problem_of("snnctl convert") is None


def test_blocks_that_cannot_be_run_are_found() -> None:
    assert obstacle(Block("console", "$ make demo", 1)) == "make cannot be run here"
    assert "syntax" in obstacle(Block("python", "x = ", 1))
    assert obstacle(Block("cobol", "STOP RUN.", 1)) == "what is cobol?"
    assert obstacle(Block("console", "$ make demo", 1, {"not run": ""})) == "not run, but why?"
    assert not obstacle(Block("console", "$ make demo", 1, {"not run": "takes an hour"}))


def test_blocks_and_what_is_said_about_them_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE, encoding="utf-8")
    found = blocks_of(page)
    assert [block.language for block in found] == ["python", "", "console", "yaml", ""]
    assert found[0].text == "x = 1\n\nprint(x)"
    assert found[0].line == 4
    assert found[1].is_synopsis
    assert found[2].marks == {"not run": "takes an hour", "fails": ""}
    assert commands_of(found[2]) == [("snnctl train --arch fc2 --epochs 9", ["accuracy 1"]), ("ls", [])]
    assert found[3].marks == {"file": "recipe.yaml"}
    assert not found[4].is_synopsis
    assert list(shown_commands(page)) == [(9, "snnctl data list"), (14, "snnctl train --arch fc2 --epochs 9")]


PAGE = """\
Text.

```python
x = 1

print(x)
```

    snnctl data list      all of them

<!-- not run: takes an hour -->
<!-- fails -->
```console
$ snnctl train --arch fc2 \\
    --epochs 9
accuracy 1
$ ls
```

- a list

    that goes on

<!-- file: recipe.yaml -->
```yaml
steps: []
```

Text

    x = y
"""
