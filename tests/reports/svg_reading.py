"""Reading charts: what was drawn where."""

import re
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
Place = tuple[float, float]


class Drawing:
    def __init__(self, text: str) -> None:
        self.root = ElementTree.fromstring(text)

    def all(self, name: str, class_: str = "") -> list[ElementTree.Element]:
        return [item for item in self.root.iter(SVG + name) if not class_ or class_ in item.get("class", "").split()]

    def texts(self) -> list[str]:
        return ["".join(item.itertext()).replace("\u200b", "") for item in self.all("text")]

    def place_of(self, text: str) -> Place:
        """Where the first label that says ``text`` stands."""
        for item in self.all("text"):
            if "".join(item.itertext()).replace("\u200b", "") == text:
                return float(item.get("x", "nan")), float(item.get("y", "nan"))
        raise AssertionError(f"no label says {text}: {self.texts()}")

    def markers(self, class_: str) -> list[Place]:
        """Where the markers of a series are, those of its legend left out."""
        return [
            (float(found[1]), float(found[2]))
            for item in self.all("path", "marker")
            if class_ in item.get("class", "").split()
            and (found := re.fullmatch(r"translate\((\S+) (\S+)\)", item.get("transform", "")))
            and (found[1], found[2]) != ("0", "0")
        ]


def points(path: str) -> list[Place]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", path)]


def value_at(place: float, low: tuple[float, float], high: tuple[float, float]) -> float:
    """The value at a pixel, from two (pixel, value) of its axis."""
    return low[1] + (place - low[0]) / (high[0] - low[0]) * (high[1] - low[1])
