"""How far a replay has come, kept in a file so that another process can go on from there."""

import hashlib
import os
from pathlib import Path

import msgspec

FINGERPRINT_BYTES = 1 << 20


class Checkpoint(msgspec.Struct, kw_only=True):
    """Every row before `rows` is settled; those after it may have been sent, and are sent again under the same ids."""

    fingerprint: str
    rows: int = 0
    accepted: int = 0
    refused: int = 0
    first_time: float | None = None
    last_time: float | None = None

    def save(self, path: Path) -> None:
        """Replace the file in one step, so that a kill leaves the older or the newer one whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_bytes(msgspec.json.encode(self))
        draft.replace(path)


class WrongCheckpoint(Exception):
    """The state file is damaged, or of another recording."""


def fingerprint(path: Path) -> str:
    """What tells this recording from others: its length and its first megabyte. It is part of each event's id."""
    with path.open("rb") as file:
        digest = hashlib.sha256(file.read(FINGERPRINT_BYTES))
    digest.update(str(path.stat().st_size).encode())
    return digest.hexdigest()[:32]


def read_checkpoint(state: Path, *, of: str) -> Checkpoint:
    """The checkpoint in the file, a new one where there is none. Raises WrongCheckpoint."""
    if not state.exists():
        return Checkpoint(fingerprint=of)
    try:
        checkpoint = msgspec.json.decode(state.read_bytes(), type=Checkpoint)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WrongCheckpoint(f"{state} is damaged ({error}). Remove it to begin anew.") from error
    if checkpoint.fingerprint != of:
        raise WrongCheckpoint(f"{state} belongs to another recording. Name another --state, or leave out --resume.")
    return checkpoint
