"""Pictures of figures, as SVG beside the tables."""

from collections.abc import Mapping, Sequence

import pygal

from bench.results import FOLDER


def write(name: str, title: str, columns: Sequence[str], series: Mapping[str, Sequence[float]]) -> None:
    """Write `bench/results/<name>.svg`: a line for each series, on one logarithmic axis."""
    chart = pygal.Line(title=title, logarithmic=True, x_labels=columns, js=(), width=900, height=500)
    for label, values in series.items():
        chart.add(label, list(values))
    chart.render_to_file(str(FOLDER / f"{name}.svg"))
