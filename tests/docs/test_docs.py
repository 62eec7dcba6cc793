"""The documentation is true: its examples run, its commands and links exist, what is made of the code is up to date."""

import ast
import importlib
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from doc_blocks import ROOT, SHELLS, Block, blocks_of, commands_of, name_of, pages
from doc_commands import problem_of, shown_commands
from doc_session import session

from snnctl import errors
from snnctl.plugins import hookspecs, load_registry
from snnctl.recipes import make_plan

RUNNABLE = ("snnctl", "pip", "python", "cat")
SHOWN = ("", "text", "html")  # formulas, trees of files, what is printed
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^    .*$|`[^`\n]*`", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
PAGES = pages()
executed = [page for page in PAGES if any(block.runs or "plugin" in block.marks for block in blocks_of(page))]


@pytest.mark.long
@pytest.mark.parametrize("page", executed, ids=name_of)
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path) -> None:
    with session(tmp_path) as here:
        for block in blocks_of(page):
            try:
                here.run(block)
            except AssertionError as error:
                pytest.fail(f"{name_of(page)}:{block.line}: {error}", pytrace=False)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_can_be_run_and_its_commands_and_links_exist(page: Path, tmp_path: Path) -> None:
    installs = any("plugin" in block.marks or "file" in block.marks for block in blocks_of(page))
    problems = [f"{block.line}: {found}" for block in blocks_of(page) if (found := obstacle(block))]
    problems += [
        f"{line}: {command}: {found}" for line, command in shown_commands(page) if (found := problem_of(command))
    ]
    assert problems + broken_links(page) == []
    for block in blocks_of(page):
        if block.language == "toml":
            tomllib.loads(block.text)
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "yaml" and block.marks:
            yaml.safe_load(block.text)
        elif block.language == "yaml" and not installs:  # otherwise it is checked when the page is run
            (tmp_path / "recipe.yaml").write_text(block.text + "\n", encoding="utf-8")
            assert make_plan(tmp_path / "recipe.yaml", [], load_registry()).steps
        elif block.language == "python":
            for module, name in imported(block.text):
                there = importlib.import_module(module)
                assert not name or hasattr(there, name) or importlib.import_module(f"{module}.{name}")


def obstacle(block: Block) -> str:
    """Why the tests could not run the block; empty if they can, or need not."""
    if "not run" in block.marks:
        return "" if block.marks["not run"] else "not run, but why?"
    if block.language in SHELLS:
        words = [command.split()[0] for command, _ in commands_of(block)]
        return "; ".join(f"{word} cannot be run here" for word in words if word not in RUNNABLE)
    if {"file", "output"} & block.marks.keys() or block.language in (*SHOWN, "python", "py", "yaml", "toml", "json"):
        return ""
    return f"what is {block.language}?"


def imported(code: str) -> Iterator[tuple[str, str]]:
    """(module, name) of every import; the name is empty for ``import module``."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def broken_links(page: Path) -> list[str]:
    """Links of the page to files and headings that are not there."""
    broken = []
    for link in LINK.findall(CODE.sub("", FENCED.sub("", page.read_text(encoding="utf-8")))):
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        if not re.match(r"[a-z]+:", link) and (not target.exists() or (anchor and anchor not in anchors(target))):
            broken.append(link)
    return broken


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    headings = HEADING.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("script", ["make_cli_reference", "make_reference"])
def test_made_pages_are_up_to_date(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    assert importlib.import_module(script).main(["--check"]) == 0


def test_every_hook_has_a_page_with_an_example_and_a_version() -> None:
    hooks = [name for name in vars(hookspecs) if name.startswith("register_")]
    texts = [page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "hooks").glob("*.md")]
    assert len(hooks) >= 11
    for hook in hooks:
        (text,) = [text for text in texts if f"`{hook}`" in text.splitlines()[0]]
        assert "\nSince hooks " in text
        assert f"def {hook}(" in text


def test_every_exit_code_is_documented() -> None:
    page = (ROOT / "docs" / "errors.md").read_text()
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.SnnctlError)]
    kinds.remove(errors.SnnctlError)
    assert len({kind.exit_code for kind in kinds}) == len(kinds)
    assert [kind for kind in kinds if f"| {kind.exit_code} | `{kind.__name__}` |" not in page] == []
