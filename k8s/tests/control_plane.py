"""A real control plane without nodes: etcd, kube-apiserver and kube-controller-manager, on loopback."""

import datetime
import ipaddress
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import urllib3
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from local.programs_for_tests import ETCD, KUBE_APISERVER, KUBE_CONTROLLER_MANAGER
from local.servers import free_port
from local.servers.answers import answers_http
from local.servers.server import LOOPBACK, Server

TOKEN = "only-for-tests-and-never-anywhere-else"
MERGE = "application/merge-patch+json"


class Etcd(Server):
    """Where the API server keeps its objects."""

    name: ClassVar[str] = "etcd"

    @property
    def endpoint(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        self._peers = f"http://{LOOPBACK}:{free_port()}"

    def command(self) -> Sequence[str]:
        return [
            str(ETCD.path("etcd")), "--data-dir", str(self.directory / "data"), "--unsafe-no-fsync",
            "--listen-client-urls", self.endpoint, "--advertise-client-urls", self.endpoint,
            "--listen-peer-urls", self._peers, "--initial-advertise-peer-urls", self._peers,
            "--initial-cluster", f"default={self._peers}",
        ]  # fmt: skip

    def is_ready(self) -> bool:
        return answers_http(f"{self.endpoint}/health")


def write_certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate of its own for this loopback address, and its key, as files."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1)).add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    files = directory / "loopback.crt", directory / "loopback.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    files[1].write_bytes(pem)
    return files


class ApiServer(Server):
    """Takes objects and checks them; whoever has the token may do everything."""

    name: ClassVar[str] = "kube-apiserver"
    start_seconds: ClassVar[float] = 120

    def __init__(self, directory: Path, port: int, etcd: Etcd) -> None:
        super().__init__(directory, port)
        self._etcd = etcd

    def prepare(self) -> None:
        self.certificate, self._key = write_certificate(self.directory)
        (self.directory / "tokens.csv").write_text(f"{TOKEN},admin,1,system:masters\n")
        self._http = urllib3.PoolManager(ca_certs=str(self.certificate), headers={"Authorization": f"Bearer {TOKEN}"})

    def command(self) -> Sequence[str]:
        return [
            str(KUBE_APISERVER.path), f"--etcd-servers={self._etcd.endpoint}", f"--secure-port={self.port}",
            f"--bind-address={LOOPBACK}", f"--advertise-address={LOOPBACK}", "--endpoint-reconciler-type=none",
            f"--tls-cert-file={self.certificate}", f"--tls-private-key-file={self._key}",
            f"--token-auth-file={self.directory / 'tokens.csv'}", "--authorization-mode=AlwaysAllow",
            "--disable-admission-plugins=ServiceAccount", "--service-cluster-ip-range=10.0.0.0/24",
            "--service-account-issuer=https://kubernetes.default.svc", f"--service-account-key-file={self._key}",
            f"--service-account-signing-key-file={self._key}",
        ]  # fmt: skip

    def is_ready(self) -> bool:
        try:
            return self._http.request("GET", self._url("/readyz"), retries=False, timeout=5).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """Make a request of its REST interface; return the answer. Raises AssertionError with what it said."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": content_type}
        answer = self._http.request(
            method, self._url(path), body=None if body is None else json.dumps(body), headers=headers, timeout=30
        )
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.data.decode()}"
        return json.loads(answer.data)

    def kubeconfig(self) -> Path:
        """How another process reaches it."""
        path = self.directory / "kubeconfig"
        server = {"server": self._url(""), "certificate-authority": str(self.certificate)}
        path.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "here",
                    "clusters": [{"name": "here", "cluster": server}],
                    "users": [{"name": "admin", "user": {"token": TOKEN}}],
                    "contexts": [{"name": "here", "context": {"cluster": "here", "user": "admin"}}],
                }
            )
        )
        return path

    def _url(self, path: str) -> str:
        return f"https://{LOOPBACK}:{self.port}{path}"


class ControllerManager(Server):
    """Deployments, ReplicaSets and HorizontalPodAutoscalers; the autoscaler looks once a second, at young pods too."""

    name: ClassVar[str] = "kube-controller-manager"
    start_seconds: ClassVar[float] = 120

    def __init__(self, directory: Path, port: int, api: ApiServer) -> None:
        super().__init__(directory, port)
        self._api = api

    def prepare(self) -> None:
        self._certificate, self._key = write_certificate(self.directory)
        self._http = urllib3.PoolManager(ca_certs=str(self._certificate))

    def command(self) -> Sequence[str]:
        controllers = "deployment-controller,replicaset-controller,horizontal-pod-autoscaler-controller"
        return [
            str(KUBE_CONTROLLER_MANAGER.path), f"--kubeconfig={self._api.kubeconfig()}", f"--controllers={controllers}",
            f"--bind-address={LOOPBACK}", f"--secure-port={self.port}", "--leader-elect=false",
            f"--tls-cert-file={self._certificate}", f"--tls-private-key-file={self._key}",
            "--horizontal-pod-autoscaler-sync-period=1s", "--horizontal-pod-autoscaler-cpu-initialization-period=1s",
            "--horizontal-pod-autoscaler-initial-readiness-delay=1s", "--kube-api-qps=200", "--kube-api-burst=400",
        ]  # fmt: skip

    def is_ready(self) -> bool:
        try:
            address = f"https://{LOOPBACK}:{self.port}/healthz"
            return self._http.request("GET", address, retries=False, timeout=5).status == 200
        except urllib3.exceptions.HTTPError:
            return False
