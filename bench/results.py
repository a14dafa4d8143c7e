"""What a benchmark leaves behind: one JSON file, which names the command, the time and the machine."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from bench import machine

FOLDER = Path(__file__).parent / "results"

Figures = Sequence[Mapping[str, Any]]


def record(name: str, figures: Figures, *, notes: Sequence[str] = ()) -> Path:
    """Write `bench/results/<name>.json`; each figure is one row of a table, with the same keys in each."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    content = {
        "benchmark": name,
        "command": f"make bench ONLY={name}",
        "recorded_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "machine": asdict(machine.describe()),
        "notes": list(notes),
        "figures": list(figures),
    }
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
    return path


def write_summary() -> Path:
    """Write `bench/results/README.md`: every recorded figure as a table."""
    sections = [_section(orjson.loads(path.read_bytes())) for path in sorted(FOLDER.glob("*.json"))]
    path = FOLDER / "README.md"
    path.write_text("# Recorded results\n\nWritten by `make bench`; do not edit.\n\n" + "\n".join(sections))
    return path


def _section(result: Mapping[str, Any]) -> str:
    on = result["machine"]
    lines = [
        f"## {result['benchmark']}",
        "",
        f"`{result['command']}`, {result['recorded_at']}, {on['processor']}, {on['cores']} cores, "
        f"{on['memory_gib']} GiB, Python {on['python']}.",
        "",
        *_table(result["figures"]),
        *(f"\n{note}" for note in result["notes"]),
        "",
    ]
    return "\n".join(lines)


def _table(figures: Figures) -> list[str]:
    columns = list(dict.fromkeys(column for figure in figures for column in figure))
    rows = [" | ".join(_cell(figure.get(column, "")) for column in columns) for figure in figures]
    return [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *(f"| {row} |" for row in rows)]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
