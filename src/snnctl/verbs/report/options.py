"""The options of ``report``."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from snnctl.verbs.options import FilePath, Options


def read_image(value: Any) -> Any:
    """``none`` as None, and a text of digits as a number.

    Raises:
        ValueError: another text, which says what is expected.
    """
    if not isinstance(value, str):
        return value
    if value.strip().lower() == "none":
        return None
    if not value.strip().isascii() or not value.strip().isdigit():
        raise ValueError("it should be the number of an image, from 0 on, or none")
    return int(value)


ImageNumber = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(read_image)]


class ReportOptions(Options):
    """Which runs a report compares, and what it shows."""

    runs: Annotated[list[str], Field(min_length=1)] = Field(description="Run folders, and folders of recipes.")
    image: ImageNumber = Field(
        0, description="Image of the test split whose spikes are shown, by number; none: no model is opened."
    )
    title: str | None = Field(None, description="Title; made from the runs when not given.")
    data_dir: FilePath | None = Field(
        None, description="Folder in which the data set of that image is looked for first."
    )
    allow_code: bool = Field(
        False, description="Run code that a model file holds (Lambda layers); only for files you trust."
    )
