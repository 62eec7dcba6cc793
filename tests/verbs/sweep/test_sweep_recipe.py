"""A sweep as the step of a recipe."""

from pathlib import Path
from typing import Any

import pytest

import snnctl
from snnctl.errors import Interrupted


def names(folder: str = ".") -> set[str]:
    return {path.name for path in Path(folder).iterdir()} - {"runs"}


@pytest.mark.parametrize(
    ("first", "kept", "todo"),
    [
        ("", {"out.sweep.unfinished"}, "--out out --resume, and it goes on with the rest."),
        ("{id: same, finetune: {model: MODEL, epochs: 0}}, ", {"out", "out.sweep.unfinished"}, "--out out --resume"),
    ],
)
def test_an_interrupted_step_goes_on_when_the_recipe_is_run_again(
    snn_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ctrl_c: Any, first: str, kept: set[str], todo: str
) -> None:
    """What the first step has measured outlasts its staging folder, and what a later one has, too."""
    monkeypatch.chdir(tmp_path)
    model = "same" if first else str(snn_run)
    text = f"defaults: {{limit: 20}}\nsteps: [{first}{{sweep: {{model: {model}, time_bits: '2,3'}}}}]"
    Path("r.yaml").write_text(text.replace("MODEL", str(snn_run)))
    with pytest.raises(Interrupted) as caught:
        snnctl.run_recipe("r.yaml", out="out", reporter=ctrl_c(1))
    assert todo in caught.value.todo
    assert names() == {"r.yaml", *kept}
    rest = ctrl_c()
    snnctl.run_recipe("r.yaml", out="out", overwrite=bool(first), reporter=rest)
    assert (rest.rows, names()) == (2, {"r.yaml", "out"})
    assert len(Path("out/sweep/sweep.csv").read_text().splitlines()) == 1 + 3
