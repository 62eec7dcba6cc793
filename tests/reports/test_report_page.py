"""The page: its parts, what is left out and why, and that whatever files hold is text."""

import re
from pathlib import Path
from typing import Any

import pytest

from reports.conftest import Reader
from reports.run_folders import metrics, write_full_set, write_recipe, write_run
from snnctl.errors import ModelError
from snnctl.reports.page import is_report

HOSTILE = "<script>alert('x')</script>&\"\x00</style></title>"


def test_every_part_of_a_full_set_of_runs_is_there(report_of: Any, tmp_path: Path) -> None:
    folders = write_full_set(tmp_path)
    made = report_of(*folders)
    page = Reader(made.html)
    assert re.findall(r"<h2[^>]*>([^<]*)</h2>", made.html) == [
        "Spikes per neuron",
        "When neurons fire",
        "Conversion",
        "Constraints",
        "Operations and energy",
        "Confusions",
        "Training",
        "Runs in full",
        "Left out",
    ]
    assert [what for what, _ in made.left_out] == ["One image", "Spike by spike", "Networks side by side"]
    for words in ("all but 1 of 1 000 images", "Without constraints: 95.00 %", "snnctl convert runs/snn"):
        assert words in page.text
    assert {"before fine-tuning", "relu, training", "relu, test images"} <= set(page.texts)
    assert report_of(*folders).html == made.html, "the same runs give the same report"


def test_an_image_is_shown_with_its_spikes_and_answer(report_file: Path) -> None:
    page = report_file.read_text(encoding="utf-8")
    text = Reader(page).text
    assert "Image 7 of the test split, seen by snn. Its answer is dog , which is wrong: the label is cat." in text
    assert "dense, neuron 0 fires at 2 τ" in text
    assert 'src="data:image/png;base64,' in page


def test_what_a_run_lacks_is_left_out_with_a_reason(read: Any, tmp_path: Path) -> None:
    old = metrics()
    for key in ("confusion_matrix", "energy", "synaptic_operations", "macs"):
        del old[key]
    for layer in (old["input"], *old["layers"]):
        del layer["first_spikes"]
    folder = write_run(tmp_path / "old", metrics=old)
    page = read(folder)
    assert "When neurons fire : The runs hold no histograms" in page.text
    assert "Confusions : The runs hold no confusion matrix" in page.text
    assert "Training : No run was trained" in page.text
    assert "energy" not in " ".join(page.texts[: page.texts.index("Runs in full")]).lower()
    (folder / "metrics.json").unlink()
    assert "One run on mnist-mini" in read(folder).text


SPREAD = [{"axis": "noise", "noise": x, "accuracy": 0.9, "accuracy_std": 1e308} for x in (0, 1)]
NETWORKS = ([{"neuron": "b1", "layers": "none", "loss": "x"}], {"a": 1}, [None, {"neuron": 3}])
ODD_FIGURES = [
    {"accuracy": "high", "layers": "none", "input": 3, "confusion_matrix": {"a": 1}, "points": [1, None]},
    {"accuracy": True, "layers": [None, 5, {}], "energy": [], "confusion_matrix": [[1], [2]], "points": {}},
    {"accuracy": 10**400, "layers": [{"name": 5, "spikes_per_neuron": None, "first_spikes": {"counts": "x"}}]},
    {"layers": [{"name": "a", "first_spikes": {"start": 0, "end": 1, "counts": [-1, None, "x"]}}]},
    {"type": ["snn"], "points": [{"axis": 7, "noise": "x"}, {"axis": "noise", "noise": 1, "accuracy": None}]},
    {"points": SPREAD},
    {"confusion_matrix": [[0, 0], [0, 0]], "images": -1, "latency": -1e308, "constraints": []},
]


@pytest.mark.parametrize(
    "changes",
    [
        *({"metrics": figures} for figures in ODD_FIGURES),
        {"plugins": [float("nan"), None], "versions": {"numpy": float("inf")}},
        *({"verb": verb, "metrics": {"networks": each}} for verb in ("gradients", "trajectory") for each in NETWORKS),
    ],
    ids=lambda changes: "",
)
def test_figures_of_the_wrong_kind_are_left_out(report_of: Any, tmp_path: Path, changes: dict) -> None:
    page = report_of(write_run(tmp_path / "odd", **changes)).html
    assert "nan" not in re.sub(r"[a-z]+nan|nan[a-z]+", "", page)
    assert not {"inf", "inf %", "Infinity"} & set(Reader(page).texts)


def test_whatever_files_hold_is_shown_as_text(report_of: Any, tmp_path: Path) -> None:
    hostile = metrics()
    hostile["layers"][0]["name"] = HOSTILE
    hostile["split"] = hostile["energy"]["assumption"] = HOSTILE
    folder = write_run(
        tmp_path / "<img src=x onerror=alert(1)>",
        HOSTILE,
        f'epoch,loss\n1,0.5\n"{HOSTILE.replace(chr(34), "")}",0.4\n'.replace("\x00", ""),
        metrics=hostile,
        options={HOSTILE: HOSTILE},
        settings={"data": HOSTILE, HOSTILE: [HOSTILE, {"a": HOSTILE}]},
        versions={HOSTILE: HOSTILE},
        plugins=[{"name": HOSTILE}, HOSTILE],
        command=["snnctl", HOSTILE, "$(rm -rf /)"],
        started=HOSTILE,
    )
    html = report_of(folder, title=HOSTILE).html
    page = Reader(html)
    assert not {"script", "iframe", "object", "link", "img"} & set(page.names)
    assert page.names.count("style") == 1
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "<script>alert('x')</script>" in page.text
    assert "\x00" not in html
    assert is_report(html[:2000])
    assert not is_report("<!doctype html><html><head><title>mine</title>")
    # nothing is fetched from anywhere
    links = [value or "" for name, value in page.attributes if name in ("href", "src", "xlink:href")]
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(set(ids)) == len(ids)
    assert set() < set(links) <= {f"#{name}" for name in ids}


def test_a_recipe_stands_for_its_steps_and_gives_the_title(report_of: Any, tmp_path: Path) -> None:
    folder = write_recipe(tmp_path / "recipe", ["one", "two"])
    made = report_of(folder, folder / "two")
    assert made.runs == ["one", "two"]
    assert "<h1>mine</h1>" in report_of(folder).html
    unfinished = report_of(write_recipe(tmp_path / "unfinished", ["z", "a"], finished=False))
    assert unfinished.runs == ["z", "a"]
    assert "not finished" in unfinished.missing[0][1]
    (folder / "one" / "run.json").unlink()
    without = report_of(folder)
    assert without.runs == ["two"]
    assert "step 'one'" in without.missing[0][0]


def test_runs_of_the_same_name_are_told_apart_and_a_title_names_up_to_four(report_of: Any, tmp_path: Path) -> None:
    a, b, c = (write_run(tmp_path / place / "score") for place in ("a", "b", "c/a"))
    one, two = (write_run(tmp_path / "deep" / "er" / place) for place in ("one", "two"))
    assert report_of(a, b, c).runs == ["a/score", "b/score", "c/a/score"]
    assert report_of(a, b, one).runs == ["a/score", "b/score", "er/one"]
    assert report_of(one, two, a).runs == ["one", "two", "score"]
    assert "<h1>a/score, b/score, er/one and er/two</h1>" in report_of(a, b, one, two).html
    assert "<h1>5 runs</h1>" in report_of(a, b, c, one, two).html
    made = report_of(write_run(tmp_path / "run", history="epoch,loss\n1,low\n"))
    assert "history.csv cannot be read" in made.missing[0][1]


@pytest.mark.parametrize(
    ("files", "named", "words"),
    [
        ({"run.json": "{"}, "run", "run.json"),
        ({"metrics.json": "[]"}, "run", "metrics.json"),
        ({"run.json": None}, "run", "neither a run folder nor that of a recipe"),
        ({"run.json": None, "summary.json": '{"steps": 3}'}, "run", "steps"),
        ({}, "nowhere", "does not exist"),
        ({}, "run/run.json", "is a file"),
    ],
)
def test_a_damaged_run_is_named(report_of: Any, tmp_path: Path, files: dict, named: str, words: str) -> None:
    folder = write_run(tmp_path / "run")
    for name, text in files.items():
        if text is None:
            (folder / name).unlink()
        else:
            (folder / name).write_text(text)
    with pytest.raises(ModelError, match=words):
        report_of(tmp_path / named)
