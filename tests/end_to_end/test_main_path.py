"""Train, convert, finetune, eval, inspect and report on a real network: what they write, print and refuse."""

import csv
import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from installed import metrics

import snnctl
from model_files import CONFIG, rewritten
from reports.run_folders import write_recipe, write_run
from snnctl.errors import Interrupted
from snnctl.verbs.fresh import start_afresh

SPIKING = {"accuracy", "spikes_per_neuron", "latency", "saturated"}
COMPARED = {"agreement", "max_logit_difference", "source_accuracy"}
MNIST = ("--data", "mnist-mini")
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working folder, and no data sets but those that come along."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for name in ("SNNCTL_DATA", "KERAS_HOME", "XDG_CACHE_HOME", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": str(tmp_path), "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # refuses every connection


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Model files as users have them: good ones, damaged ones, and networks that do not convert."""
    folder = tmp_path_factory.mktemp("models")
    layers = keras.layers
    hidden = {
        "good": [layers.Dense(6, activation="relu")],
        "layer-norm": [layers.Dense(6), layers.LayerNormalization(name="normed"), layers.ReLU()],
        "sigmoid": [layers.Dense(6, activation="sigmoid", name="squashed")],
        "lambda": [layers.Lambda(lambda x: x * 2, name="doubled", output_shape=(784,))],
    }
    for name, between in hidden.items():
        logits = layers.Dense(10, name="logits")
        network = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), *between, logits])
        network.save(folder / f"{name}.keras")
    whole = folder / "good.keras"
    keras.saving.load_model(whole).save_weights(folder / "good.weights.h5")
    (folder / "cut.keras").write_bytes(whole.read_bytes()[:3000])
    huge = {CONFIG: lambda text: text.replace(b'"units": 6', b'"units": 600000000000')}
    rewritten(whole, folder / "huge.keras", huge)
    (folder / "run").mkdir()
    shutil.copy(whole, folder / "run" / "model.keras")
    (folder / "run" / "run.json").write_text('{"verb": "train", ')
    return folder


@pytest.mark.parametrize(
    ("code", "model", "options", "words"),
    [
        (3, "god.keras", MNIST, ["god.keras", "run folder, a .keras file"]),
        (3, "good.keras", ("--data", "cifar10"), ["shape (28, 28, 1)", "set cifar10 have shape (32, 32, 3)", "--data"]),
        (3, "cut.keras", MNIST, ["cut.keras cannot be opened", "copy or save it again"]),
        (3, "good.weights.h5", MNIST, ["good.weights.h5 holds weights only", "--arch vgg16"]),
        (3, "lambda.keras", MNIST, ["Layer 'doubled' holds Python code", "standard layers", "--allow-code"]),
        (3, "huge.keras", MNIST, ["huge.keras describes a network with more weights than the file holds"]),
        (3, "run", MNIST, ["run/run.json: cannot be read", "write the run again"]),
        (2, "good.keras", (), ["no data set is named", "good.keras", "--data NAME"]),
        (5, "layer-norm.keras", MNIST, ["layer 'normed' (LayerNormalization), 3 of 5", "BatchNormalization"]),
        (5, "sigmoid.keras", MNIST, ["layer 'squashed' (Dense), 2 of 3", "goes on behind its softmax or sigmoid"]),
    ],
)
def test_a_model_that_cannot_be_used(refused, models, code, model, options, words):
    message = refused(code, "convert", str(models / model), *options, "--out", "out")
    assert [word for word in words if word not in message] == [], message


def test_a_training_that_diverges(refused: Callable[..., str]) -> None:
    options = "--limit 100 --epochs 5 --optimizer sgd --lr 1e4 --preprocess raw --batch-size 8 --xla off --out a/b"
    assert "smaller --lr" in refused(9, "train", *MNIST, "--arch", "fc2", *options.split())


def test_data_that_is_not_there_or_damaged(refused: Callable[..., str]) -> None:
    train = ("train", "--arch", "fc2", "--data", "mnist", "--data-dir")
    message = refused(4, *train, "mine", "--out", "out")
    for place in ("mine (--data-dir)", "(user cache)", "(Keras cache)", "train-images-idx3-ubyte", "needs no files"):
        assert place in message
    message = refused(4, "data", "fetch", "cifar10")
    assert "The data set cifar10 is not on this machine" in message
    assert "no connection to" in message
    folder = Path("data", "mnist")
    folder.mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (folder / f"{name}-ubyte").write_bytes(b"\0\0\x08\x03\0\0")
    message = refused(4, *train, "data")
    assert str(Path("data/mnist/train-")) in message
    assert "fresh copy" in message


def test_run_folders_are_complete(relu_run: Path, snn_run: Path, tuned_run: Path) -> None:
    figures = {relu_run: {"accuracy"}, snn_run: SPIKING | COMPARED, tuned_run: SPIKING | {"accuracy_before"}}
    for folder, names in figures.items():
        history = set() if folder == snn_run else {"history.csv"}
        assert {path.name for path in folder.iterdir()} == {"model.keras", "metrics.json", "run.json"} | history
        assert all(isinstance(metrics(folder)[name], int | float) for name in names)
    [epoch] = csv.DictReader((tuned_run / "history.csv").open())
    assert {"epoch", "loss", "accuracy", "val_loss", "val_accuracy"} <= epoch.keys()
    assert float(epoch["val_accuracy"]) == pytest.approx(metrics(tuned_run)["accuracy"])


def test_the_spiking_network_answers_like_the_relu_network_and_fine_tuning_improves_it(relu_run, snn_run, tuned_run):
    snn, tuned = metrics(snn_run), metrics(tuned_run)
    assert snn["agreement"] == 1.0
    assert snn["accuracy"] == snn["source_accuracy"] == metrics(relu_run)["accuracy"] > 0.3
    assert snn["max_logit_difference"] < 1e-4 * snn["largest_logit"]
    assert snn["saturated"] < 0.001
    assert 0 < snn["spikes_per_neuron"] < 1
    assert tuned["accuracy"] > tuned["accuracy_before"] == snn["accuracy"]


@pytest.mark.long
@pytest.mark.parametrize("neuron", ["b1", "alpha1", "smart-alpha1"])
def test_a_spiking_network_learns_from_scratch(neuron: str) -> None:
    options = {"arch_opt": {"hidden": 30}, "data": "mnist-mini", "limit": 300, "epochs": 1, "xla": "off"}
    trained = snnctl.train(arch="fc2", type="snn", neuron=neuron, **options)
    assert trained.metrics["type"] == "snn"
    assert trained.metrics["accuracy"] > 0.15
    assert trained.metrics["layers"]
    assert trained.history[0]["loss"] < 3


RECIPE = """\
defaults: {data: mnist-mini, limit: 60, xla: "off"}
steps:
  - {id: relu, train: {arch: fc2, arch_opt: {hidden: 10}, epochs: 1}}
  - {id: snn, convert: {model: relu}}
  - {id: tuned, finetune: {model: snn, epochs: 1, time_bits: 4, noise: 0.01}}
"""


@pytest.mark.long
def test_a_recipe_that_was_interrupted_comes_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """That nothing is lost or run twice, whenever it is killed, tests/recipes shows with steps that take no time."""
    Path("r.yaml").write_text(RECIPE)
    snnctl.run_recipe("r.yaml", out="whole", cache=False)
    for _ in range(3):  # each time a step further
        with monkeypatch.context() as patch:
            steps = iter([0, KeyboardInterrupt])
            patch.setattr("snnctl.recipes.run.start_afresh", lambda seed, steps=steps: started(seed, next(steps)))
            with suppress(Interrupted):
                snnctl.run_recipe("r.yaml", out="parts", resume=True, cache=False)
    for step in ("relu", "snn", "tuned"):
        one, other = (snnctl.load(Path(out, step)).model.get_weights() for out in ("whole", "parts"))
        assert [weight.tobytes() for weight in one] == [weight.tobytes() for weight in other]


def started(seed: int, error: Any) -> None:
    if error:
        raise error
    start_afresh(seed)


def test_eval_of_a_run_folder(call: Call, relu_run: Path, tuned_run: Path) -> None:
    _, out, _ = call("eval", str(relu_run), "--split", "train", "--limit", "50", "--out", "score")
    score = metrics(Path("score"))
    assert f"{100 * score['accuracy']:.2f} %" in out
    assert (score["split"], score["images"], score["type"]) == ("train", 50, "relu")
    again = snnctl.evaluate(tuned_run, limit=100).metrics
    assert {key: again[key] for key in SPIKING} == pytest.approx({key: metrics(tuned_run)[key] for key in SPIKING})
    assert snnctl.load(tuned_run).run.verb == "finetune"


def test_a_bare_file_and_data_of_ones_own(call: Call, refused: Callable[..., str], models: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (50, 28, 28), np.uint8)
    np.savez_compressed("bytes.npz", x=images, y=np.arange(50) % 10)
    code, out, err = call("convert", str(models / "good.keras"), "--calibrate", "bytes.npz", "--out", "snn")
    assert code == 0, err
    assert "100.00 %" in out
    assert "bytes.npz" in out
    figures, record = metrics(Path("snn")), json.loads(Path("snn/run.json").read_text())
    assert (figures["agreement"], figures["images"], figures["calibration_images"]) == (1.0, 50, 50)
    assert (record["settings"]["data"], record["settings"]["input_range"]) == (None, [0.0, 1.0])
    assert "no data set is named" in refused(2, "eval", "snn")
    assert json.loads(call("eval", "snn", *MNIST, "--limit", "20", "--json")[1])["images"] == 20


def test_inspection_and_plan_are_of_what_conversion_makes(call: Call, relu_run: Path, snn_run: Path) -> None:
    relu = json.loads(call("inspect", str(relu_run), "--json")[1])
    plan = json.loads(call("convert", str(relu_run), "--plan", "--json")[1])
    snn = json.loads(call("inspect", str(snn_run), "--json")[1])
    assert (relu["type"], relu["converts"], relu["hidden"]) == ("relu", True, None)
    assert [row["name"] for row in plan["layers"]] == [row["name"] for row in snn["layers"]]
    for total in ("synapses", "neurons", "parameters"):
        assert plan[total] == snn[total]
    assert (plan["input_range"], plan["assumed"]) == ([0.0, 1.0], False)
    assert snn["latency"] > 1.0
    assert max(map(len, call("inspect", str(snn_run))[1].splitlines())) <= 80


def test_the_spikes_of_an_image_are_in_the_report(call: Call, relu_run: Path, snn_run: Path) -> None:
    lost = write_run(Path("lost"), settings={"data": "mnist-mini", "model": "nowhere"})
    exported = write_run(Path("file"), "export", settings={"model": str(snn_run)})
    runs = map(str, (relu_run, snn_run, lost, exported))
    _, out, err = call("report", *runs, "--image", "3", "--json", "--out", "r.html")
    assert json.loads(out)["runs"] == ["relu", "snn", "lost", "file"], err
    page = Path("r.html").read_text(encoding="utf-8")
    assert "Image 3 of the test split, seen by snn" in page
    assert "data:image/png;base64," in page
    assert 'class="dots' in page
    assert len(page) < 2_000_000


def test_reports_without_an_image(call: Call) -> None:
    folders = [str(write_run(Path(name))) for name in ("score", "other")]
    assert call("report", folders[0], "--image", "none")[1].startswith("written to ")
    assert Path("score/report.html").is_file()
    call("report", *folders, "--image", "none", "--title", "A & B")
    assert "<h1>A &amp; B</h1>" in Path("report.html").read_text(encoding="utf-8")
    code, out, err = call("report", str(write_recipe(Path("recipe"), ["one", "two"])), "--json")
    assert code == 0
    left_out = {"what": "One image", "why": "The model of two is not there. The model of one is not there."}
    assert left_out in json.loads(out)["left_out"]
    assert "warning: left out: One image" in err
    assert "The model of two is not there." in Path("recipe/report.html").read_text(encoding="utf-8")


def test_runs_that_were_moved_find_each_other(call: Call, refused: Callable[..., str], snn_run: Path) -> None:
    shutil.copytree(snn_run, "before/snn")
    call("eval", "before/snn", "--limit", "50", "--noise", "0.1", "--out", "before/score")
    Path("before").rename("after")
    _, out, _ = call("report", "after/score", "--json")
    assert "One image" not in [each["what"] for each in json.loads(out)["left_out"]]
    assert "there is no image 1000000" in refused(2, "report", "after/score", "--image", "1000000")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["report"], 2, "RUN"),
        (["report", "nowhere"], 3, "nowhere does not exist"),
        (["report", "run", "--image", "-1"], 2, "--image"),
        (["report", "run", "--image", "none", "--out", ""], 2, "--out is empty"),
        (["report", "run", "--image", "none", "--out", "notes.html"], 8, "notes.html is there already"),
        (["report", "damaged"], 3, "run.json"),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, list) else None,
)
def test_no_report_is_made(refused: Callable[..., str], arguments: list[str], code: int, words: str) -> None:
    write_run(Path("run"))
    (write_run(Path("damaged")) / "run.json").write_text('{"verb": 3}', encoding="utf-8")
    Path("notes.html").write_text("mine", encoding="utf-8")
    assert words in refused(code, *arguments)
    assert Path("notes.html").read_text(encoding="utf-8") == "mine"
