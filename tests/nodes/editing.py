"""What a person does in `deploy/home`: choose components, fill in settings, and here also patches.

`python -m tests.nodes.editing CHOICES.json FILE…` is the `$EDITOR` of the README's install.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.wire import world

SETTINGS = {
    "MESHMEDIC_GUILD_ID": str(world.GUILD_ID),
    "MESHMEDIC_APPROVERS": f"role:{world.APPROVERS}",
    "MESHMEDIC_OPERATORS": f"role:{world.OPERATORS}",
    "MESHMEDIC_VIEWERS": f"role:{world.VIEWERS}",
    "MESHMEDIC_ALERT_CHANNEL": str(world.CHANNEL_ID),
}

LAUNCHER = """\
import sys
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
Route.BASE = "{rest}"
DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL("{gateway}")
from bot.__main__ import main
main(sys.argv[1:])
"""
"""The image stays as it is: only the two addresses of Discord are other ones."""


@dataclass(frozen=True)
class Choices:
    """What is chosen: components by their folder's name, settings, and where Discord is."""

    rest: str
    gateway: str
    authority: str
    """The PEM of who signed the local Discord's certificate."""
    components: tuple[str, ...] = ("ha", "remediation", "prober")
    settings: Mapping[str, str] = field(default_factory=dict)
    image: str = ""

    def to_json(self) -> str:
        """For the command line."""
        return json.dumps(asdict(self))


def edit(choices: Choices, folder: Path) -> None:
    """Edit `deploy/home/kustomization.yaml`, and add what points the bot at the local Discord."""
    at = folder / "kustomization.yaml"
    text = yaml.safe_load(at.read_text())
    text["components"] = [f"../components/{name}" for name in choices.components]
    literals = {**SETTINGS, **choices.settings}
    generator = text["configMapGenerator"] = text["configMapGenerator"][:1]
    generator[0]["literals"] = [f"{name}={value}" for name, value in literals.items()]
    name, _, tag = choices.image.rpartition(":")
    if choices.image:
        text["images"] = [{"name": "meshmedic", "newName": name, "newTag": tag}]
    launcher = LAUNCHER.format(rest=choices.rest, gateway=choices.gateway)
    (folder / "launch.py").write_text(launcher)
    (folder / "ca.pem").write_text(choices.authority)
    files = {"name": "local-discord", "namespace": "meshmedic", "files": ["launch.py", "ca.pem"]}
    generator.append(files)
    text["patches"] = [_patch()]
    at.write_text(yaml.safe_dump(text, sort_keys=False))


def _patch() -> dict[str, Any]:
    pod, container = "/spec/template/spec", "/spec/template/spec/containers/0"
    volume = {"name": "discord", "configMap": {"name": "local-discord"}}
    added = {
        f"{pod}/volumes/-": volume,
        f"{container}/volumeMounts/-": {"name": "discord", "mountPath": "/discord"},
        f"{container}/command": ["python", "/discord/launch.py"],
        f"{container}/args": ["run"],
        f"{container}/env/-": {"name": "SSL_CERT_FILE", "value": "/discord/ca.pem"},
    }
    operations = [{"op": "add", "path": path, "value": value} for path, value in added.items()]
    path = {"name": "PYTHONPATH", "value": "/app"}  # the launcher lies elsewhere
    operations.append({"op": "add", "path": f"{container}/env/-", "value": path})
    target = {"kind": "Deployment", "name": "meshmedic"}
    return {"target": target, "patch": yaml.safe_dump(operations)}


def main(arguments: Sequence[str]) -> None:
    """Edit the files that the README names."""
    chosen = json.loads(Path(arguments[0]).read_text())
    chosen["components"] = tuple(chosen["components"])
    edit(Choices(**chosen), Path(arguments[1]).parent)


if __name__ == "__main__":
    main(sys.argv[1:])
