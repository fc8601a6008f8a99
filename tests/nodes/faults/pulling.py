"""A node without the prober's image: no registry has it, or one on the LAN does."""

from __future__ import annotations

from contextlib import ExitStack

from tests.nodes.cluster import RealNodes
from tests.nodes.configuration import CERTS
from tests.nodes.faults.archive import Archive, restore
from tests.nodes.faults.fault import Fault, Undo
from tests.nodes.faults.registry import URL, serving
from tests.nodes.images import MESHMEDIC
from tests.nodes.modes import JOBS, MIXED
from tests.nodes.node import BIN, Node
from tests.nodes.place import IMAGES

HOST, _, _ = MESHMEDIC.partition("/")
CANNOT_PULL = (
    r"Not all nodes could be tested(?s:.*)Not seen(?s:.*)n2: [^\n]*(ErrImagePull|ImagePullBackOff)"
)


def _forget_image(cluster: RealNodes) -> Undo:
    """Remove the image on n2, and name a registry at which nothing answers."""
    node = cluster.nodes["n2"]
    _ask_at(node, URL)
    node.run(BIN / "ctr", "-n", "k8s.io", "images", "remove", "--sync", *_names(node))

    def mend() -> None:
        (node.root / CERTS.lstrip("/") / HOST / "hosts.toml").unlink()
        restore(node)

    return mend


def _pull_from_lan(cluster: RealNodes) -> Undo:
    archive = next(
        each
        for each in map(Archive, sorted(IMAGES.glob("meshmedic-*.tar")))
        if each.tag == MESHMEDIC
    )
    _ = archive.manifest  # hashed before anybody waits for it
    with ExitStack() as stack:
        stack.enter_context(serving(archive))
        stack.callback(_forget_image(cluster))
        return stack.pop_all().close


def _ask_at(node: Node, url: str) -> None:
    """Source: containerd, docs/hosts.md; read for each pull."""
    folder = node.root / CERTS.lstrip("/") / HOST
    folder.mkdir(parents=True, exist_ok=True)
    text = f'server = "{url}"\n[host."{url}"]\n  capabilities = ["pull", "resolve"]\n'
    (folder / "hosts.toml").write_text(text)


def _names(node: Node) -> list[str]:
    """The image's names: its tag, and the digests under which it is kept too."""
    listed = node.run(BIN / "ctr", "-n", "k8s.io", "images", "list").splitlines()[1:]
    digests = {line.split()[0]: line.split()[2] for line in listed}
    wanted = digests[MESHMEDIC]
    return [name for name, digest in digests.items() if digest == wanted]


FAULTS = (
    Fault(
        "n2 cannot pull the prober's image",
        _forget_image,
        # An agent that runs already needs no image.
        otherwise={JOBS: {"matrix": CANNOT_PULL}, MIXED: {"matrix": CANNOT_PULL}},
    ),
    Fault(
        "n2 pulls the prober's image from a registry of the LAN",
        _pull_from_lan,
        modes=(JOBS, MIXED),
    ),
)
