"""Writes the tables of inputs and outputs into the README of each module and stack: `python terraform/readmes.py`."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

TERRAFORM = Path(__file__).resolve().parent
BEGIN, END = "<!-- inputs and outputs: readmes.py -->", "<!-- end -->"
BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
DESCRIPTION = re.compile(r'^  description\s+= "(.*)"$', re.MULTILINE)
TYPE = re.compile(r"^  type\s+= (\w+)", re.MULTILINE)
DEFAULT = re.compile(r"^  default\s+= (.+)$", re.MULTILINE)


class Undescribed(Exception):
    """A variable or an output says nothing of itself."""


def folders() -> list[Path]:
    """Every module and stack."""
    return sorted(path for kind in ("modules", "stacks") for path in (TERRAFORM / kind).iterdir() if path.is_dir())


def tables(folder: Path) -> str:
    """The table of a folder's inputs and, where it has outputs, of those. Raises Undescribed."""
    source = "\n".join(path.read_text() for path in sorted(folder.glob("*.tf")))
    inputs, outputs = [], []
    for kind, name, body in BLOCK.findall(source):
        described = DESCRIPTION.search(body)
        if not described:
            raise Undescribed(f"{folder.name}: {kind} {name} has no description")
        text = described[1].replace("|", "\\|")
        if kind == "variable":
            inputs.append(f"| `{name}` | {_type(body)} | {_default(body)} | {text} |")
        else:
            outputs.append(f"| `{name}` | {text} |")
    return "\n".join(
        [
            *("| input | type | default | what it is |", "|---|---|---|---|", *sorted(inputs)),
            *(("", "| output | what it is |", "|---|---|", *sorted(outputs)) if outputs else ()),
        ]
    )


def written(readme: Path) -> str:
    """A README's text with its tables brought up to date."""
    before, _, rest = readme.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables(readme.parent)}\n{END}{after}"


def outdated() -> Iterator[Path]:
    """The READMEs whose tables are not those of the code."""
    for readme in (folder / "README.md" for folder in folders()):
        if written(readme) != readme.read_text():
            yield readme


def _type(body: str) -> str:
    found = TYPE.search(body)
    return found[1] if found else "any"


def _default(body: str) -> str:
    found = DEFAULT.search(body)
    return f"`{found[1]}`" if found else ""


def main() -> int:
    for readme in outdated():
        readme.write_text(written(readme))
    return 0


if __name__ == "__main__":
    sys.exit(main())
