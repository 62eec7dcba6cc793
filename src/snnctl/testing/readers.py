"""Checks of a reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from snnctl.errors import SnnctlError
from snnctl.plugins.checks import check_reader as check_declared
from snnctl.plugins.guard import describe
from snnctl.plugins.reader import Read, ReadContext, Reader
from snnctl.testing.findings import Checks, Finding, Unknown, require
from snnctl.testing.trial import Trial

CONTENTS = {
    "an empty file": b"",
    "a text": b"this is no model\n",
    "random bytes": bytes(np.random.default_rng(0).integers(256, size=4096, dtype=np.uint8)),
}
CONTEXT = ReadContext(input_shape=(6, 6, 1), classes=3)


def examine_reader(reader: Reader, trial: Trial) -> list[Finding]:
    """Whether it refuses what is no model of its format in words, and reads the sample files that are given."""
    checks = Checks(f"reader '{reader.name}'")
    with checks.that("is declared well"):
        check_declared(reader)
    with checks.that("says which files are its own"):
        own = type(reader).recognises is not Reader.recognises
        require(reader.suffixes or own, "it has no suffixes, and no method recognises")
    with TemporaryDirectory(prefix="snnctl-") as folder:
        place = Path(folder)
        with checks.that("looks at any path without failing"):
            for path in _strange_paths(place, reader):
                _require_answer(reader, path)
        for what, content in CONTENTS.items():
            with checks.that(f"refuses {what} in words"):
                for suffix in reader.suffixes or (".bin",):
                    _require_refusal(reader, place / f"damaged{suffix}", content)
    if not trial.samples:
        checks.skip("reads its files", "no file is given; --sample FILE names one")
    for sample in trial.samples:
        if not sample.exists():
            checks.skip(f"reads {sample.name}", "there is no such file")
            continue
        with checks.that(f"reads {sample.name}"):
            if not reader.recognises(sample):
                raise Unknown("it is none of its files")
            _require_network(reader, sample)
    return checks.findings


def _strange_paths(folder: Path, reader: Reader) -> Iterator[Path]:
    """Paths of which a reader may be asked, though it is never asked for what is not there."""
    for suffix in (*reader.suffixes, "", ".keras"):
        directory = folder / f"folder{suffix}"
        directory.mkdir(exist_ok=True)
        yield directory
        for name, content in (("empty", b""), ("größe\n 模型", b"\x00\xff"), (".hidden", b"text")):
            path = folder / f"{name}{suffix}"
            if not path.is_dir():
                path.write_bytes(content)
                yield path
        broken = folder / f"broken{suffix}"
        broken.unlink(missing_ok=True)
        broken.symlink_to("nowhere")
        yield broken


def _require_answer(reader: Reader, path: Path) -> None:
    try:
        answer = reader.recognises(path)
    except Exception as error:
        require(False, f"recognises failed for {path.name!r}: {describe(error)}")
    require(isinstance(answer, bool), f"recognises returned {type(answer).__name__}, no bool, for {path.name!r}")


def _require_refusal(reader: Reader, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        found = reader.read(path, CONTEXT)
    except SnnctlError as refusal:
        require(str(refusal).strip(), "the refusal says nothing")
        return
    except Exception as error:
        require(False, f"read raised {describe(error)}; raise snnctl.errors.ModelError and say what is wrong")
    require(False, f"read made {type(found).__name__} of it")


def _require_network(reader: Reader, path: Path) -> None:
    model, again = (_model(reader.read(path, ReadContext())) for _ in range(2))
    shape = model.input_shape
    require(isinstance(shape, tuple), "it has several inputs")
    require(all(np.all(np.isfinite(weight)) for weight in model.get_weights()), "weights of the network are not finite")
    inputs = np.random.default_rng(0).random((2, *(size or 32 for size in shape[1:])))
    answers, others = (np.asarray(each.predict(inputs, verbose=0)) for each in (model, again))
    require(np.all(np.isfinite(answers)), "the network's answers are not finite")
    require(np.array_equal(answers, others), "it reads another network the second time")


def _model(found: Any) -> Any:
    import keras

    model = found.model if isinstance(found, Read) else found
    require(isinstance(model, keras.Model), f"read returned {type(found).__name__}, no Keras model and no Read")
    require(model.built, "the model is not built")
    return model
