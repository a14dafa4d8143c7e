"""The table of the programs that only tests need, from outside of Python's packages."""

from local.installation import REPOSITORY
from local.programs import DebianPackages, GoModule, GoProgram, UnpackedDebianPackage
from local.steps import Steps

ON_THE_PATH = DebianPackages(("chromium", "jq"))  # the pages; the walk-through
PROMETHEUS = UnpackedDebianPackage("prometheus")  # rules and dashboards
ALERTMANAGER = UnpackedDebianPackage("prometheus-alertmanager")
KUSTOMIZE = GoProgram("sigs.k8s.io/kustomize/kustomize/v5", "v5.8.1")  # the manifests
KUBECONFORM = GoProgram("github.com/yannh/kubeconform/cmd/kubeconform", "v0.7.0")
TEMPLATES = GoModule(REPOSITORY / "k8s" / "tests" / "templates")  # ApplicationSets
TERRAFORM = GoProgram("github.com/hashicorp/terraform", "v1.11.4", on_the_path=True)
# Of the long checks alone, which install them themselves: minutes of compiling.
ETCD = UnpackedDebianPackage("etcd-server")
KUBERNETES = REPOSITORY / "k8s" / "tests" / "kubernetes"
KUBE_APISERVER = GoModule(KUBERNETES, "k8s.io/kubernetes/cmd/kube-apiserver")
KUBE_CONTROLLER_MANAGER = GoModule(KUBERNETES, "k8s.io/kubernetes/cmd/kube-controller-manager")
LONG = (ETCD, KUBE_APISERVER, KUBE_CONTROLLER_MANAGER)
INSTALLED: tuple[DebianPackages | UnpackedDebianPackage | GoProgram | GoModule, ...] = (
    *(ON_THE_PATH, PROMETHEUS, ALERTMANAGER, KUSTOMIZE, KUBECONFORM, TEMPLATES, TERRAFORM),
)


def install() -> None:
    """Install what the machine does not have. Raises StepFailed."""
    absent = [each for each in INSTALLED if each.absent]
    if not absent:
        return
    with Steps() as steps:
        for each in absent:
            with steps.step(f"For the tests: {', '.join(each.absent)}"):
                each.install()
