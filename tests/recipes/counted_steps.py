"""A plugin whose steps take no time: ``make`` a network, ``add`` to it, ``weigh`` it. Each notes that it was run."""

from pathlib import Path

import fake_package

MODULE = "counted_steps_plugin"
SOURCE = '''
    import time
    from pathlib import Path

    from pydantic import Field

    from snnctl.errors import AgreementError, DataError, TrainingError
    from snnctl.plugins import Dataset, HardwareConstraint, Verb, hookimpl
    from snnctl.verbs.naming import Chosen, chosen_field, of_kind, options_of
    from snnctl.verbs.options import Options
    from snnctl.verbs.result import Result

    FACTOR = 1

    class MakeOptions(Options):
        """Make a network."""
        value: int = 0
        fail: bool = False
        table: Path | None = None
        tables: list[Path] = []
        constraint: Chosen | None = chosen_field("constraints", "made up")
        data: str | None = Field(None, json_schema_extra=of_kind("datasets"))
        data_opt: dict = Field({}, json_schema_extra=options_of("data"))
    class AddOptions(Options):
        """Add to a network."""
        model: str
        value: int = 0
        fail: bool = False
        require: bool = False
        wait: str | None = None
    class WeighOptions(Options):
        """Weigh a network."""
        model: str

    class Network:
        def __init__(self, text):
            self.text = text

        def save(self, path):
            Path(path).write_text(self.text)

    def note(text):
        with open("calls.log", "a") as file:
            file.write(text + "\\n")

    def network_of(options):
        return Path(options.model, "model.keras").read_text()

    def make(options, run):
        note(f"make {options.value}")
        if options.fail:
            raise TrainingError("the loss is NaN")
        text = options.table.read_text() if options.table else ""
        made = f"made {options.value * FACTOR} {text}"
        return Result("make", {"accuracy": options.value / 10}, {"value": options.value}, Network(made))

    def add(options, run):
        note(f"add {options.value}")
        while options.wait and not Path(options.wait).exists():
            time.sleep(0.01)
        if options.fail:
            raise TrainingError("the loss is NaN")
        made = f"{network_of(options)}, added {options.value}"
        missed = AgreementError("too little", todo="Try again.") if options.require else None
        return Result("add", {"agreement": 0.5}, {"value": options.value}, Network(made), failure=missed)

    def weigh(options, run):
        note("weigh")
        plugins = {"scale": {"grams": 3.5, "parts": [1, 2]}}
        return Result("weigh", {"latency": len(network_of(options)) + 0.5, "plugins": plugins}, {})

    def made_of(options, run):
        return {"network": {"value": options.value, "fine": True}}

    def verb(name, makes_model=True, **more):
        options = f"MODULE:{name.capitalize()}Options"
        return Verb(name, "made up", options, f"MODULE:{name}", makes_model=makes_model, **more)

    class Lines(Dataset):
        name = "lines"
        summary = "the file lines.txt"
        input_shape = (2,)
        classes = 2

        def load(self, split, context):
            raise NotImplementedError

        def where(self, context):
            file = Path("lines.txt")
            return str(file) if file.exists() else None

        def fetch(self, context):
            Path("lines.txt").write_text("fetched")
            return "lines.txt"

    class Steps(HardwareConstraint):
        name = "steps"
        summary = "of a table"

        def __init__(self, *, table: str = "", more: list[str] = []):
            pass

        def weights(self, J):
            return J
    class Halves(Steps):
        name = "halves"
    class Coded(Lines):
        name = "coded"
        where = Dataset.where

    class Listed(Lines):
        name = "listed"
        file = None

        def configured(self, *, list: str):
            if not Path(list).exists():
                raise DataError(f"{list} is not there")
            listed = Listed()
            listed.file = list
            return listed

        def where(self, context):
            return self.file

    @hookimpl
    def register_constraints(register):
        register(Steps)
        register(Halves)

    @hookimpl
    def register_steps(register):
        register(verb("make", plan_path="MODULE:made_of"))
        register(verb("add"))
        register(verb("weigh", makes_model=False))

    @hookimpl
    def register_datasets(register):
        register(Lines())
        register(Coded())
        register(Listed())
'''.replace("MODULE", MODULE)

RECIPE = """\
name: three
steps:
  - {id: relu, make: {value: 3}}
  - {id: snn, add: {model: relu, value: 5}}
  - {id: score, weigh: {model: snn}}
"""
MATRIX = """\
name: grid
vars: {value: 1, more: 10}
matrix:
  value: [1, 2]
  more: [10, 20, 30]
steps:
  - {id: relu, make: {value: "${value}"}}
  - {id: snn, add: {model: relu, value: 5}}
  - {id: tuned, add: {model: snn, value: "${more}"}}
  - {id: score, weigh: {model: tuned}}
"""


def install(folder: Path) -> Path:
    """Put the plugin into ``folder``, which must be on the path when plugins are looked for."""
    return fake_package.install(folder, MODULE, SOURCE)
