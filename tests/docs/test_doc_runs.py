"""The examples of each page of the documentation are executed, one after the other, as a reader would."""

from __future__ import annotations

from pathlib import Path

import pytest
from doc_blocks import blocks_of, name_of, pages
from doc_session import require_output, session

executed = [page for page in pages() if any(block.runs or "plugin" in block.marks for block in blocks_of(page))]


@pytest.mark.long
@pytest.mark.parametrize("page", executed, ids=name_of)
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path) -> None:
    with session(tmp_path) as here:
        for block in blocks_of(page):
            try:
                here.run(block)
            except AssertionError as error:
                pytest.fail(f"{name_of(page)}:{block.line}: {error}", pytrace=False)


def test_output_is_compared_line_by_line_but_for_numbers() -> None:
    printed = "made by snnctl 1.0\n layer   kind   \n ─────────────\n conv    spiking  1,568\nwritten to runs/x\n"
    require_output([" layer  kind", "...", "conv spiking 12", ""], printed)
    for wrong in (["written to runs/y"], ["conv spiking 1", "layer kind"]):
        with pytest.raises(AssertionError, match="not printed"):
            require_output(wrong, printed)
