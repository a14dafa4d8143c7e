"""What crosses the gateway, in both directions, byte by byte."""

import gzip

import orjson
import pytest

from ecom.apps.gateway.tests.gateway_process import SIGNED_IN, Gateway, running_gateway
from ecom.apps.gateway.tests.raw_http import connect, get, post, read_answer
from ecom.apps.gateway.tests.upstream_server import Received, UpstreamServer, answers, answers_and_closes
from ecom.apps.gateway.tests.waiting import wait_until
from ecom.common.visitor import COOKIE_NAME, visitor_id

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_path_and_query_arrive_as_they_were_written(gateway: Gateway, upstream: UpstreamServer) -> None:
    get(gateway.port, "/products/caf%C3%A9%20%3F1;v=2?q=a%20b&x=%2F&y=1+1")
    assert upstream.requests[0].line == "GET /products/caf%C3%A9%20%3F1;v=2?q=a%20b&x=%2F&y=1+1 HTTP/1.1"


def test_a_clients_headers_arrive_without_the_hop_by_hop_ones(gateway: Gateway, upstream: UpstreamServer) -> None:
    get(
        gateway.port, "/products", "Accept-Language: de", "Authorization: Bearer t", "Cookie: a=1; b=2",
        "If-None-Match: x",
        "Connection: keep-alive, X-Private", "X-Private: 1", "Keep-Alive: 5", "TE: trailers", "Upgrade: h2c",
        "Proxy-Authorization: p", "Proxy-Connection: keep-alive", "Trailer: X-T",
    )  # fmt: skip
    request = upstream.requests[0]
    assert request.header("Accept-Language") == "de"
    assert request.header("Authorization") == "Bearer t"
    assert request.header("Cookie") == "a=1; b=2"
    assert request.header("If-None-Match") == "x"
    assert request.names & {
        "connection", "x-private", "keep-alive", "te", "upgrade", "proxy-authorization", "proxy-connection", "trailer",
        "transfer-encoding", "content-length", "user-agent", "accept-encoding",
    } == set()  # fmt: skip


def test_what_the_gateway_says_itself_cannot_be_said_by_a_client(gateway: Gateway, upstream: UpstreamServer) -> None:
    get(
        gateway.port, "/products", "X-Forwarded-For: 6.6.6.6, 7.7.7.7", "X-Forwarded-Proto: https",
        "Forwarded: for=6.6.6.6",
        "X-Forwarded-Host: evil.example", "X-Real-IP: 6.6.6.6", "X-Ecom-Principal: admin", "X_Forwarded_For: 6.6.6.6",
        "X-Forwarded-Ssl: on", "Script-Name: /x", "SCRIPT_NAME: /products", "PATH_INFO: /orders",
    )  # fmt: skip
    request = upstream.requests[0]
    assert request.line.startswith("GET /products ")
    assert request.header("X-Forwarded-For") == "127.0.0.1"
    assert request.header("X-Forwarded-Proto") == "http"
    assert request.header("X-Forwarded-Host") == request.header("Host") == f"127.0.0.1:{gateway.port}"
    assert request.names & {"forwarded", "x-real-ip", "x-ecom-principal", "x-forwarded-ssl"} == set()


def test_the_client_behind_a_trusted_proxy_is_the_one_that_the_proxy_saw(
    upstream_server: UpstreamServer, upstream: UpstreamServer, tmp_path
) -> None:
    trusted = {"ECOM_TRUSTED_PROXIES": "1", "ECOM_FORWARDED_ALLOW_IPS": "127.0.0.0/8"}
    with running_gateway(tmp_path, upstream_server.url, **trusted) as gateway:
        get(gateway.port, "/products", "X-Forwarded-For: 6.6.6.6, 203.0.113.9", "X-Forwarded-Proto: https")
        answer = post(
            gateway.port, "/activity/event", b"{}", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https"
        )
    assert upstream.requests[0].header("X-Forwarded-For") == "203.0.113.9"
    assert upstream.requests[0].header("X-Forwarded-Proto") == "https"
    assert "Secure" in answer.headers["Set-Cookie"]


def test_request_id_and_trace_go_on_with_a_span_of_the_gateways(gateway: Gateway, upstream: UpstreamServer) -> None:
    answer = get(gateway.port, "/products", "X-Request-ID: order-17", f"traceparent: {TRACE}")
    request = upstream.requests[0]
    assert request.header("X-Request-ID") == answer.headers["X-Request-ID"] == "order-17"
    parent = request.header("traceparent")
    assert parent is not None
    assert (parent[:36], parent[52:]) == (TRACE[:36], TRACE[52:])
    assert parent[36:52] != TRACE[36:52]


def test_an_answers_headers_come_back_without_the_hop_by_hop_ones(gateway: Gateway, upstream: UpstreamServer) -> None:
    upstream.behaviour = answers(
        b'HTTP/1.1 201 Created\r\nContent-Length: 0\r\nLocation: /orders/1\r\nETag: "1"\r\n'
        b"Vary: Accept\r\nVary: Cookie\r\n"
        b"Set-Cookie: a=1; Expires=Sun, 23 May 2027 02:47:54 GMT\r\nSet-Cookie: b=2; Path=/\r\nServer: secret/1.0\r\n"
        b"Connection: X-Internal\r\nX-Internal: 1\r\nKeep-Alive: timeout=5\r\nX-Request-ID: theirs\r\n\r\n"
    )
    answer = post(gateway.port, "/orders", b"{}", SIGNED_IN)
    assert (answer.status, answer.headers["Location"], answer.headers["ETag"]) == (201, "/orders/1", '"1"')
    assert answer.headers["Vary"] == "Accept, Cookie"
    assert answer.all("Set-Cookie") == ["a=1; Expires=Sun, 23 May 2027 02:47:54 GMT", "b=2; Path=/"]
    assert "X-Internal" not in answer.headers
    assert "Keep-Alive" not in answer.headers
    assert "Content-Type" not in answer.headers
    assert answer.all("Server") == ["gunicorn"]
    assert len(answer.all("Date")) == 1
    assert answer.all("X-Request-ID") != ["theirs"]


def test_compressed_content_is_not_touched(gateway: Gateway, upstream: UpstreamServer) -> None:
    packed = gzip.compress(b"hello" * 100)
    upstream.behaviour = answers(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed), packed
    )
    answer = get(gateway.port, "/products", "Accept-Encoding: gzip")
    assert answer.body == packed
    assert answer.headers["Content-Encoding"] == "gzip"
    assert upstream.requests[0].header("Accept-Encoding") == "gzip"


def test_redirects_are_the_clients_to_follow(gateway: Gateway, upstream: UpstreamServer) -> None:
    upstream.behaviour = answers(b"HTTP/1.1 302 Found\r\nLocation: /cart\r\nContent-Length: 0\r\n\r\n")
    answer = get(gateway.port, "/products")
    assert (answer.status, answer.headers["Location"]) == (302, "/cart")
    assert len(upstream.requests) == 1


def test_head_has_the_length_and_no_body(gateway: Gateway, upstream: UpstreamServer) -> None:
    upstream.behaviour = answers(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")
    with connect(gateway.port) as connection:
        for _ in range(2):  # the connection stays usable
            connection.sendall(f"HEAD /products HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\n\r\n".encode())
            answer = read_answer(connection, "HEAD")
            assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "1234", b"")
    assert [request.line for request in upstream.requests] == ["HEAD /products HTTP/1.1"] * 2
    assert upstream.requests[0].header("Content-Length") is None


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_answers_without_a_body_stay_without(gateway: Gateway, upstream: UpstreamServer, status: bytes) -> None:
    upstream.behaviour = answers(b"HTTP/1.1 " + status + b'\r\nETag: "1"\r\n\r\n')
    answer = get(gateway.port, "/products")
    assert (answer.status, answer.body, answer.headers["ETag"]) == (int(status[:3]), b"", '"1"')
    assert "Transfer-Encoding" not in answer.headers


def test_a_body_with_a_length_arrives_with_that_length(gateway: Gateway, upstream: UpstreamServer) -> None:
    body = bytes(range(256)) * 200
    post(gateway.port, "/activity/events", body, "Content-Type: application/octet-stream")
    assert upstream.requests[0].body == body
    assert upstream.requests[0].header("Content-Length") == str(len(body))
    assert upstream.requests[0].header("Content-Type") == "application/octet-stream"


def test_a_large_body_with_a_length_is_streamed(gateway: Gateway, upstream: UpstreamServer) -> None:
    body = b"x" * (4 * 1024 * 1024)
    answer = post(gateway.port, "/products/bulk", body, SIGNED_IN)
    assert answer.status == 200
    assert upstream.requests[0].body == body
    assert upstream.requests[0].header("Content-Length") == str(len(body))


def test_a_chunked_body_arrives_chunked_and_whole(gateway: Gateway, upstream: UpstreamServer) -> None:
    head = f"POST /activity/events HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connect(gateway.port) as connection:
        connection.sendall(head.encode() + b"5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nX-T: 1\r\n\r\n")
        assert read_answer(connection).status == 200
        connection.sendall(b"GET /products HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert read_answer(connection).status == 200
    assert upstream.requests[0].body == b"hello world"
    assert upstream.requests[0].header("Transfer-Encoding") == "chunked"
    assert upstream.requests[0].header("Content-Length") is None


def test_a_post_without_a_body_says_so(gateway: Gateway, upstream: UpstreamServer) -> None:
    get(gateway.port, "/orders/7/cancel", SIGNED_IN, method="POST")
    assert upstream.requests[0].header("Content-Length") == "0"


def test_expect_is_answered_by_the_gateway(gateway: Gateway, upstream: UpstreamServer) -> None:
    head = f"POST /cart/add HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\nContent-Length: 2\r\n"
    with connect(gateway.port) as connection:
        connection.sendall(head.encode() + b"Expect: 100-continue\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"{}")
        assert read_answer(connection).status == 200
    assert upstream.requests[0].header("Expect") is None


def test_a_large_answer_is_streamed_with_its_length(gateway: Gateway, upstream: UpstreamServer) -> None:
    body = bytes(range(256)) * 8192
    upstream.behaviour = answers(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body), body)
    answer = get(gateway.port, "/customers/me/export", SIGNED_IN)
    assert answer.body == body
    assert answer.headers["Content-Length"] == str(len(body))


def test_a_large_chunked_answer_comes_whole(gateway: Gateway, upstream: UpstreamServer) -> None:
    chunk = b"2000\r\n" + b"y" * 0x2000 + b"\r\n"
    upstream.behaviour = answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[chunk] * 64, b"0\r\n\r\n")
    answer = get(gateway.port, "/customers/me/export", SIGNED_IN)
    assert answer.body == b"y" * (0x2000 * 64)
    assert answer.headers["Transfer-Encoding"] == "chunked"


def test_a_small_chunked_answer_gets_a_length(gateway: Gateway, upstream: UpstreamServer) -> None:
    upstream.behaviour = answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
    answer = get(gateway.port, "/products")
    assert (answer.body, answer.headers["Content-Length"]) == (b"ok", "2")


def test_an_answer_that_ends_with_its_connection_comes_whole(gateway: Gateway, upstream: UpstreamServer) -> None:
    upstream.behaviour = answers_and_closes(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello")
    assert get(gateway.port, "/products").body == b"hello"


def test_connections_to_a_service_are_used_again(gateway: Gateway, upstream: UpstreamServer) -> None:
    get(gateway.port, "/products")
    before = upstream.connections
    for _ in range(5):
        get(gateway.port, "/products")
    assert upstream.connections == before


def test_a_new_browser_gets_a_signed_visitor_cookie_with_its_first_event(
    gateway: Gateway, upstream: UpstreamServer
) -> None:
    answer = post(gateway.port, "/activity/event", b"{}")
    (cookie,) = answer.all("Set-Cookie")
    value = cookie.partition("=")[2].partition(";")[0]
    assert visitor_id(value) is not None
    assert "SameSite=Lax" in cookie
    assert "HttpOnly" not in cookie
    assert post(gateway.port, "/activity/event", b"{}", f"Cookie: {COOKIE_NAME}={value}").all("Set-Cookie") == []
    assert len(post(gateway.port, "/activity/event", b"{}", f"Cookie: {COOKIE_NAME}=V1.x").all("Set-Cookie")) == 1
    assert get(gateway.port, "/products").all("Set-Cookie") == []


def test_a_host_that_is_not_ours_is_refused(gateway: Gateway, upstream: UpstreamServer) -> None:
    with connect(gateway.port) as connection:
        connection.sendall(b"GET /products HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        answer = read_answer(connection)
    assert answer.status == 400
    assert orjson.loads(answer.body)["status"] == 400
    assert upstream.requests == []


def test_the_metrics_name_the_row_of_the_table(gateway: Gateway, upstream: UpstreamServer) -> None:
    get(gateway.port, "/products/P1")
    row = 'ecom_http_request_duration_seconds_count{method="GET",route="products/<product_id>",status="200"}'
    wait_until(lambda: row in get(gateway.management_port, "/metrics").body.decode())


def echo_length(connection, request: Received) -> None:
    body = str(len(request.body)).encode()
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def test_bodies_up_to_the_limit_of_their_row_are_taken(gateway: Gateway, upstream: UpstreamServer) -> None:
    upstream.behaviour = echo_length
    assert post(gateway.port, "/activity/event", b"x" * 65536).body == b"65536"
    assert post(gateway.port, "/activity/events", b"x" * 512000).body == b"512000"
