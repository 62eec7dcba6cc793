from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports.run_folders import metrics, traced_image, write_full_set, write_recipe, write_run
from snnctl.errors import ModelError
from snnctl.plugins import load_registry
from snnctl.reports.facts import Facts, ReportedRun
from snnctl.reports.page import is_report, report_page
from snnctl.verbs.report.options import ReportOptions
from snnctl.verbs.report.report import Report, report
from snnctl.verbs.result import Run

VOID = {"br", "hr", "img", "link", "meta"}
HOSTILE = "<script>alert('x')</script>&\"\x00</style></title>"


class Reader(HTMLParser):
    """Elements, attributes and texts of a page; complains about elements that are not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        """Everything that is read."""
        return " ".join(" ".join(self.texts).replace("\u202f", " ").split())


@pytest.fixture(scope="module")
def run() -> Run:
    return Run(load_registry())


def reported(run: Run, *folders: Path, title: str | None = None) -> Report:
    given = {"runs": [str(folder) for folder in folders], "image": None, "title": title}
    return report(ReportOptions.model_validate(given), run, made="2 January 2026")


def test_the_figures_of_runs_of_different_networks_stand_side_by_side(run: Run, tmp_path: Path) -> None:
    first = write_run(tmp_path / "first")
    deep = metrics(accuracy=0.5, latency=12.5, top5_accuracy=0.75)
    deep["layers"] = [{**deep["layers"][0], "name": f"conv2d_{index}"} for index in range(3)]
    second = write_run(tmp_path / "second", metrics=deep)
    read = Reader(reported(run, first, second).html)
    assert "first 93.75 % eval, spiking 1 000" in read.text
    assert "second 50.00 % eval, spiking 1 000 75.00 %" in read.text
    assert "Spikes per neuron: first" in read.texts  # charts of their own, since the layers differ
    assert "Spikes per neuron: second" in read.texts
    assert "49.0 nJ" in read.text
    assert "1.24 µJ" in read.text
    assert "54 321" in read.text


def test_every_part_of_a_full_set_of_runs_is_there(run: Run, tmp_path: Path) -> None:
    made = reported(run, *write_full_set(tmp_path))
    read = Reader(made.html)
    headings = re.findall(r"<h2[^>]*>([^<]*)</h2>", made.html)
    assert headings == [
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
    assert "all but 1 of 1 000 images" in read.text
    assert "Without constraints: 95.00 %" in read.text
    assert "before fine-tuning" in read.texts
    assert {"relu, training", "relu, test images"} <= set(read.texts)
    assert "snnctl convert runs/snn" in read.text


def test_what_a_run_lacks_is_left_out_with_a_reason(run: Run, tmp_path: Path) -> None:
    old = metrics()
    for key in ("confusion_matrix", "energy", "synaptic_operations", "macs"):
        del old[key]
    for layer in (old["input"], *old["layers"]):
        del layer["first_spikes"]
    read = Reader(reported(run, write_run(tmp_path / "old", metrics=old)).html)
    assert "When neurons fire : The runs hold no histograms" in read.text
    assert "Confusions : The runs hold no confusion matrix" in read.text
    assert "Training : No run was trained" in read.text
    assert "energy" not in " ".join(read.texts[: read.texts.index("Runs in full")]).lower()


def test_a_run_without_figures_is_reported(run: Run, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "bare", metrics={})
    (folder / "metrics.json").unlink()
    assert "One run on mnist-mini" in Reader(reported(run, folder).html).text


@pytest.mark.parametrize(
    "figures",
    [
        {"accuracy": "high", "layers": "none", "input": 3, "confusion_matrix": {"a": 1}, "points": [1, None]},
        {"accuracy": True, "layers": [None, 5, {}], "energy": [], "confusion_matrix": [[1], [2]], "points": {}},
        {"accuracy": 10**400, "layers": [{"name": 5, "spikes_per_neuron": None, "first_spikes": {"counts": "x"}}]},
        {"layers": [{"name": "a", "first_spikes": {"start": 0, "end": 1, "counts": [-1, None, "x"]}}]},
        {"type": ["snn"], "points": [{"axis": 7, "noise": "x"}, {"axis": "noise", "noise": 1, "accuracy": None}]},
        {"points": [{"axis": "noise", "noise": x, "accuracy": 0.9, "accuracy_std": 1e308} for x in (0, 1)]},
        {"confusion_matrix": [[0, 0], [0, 0]], "images": -1, "accuracy": 1e308, "latency": -1e308, "constraints": []},
    ],
    ids=range(7),
)
def test_figures_of_the_wrong_kind_are_left_out(run: Run, tmp_path: Path, figures: dict) -> None:
    folder = write_run(tmp_path / "odd", metrics=figures)
    page = reported(run, folder).html
    Reader(page)
    assert "nan" not in re.sub(r"[a-z]+nan|nan[a-z]+", "", page)
    assert not {"inf", "inf %", "Infinity"} & set(Reader(page).texts)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_plugins_and_versions_that_are_no_names_are_dashes(run: Run, tmp_path: Path, value: float | None) -> None:
    record = {"plugins": [value], "versions": {"numpy": value}}
    read = Reader(reported(run, write_run(tmp_path / "odd", **record)).html)
    assert "plugins – versions numpy –" in read.text


def test_whatever_files_hold_is_shown_as_text(run: Run, tmp_path: Path) -> None:
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
    page = reported(run, folder, title=HOSTILE).html
    read = Reader(page)
    assert not {"script", "iframe", "object", "link"} & set(read.names)
    assert read.names.count("img") == 0
    assert read.names.count("style") == 1
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert "<script>alert('x')</script>" in read.text
    assert "\x00" not in page


def test_nothing_is_fetched_from_anywhere(run: Run, tmp_path: Path) -> None:
    read = Reader(reported(run, write_run(tmp_path / "run")).html)
    links = [value or "" for name, value in read.attributes if name in ("href", "src", "xlink:href")]
    assert links
    assert all(link.startswith("#") for link in links)
    ids = [value for name, value in read.attributes if name == "id"]
    assert len(set(ids)) == len(ids)
    assert {link[1:] for link in links} <= set(ids)


def test_the_same_runs_give_the_same_report(run: Run, tmp_path: Path) -> None:
    folders = [write_run(tmp_path / name) for name in "ab"]
    assert reported(run, *folders).html == reported(run, *folders).html


def test_a_recipe_stands_for_its_steps_and_gives_the_title(run: Run, tmp_path: Path) -> None:
    folder = write_recipe(tmp_path / "recipe", ["one", "two"])
    made = reported(run, folder)
    assert made.runs == ["one", "two"]
    assert "<h1>mine</h1>" in made.html
    assert reported(run, folder, folder / "two").runs == ["one", "two"]


def test_an_unfinished_recipe_shows_its_complete_steps_in_order(run: Run, tmp_path: Path) -> None:
    made = reported(run, write_recipe(tmp_path / "recipe", ["z", "a"], finished=False))
    assert made.runs == ["z", "a"]
    assert "not finished" in made.missing[0][1]


def test_a_step_that_was_removed_is_told(run: Run, tmp_path: Path) -> None:
    folder = write_recipe(tmp_path / "recipe", ["one", "two"])
    (folder / "one" / "run.json").unlink()
    made = reported(run, folder)
    assert made.runs == ["two"]
    assert "step 'one'" in made.missing[0][0]


def test_runs_of_the_same_name_are_told_apart(run: Run, tmp_path: Path) -> None:
    folders = [write_run(tmp_path / place / "score") for place in ("a", "b", "c/a")]
    assert reported(run, *folders).runs == ["a/score", "b/score", "c/a/score"]
    two = [write_run(tmp_path / "deep" / "er" / place) for place in ("one", "two")]
    assert reported(run, *folders[:2], two[0]).runs == ["a/score", "b/score", "er/one"]
    assert reported(run, *two, folders[0]).runs == ["one", "two", "score"]


def test_a_damaged_history_does_not_stop_the_report(run: Run, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", history="epoch,loss\n1,low\n")
    made = reported(run, folder)
    assert "history.csv cannot be read" in made.missing[0][1]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "run.json").write_text("{"), "run.json"),
        (lambda folder: (folder / "metrics.json").write_text("[]"), "metrics.json"),
        (lambda folder: (folder / "run.json").unlink(), "neither a run folder nor that of a recipe"),
        (
            lambda folder: (folder / "summary.json").write_text('{"steps": 3}') and (folder / "run.json").unlink(),
            "steps",
        ),
    ],
    ids=["run", "metrics", "no run", "summary"],
)
def test_a_damaged_run_is_named(run: Run, tmp_path: Path, damage, words: str) -> None:
    folder = write_run(tmp_path / "run")
    damage(folder)
    with pytest.raises(ModelError, match=words):
        reported(run, folder)


def test_runs_that_are_not_there_are_named(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        reported(run, tmp_path / "nowhere")
    file = write_run(tmp_path / "run") / "run.json"
    with pytest.raises(ModelError, match="is a file"):
        reported(run, file)


def test_an_image_is_shown_with_its_spikes_and_answer() -> None:
    run = ReportedRun("snn", "runs/snn", "eval", json.loads(json.dumps(metrics())), settings={"data": "pets"})
    page = report_page(Facts("T", [run], class_names={"pets": ("cat", "dog")}, traced=traced_image())).html
    read = Reader(page)
    assert "Image 7 of the test split, seen by snn. Its answer is dog , which is wrong: the label is cat." in read.text
    assert "dense, neuron 0 fires at 2 τ" in read.text
    assert 'src="data:image/png;base64,' in page


def test_a_report_is_known_by_its_beginning(run: Run, tmp_path: Path) -> None:
    assert is_report(reported(run, write_run(tmp_path / "run"), title="long " * 1000).html[:2000])
    assert not is_report("<!doctype html><html><head><title>mine</title>")
