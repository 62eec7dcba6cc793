"""Kill a run before each operation on files it does, resume it, and compare. Run as a program, in an empty folder.

The processes are forks that end without a word, as ``kill -9`` does it.
"""

import os
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

EVENTS = ("os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "os.truncate")
KILLED = 9
WRITES = os.O_WRONLY | os.O_RDWR


def fork(work: Callable[[], object], last: int | None = None) -> int:
    """Do ``work`` in a process of its own, which dies before operation number ``last``; returns its exit code."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    number = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal number
        if event in EVENTS or (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES):
            number += 1
            if number == last:
                os._exit(KILLED)

    sys.addaudithook(hook)
    try:
        work()
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", flush=True)
        os._exit(1)
    os._exit(0)


def results(folder: Path) -> dict[str, str]:
    names = ("model.keras", "metrics.json")
    return {str(path.relative_to(folder)): path.read_text() for name in names for path in folder.rglob(name)}


def times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.glob("**/run.json") if "/." not in str(path)}


def hidden(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob(".*") if path.name != ".cache"]


def kill_and_resume(
    work: Path, number: int, run: Callable[..., object], wanted: dict[str, str], overwrite: bool
) -> bool:
    """One trial; returns whether the run was killed at all."""
    work.mkdir()
    os.chdir(work)
    out = work / "runs" / "out"
    if overwrite:
        (out / "old").mkdir(parents=True)
        (out / "summary.json").write_text("{}")
        (out / "old" / "run.json").write_text("{}")
    code = fork(lambda: run(out="runs/out", overwrite=overwrite), number)
    if code != KILLED:
        assert code == 0, code
        assert results(out) == wanted
        return False
    old_is_there = overwrite and ((out / "old").exists() or not out.exists())  # between two renames, it comes back
    before = times(out) if out.exists() else {}
    again = {"out": "runs/out", "overwrite": True} if old_is_there else {"out": "runs/out", "resume": True}
    ran = Path("calls.log").read_text().splitlines() if Path("calls.log").exists() else []
    assert fork(lambda: run(**again)) == 0, number
    assert results(out) == wanted, number
    assert (out / "summary.json").is_file()
    if not old_is_there:
        after = times(out)
        assert {path: after[path] for path in before} == before, number
        total = Path("calls.log").read_text().splitlines()
        assert len(total) <= len(ran) + STEPS - len(before), (number, total)
    assert hidden(work) == [], (number, hidden(work))
    return True


def main(folder: Path, recipe: Path, overwrite: bool, step: int) -> int:
    """A trial for every ``step``-th moment; returns how many there were."""
    from snnctl.plugins import load_registry
    from snnctl.recipes import execute_plan, inputs, make_plan
    from snnctl.verbs import plugin_verbs
    from snnctl.verbs.result import Run

    inputs.own_code = lambda: "the same"  # while somebody works on it, too
    os.fsync = lambda _: None  # which matters when the power is cut
    plugin_verbs._require_model = lambda *_: None  # they are texts, without Keras
    registry = load_registry()
    plan = make_plan(recipe, [], registry)

    def run(out: str, **options: bool) -> None:
        execute_plan(plan, Run(registry), out=Path(out), cache=Path("runs/.cache"), **options)

    (folder / "undisturbed").mkdir()
    os.chdir(folder / "undisturbed")
    assert fork(lambda: run("out")) == 0
    wanted = results(folder / "undisturbed" / "out")
    for trial, number in enumerate(count(step, step)):
        if not kill_and_resume(folder / str(number), number, run, wanted, overwrite):
            return trial
    raise AssertionError


STEPS = 3

if __name__ == "__main__":
    moments = main(
        Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), sys.argv[3] == "overwrite", int(sys.argv[4])
    )
    print(f"killed at {moments} moments")
