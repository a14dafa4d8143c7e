"""What of a stack runs and answers, as a table."""

from local.processes import answering
from local.readiness import answers_ok
from local.servers import Server
from local.stack import Stack


def state_report(stack: Stack) -> str:
    """One line for the stack, each server and each service."""
    supervisor = stack.supervisor
    state = "ready" if stack.ready_file.exists() else "starting or stopping"
    head = f"stack at port offset {stack.offset}: {state if supervisor else 'not running'}"
    servers = [_line(server.name, server.port, _server_state(server)) for server in stack.servers]
    services = [
        _line(name, stack.port(name), "ready" if answers_ok(stack.ready_url(name)) else "no answer")
        for name in answering(stack)
    ]
    return "\n".join([head, *servers, *services])


def _server_state(server: Server) -> str:
    process = server.process
    if process is None:
        return "not running"
    return f"{'ready' if server.is_ready() else 'not ready'} (pid {process.pid})"


def _line(name: str, port: int, state: str) -> str:
    return f"  {name:<16} {port:>6}  {state}"
