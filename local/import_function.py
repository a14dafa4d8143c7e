"""The import function as AWS runs it: Lambda's own runtime client, fed from a queue with the bucket's notifications.

One process at a time, started anew after it was ended: by its time limit, by a crash, by a test.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import TimeoutError as NoAnswer
from contextlib import ExitStack
from typing import Any, Self

from local.provision import session
from local.runtime_api import FunctionFailed, Invocation, RuntimeApi
from local.servers.server import REPOSITORY

FUNCTION = "product_bulk_import_lambda"
HANDLER = f"serverless.{FUNCTION}.handler.handle"
SECONDS = 300.0  # the time limit of a run; 900 in AWS
MEMORY_MIB = 512
LOOK_SECONDS = 0.2


class LocalFunction:
    """The function's process and the Runtime API that it polls."""

    def __init__(self, environment: Mapping[str, str], *, seconds: float = SECONDS) -> None:
        self._environment, self._seconds = dict(environment), seconds
        self._running = ExitStack()  # a server for each process: one that died cannot take the next one's event
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def call(self, event: Any) -> Any:
        """What the function answers. Raises FunctionFailed."""
        if self.process is None or self.process.poll() is not None:
            self._end()
            self.process = self._start()
        invocation = self._api.call(event, seconds=self._seconds)
        try:
            return self._answer(invocation, self.process)
        except NoAnswer:
            self._api.give_up(invocation, f"The function was ended after {self._seconds:.0f} s.")
            self._end()
            return invocation.answer.result()

    def _answer(self, invocation: Invocation, process: "subprocess.Popen[bytes]") -> Any:
        """Raises NoAnswer when the time is up, FunctionFailed when it raised or its process ended."""
        waited = 0.0
        while True:
            try:
                return invocation.answer.result(timeout=LOOK_SECONDS)
            except NoAnswer:
                waited += LOOK_SECONDS
                if waited > self._seconds:
                    raise
            if process.poll() is not None:
                self._api.give_up(invocation, f"The function's process ended with {process.returncode}.")

    def _start(self) -> "subprocess.Popen[bytes]":
        self._api = self._running.enter_context(RuntimeApi(FUNCTION))
        variables = {
            **self._environment,
            "PYTHONPATH": str(REPOSITORY),
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_LAMBDA_FUNCTION_NAME": FUNCTION,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEMORY_MIB),
            "_HANDLER": HANDLER,
            "LAMBDA_TASK_ROOT": str(REPOSITORY),
        }
        return subprocess.Popen([sys.executable, "-m", "awslambdaric", HANDLER], env=variables, cwd=REPOSITORY)

    def _end(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
        self._running.close()


def serve_queue(environment: Mapping[str, str]) -> None:
    """Take messages from the queue one by one, as the event source mapping does."""
    sqs = session().client("sqs", endpoint_url=environment["AWS_ENDPOINT_URL"])
    url = environment["ECOM_IMPORT_QUEUE_URL"]
    with LocalFunction(environment) as function:
        while True:
            received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, WaitTimeSeconds=1)
            for message in received.get("Messages", ()):
                if _is_done(function, message):
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _is_done(function: LocalFunction, message: Mapping[str, Any]) -> bool:
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "eventSource": "aws:sqs",
    }
    try:
        answer = function.call({"Records": [record]})
    except FunctionFailed as error:
        print(f"the function failed, the message comes again: {error}", flush=True)
        return False
    return not (answer or {}).get("batchItemFailures")


def run() -> int:
    """Serve the queue with the environment of this process until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    serve_queue(os.environ)
    return 0
