"""A pod that goes loses no request and no task: load balancer, Kubernetes, gunicorn and Celery agree on their times."""

import re
import runpy

import pytest

from k8s.tests.manifests import ENVIRONMENTS, REPOSITORY, Manifest, of_kind, overlay, pod_of, services

GUNICORN = runpy.run_path(str(REPOSITORY / "ecom" / "gunicorn.conf.py"))


def deployment(environment: str, service: str) -> Manifest:
    (found,) = of_kind(overlay(environment, service), "Deployment")
    return found


def ingresses() -> list[Manifest]:
    return [
        each for service in ("gateway", "backoffice") for each in of_kind(overlay("production", service), "Ingress")
    ]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_gunicorn_has_its_time_after_nobody_sends_requests_any_more(environment: str) -> None:
    for service in services(environment):
        for found in of_kind(overlay(environment, service), "Deployment"):
            pod = pod_of(found)["spec"]
            (container,) = pod["containers"]
            if container["args"][0] == "gunicorn":
                told = container["lifecycle"]["preStop"]["sleep"]["seconds"]
                assert told >= 15, "every node and the load balancer hear of it within this time"
                assert told + GUNICORN["graceful_timeout"] + 10 <= pod["terminationGracePeriodSeconds"]


def test_the_load_balancer_lets_go_before_gunicorn_does() -> None:
    pod = pod_of(deployment("production", "gateway"))["spec"]
    serving = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"] + GUNICORN["graceful_timeout"]
    for each in ingresses():
        annotations = each["metadata"]["annotations"]
        groups = annotations["alb.ingress.kubernetes.io/target-group-attributes"]
        balancer = annotations["alb.ingress.kubernetes.io/load-balancer-attributes"]
        assert int(re.findall(r"deregistration_delay.timeout_seconds=(\d+)", groups)[0]) <= serving
        assert int(re.findall(r"idle_timeout.timeout_seconds=(\d+)", balancer)[0]) < GUNICORN["keepalive"]


def test_a_worker_may_end_its_longest_task() -> None:
    source = (REPOSITORY / "ecom" / "celery.py").read_text()
    longest = int(re.findall(r"^TASK_SECONDS = (\d+)", source, re.MULTILINE)[0])
    for service in ("customers-worker", "catalog-worker", "orders-worker"):
        assert pod_of(deployment("production", service))["spec"]["terminationGracePeriodSeconds"] > longest


def test_there_is_never_a_second_beat() -> None:
    beat = deployment("production", "beat")
    assert (beat["spec"]["replicas"], beat["spec"]["strategy"]) == (1, {"type": "Recreate"})


def test_the_firewall_stands_before_the_one_way_in_and_tls_before_all() -> None:
    public = [each for each in ingresses() if "internet-facing" in str(each["metadata"]["annotations"])]
    assert [each["metadata"]["name"] for each in public] == ["gateway"]
    assert "alb.ingress.kubernetes.io/wafv2-acl-arn" in public[0]["metadata"]["annotations"]
    for each in ingresses():
        assert "alb.ingress.kubernetes.io/certificate-arn" in each["metadata"]["annotations"]
        assert "HTTPS" in each["metadata"]["annotations"]["alb.ingress.kubernetes.io/listen-ports"]


def test_streams_go_to_their_own_pods() -> None:
    (rule,) = next(each for each in ingresses() if each["metadata"]["name"] == "gateway")["spec"]["rules"]
    ways = [(path["path"], path["backend"]["service"]["name"]) for path in rule["http"]["paths"]]
    assert ways == [("/analytics/stream", "gateway-stream"), ("/", "gateway")]
