"""What is told when the result of long work cannot be written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from snnctl.errors import OutputError
from snnctl.plugins import load_registry
from snnctl.verbs.execute import check_output, execute
from snnctl.verbs.options import Options
from snnctl.verbs.result import Result, Run
from snnctl.verbs.unfinished import open_rows


class Unwritable:
    """A network for which there is no room."""

    def save(self, path: Path) -> None:
        """What a Keras model does."""
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("rows", [0, 2])
def test_a_full_disk_at_the_last_step_says_that_the_rows_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.chdir(tmp_path)

    def work(options: Options, run: Run) -> Result:
        with open_rows(run.unfinished, {"of": "this"}, lambda key, row: True) as kept:
            for number in range(rows):
                kept.add(str(number), {"accuracy": 0.5})
        return Result("sweep", {}, {}, Unwritable())  # type: ignore[arg-type]

    verb: Any = SimpleNamespace(name="sweep", resumes=True, function=work)
    with pytest.raises(OutputError, match="No space left on device") as caught:
        execute(verb, Options(), Run(load_registry(entry_points=False)), out=Path("curves"))
    said = caught.value.todo
    assert ("The 2 rows found are kept in curves.unfinished" in said) == (rows > 0)
    assert "--out" in said
    assert Path("curves.unfinished").exists() == (rows > 0)
    assert not Path("curves").exists()


@pytest.mark.parametrize(("seconds", "verb", "stays"), [(1, "sweep", False), (-1, "sweep", True), (1, "convert", True)])
def test_rows_that_outlived_their_run_are_dropped_when_it_is_found_complete(
    tmp_path: Path, seconds: int, verb: str, stays: bool
) -> None:
    out, rows = tmp_path / "curves", tmp_path / "curves.unfinished" / "rows.jsonl"
    rows.parent.mkdir()
    rows.write_text('{"of": "this"}\n')
    out.mkdir()
    (out / "run.json").write_text(json.dumps({"verb": verb}))
    measured = rows.stat().st_mtime
    os.utime(out / "run.json", (measured + seconds, measured + seconds))
    resumed: Any = SimpleNamespace(name="sweep", resumes=True)
    with pytest.raises(OutputError, match="holds a complete run"):
        check_output(resumed, Options(), out)
    assert rows.parent.exists() == stays
