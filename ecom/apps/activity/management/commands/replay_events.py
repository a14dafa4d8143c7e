"""`manage.py replay_events FILE`: sends recorded events through the gateway's public API."""

import signal
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ecom.apps.activity.clients.gateway import GatewayClient, Refused
from ecom.apps.activity.events import publisher
from ecom.apps.activity.management.service_token import add_token_argument, service_token
from ecom.apps.activity.recordings.checkpoints import Checkpoint, WrongCheckpoint, fingerprint, read_checkpoint
from ecom.apps.activity.recordings.endings import write_end
from ecom.apps.activity.recordings.layouts import add_arguments, chosen_layout
from ecom.apps.activity.recordings.progress import progress
from ecom.apps.activity.recordings.reading import Recording
from ecom.apps.activity.recordings.replaying import IN_FLIGHT, Pace, Replay, Stopped

STATES = Path(".local/replays")


class Command(BaseCommand):
    help = (
        "Send the events of FILE through POST /activity/events. Times stay as recorded, as fast as the gateway takes "
        "them, unless --speed or --shift-to-now says otherwise; with recorded times a marker at the end closes the "
        "last window of a stack that was started with RECORDED_TIME=1. Interrupted, it goes on with --resume."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)
        parser.add_argument(
            "--speed", type=_positive, metavar="X", help="X times the recorded pace, rather than all at once"
        )
        parser.add_argument(
            "--shift-to-now",
            action="store_true",
            help="events bear the time at which they are sent (speed 1 by default)",
        )
        parser.add_argument("--resume", action="store_true", help="go on where an interrupted replay of FILE stopped")
        parser.add_argument(
            "--state", type=Path, metavar="PATH", help=f"where progress is kept (default: {STATES}/<name of FILE>.json)"
        )
        parser.add_argument("--gateway", default=settings.GATEWAY_URL, metavar="URL", help="default: %(default)s")
        add_token_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, _interrupt)
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"there is no file {path}")
        state = options["state"] or STATES / f"{path.name}.json"
        replay = self._replay(path, state, options)
        started = time.monotonic()
        try:
            self._run(replay, path, options)
        except (KeyboardInterrupt, Stopped) as error:
            raise CommandError(
                f"stopped at row {replay.checkpoint.rows}; go on with --resume", returncode=130
            ) from error
        except Refused as error:
            raise CommandError(f"the gateway refuses the events: {error}") from error
        self._report(replay, time.monotonic() - started)

    def _replay(self, path: Path, state: Path, options: dict[str, Any]) -> Replay:
        mark = fingerprint(path)
        try:
            checkpoint = read_checkpoint(state, of=mark) if options["resume"] else Checkpoint(fingerprint=mark)
        except WrongCheckpoint as error:
            raise CommandError(str(error)) from error
        shift = options["shift_to_now"]
        return Replay(
            client=GatewayClient(options["gateway"], token=service_token(options), connections=IN_FLIGHT),
            checkpoint=checkpoint,
            save=lambda checkpoint: checkpoint.save(state),
            pace=Pace(speed=options["speed"] or (1.0 if shift else None), shift_to_now=shift),
        )

    def _run(self, replay: Replay, path: Path, options: dict[str, Any]) -> None:
        with Recording(path, chosen_layout(options)) as recording, progress() as bar:
            task = bar.add_task(f"replaying {path.name}", total=recording.size, note="")

            def settled() -> None:
                note = f"{replay.checkpoint.accepted:,} accepted"
                bar.update(task, completed=recording.position, note=f"{note} {replay.waiting_for[:80]}")

            replay.on_settled = settled
            replay.run(recording.events(skip=replay.checkpoint.rows))
            bar.update(task, completed=recording.size)
        for problem in recording.unreadable[:5]:
            self.stderr.write(f"left out: {problem}")
        if not options["shift_to_now"]:
            self._close(replay)

    def _close(self, replay: Replay) -> None:
        """Nothing may follow the marker: what an outage kept in a producer has arrived or expired by then."""
        if replay.checkpoint.last_time is None:
            return
        if replay.last_trouble is not None:
            time.sleep(max(0.0, replay.last_trouble + 2 * settings.KAFKA_DEADLINE_SECONDS - time.monotonic()))
        end = write_end(publisher(), last_time=replay.checkpoint.last_time)
        self.stdout.write(f"The recording is closed: every partition has a marker for {end}.")

    def _report(self, replay: Replay, seconds: float) -> None:
        checkpoint = replay.checkpoint
        for refusal in replay.refusals:
            self.stderr.write(f"refused: {refusal}")
        self.stdout.write(
            f"{checkpoint.rows:,} rows: {checkpoint.accepted:,} accepted, {checkpoint.refused:,} refused, "
            f"in {seconds:.1f} s."
        )


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


def _interrupt(signum: int, frame: Any) -> None:
    raise KeyboardInterrupt
