"""What must be true of the image: what it holds, how large it is, and that all of it starts."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec
import yaml

from bot import __version__
from bot.charts.spec import HeatMap, Key, Lane, Level, Sign, Span, Tick, Tile, Timeline
from tests.image.container import Container
from tests.image.size import BASE, MIB, sizes
from tests.places import ROOT

LIMIT = 330
"""MiB of the whole, unpacked."""

FAILED, UNKNOWN = 2, 3
"""Exit codes of verdicts. Settings that are missing are unknown, too."""

Proof = tuple[str, bool]

IMPORT_ALL = """
import importlib, pkgutil
import bot, commands
count = 0
for package in (bot, commands):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
            count += 1
print(count)
"""

SCHEDULE = """
import asyncio
from bot.runtime.scheduler import Schedule

async def main():
    called = asyncio.Event()
    async def call():
        called.set()
    scheduler = Schedule()
    scheduler.every(60, "sample", call, at_once=True)
    scheduler.start()
    await asyncio.wait_for(called.wait(), 10)
    print("called")

asyncio.run(main())
"""

CHECK = """
import os, pathlib, sys
pathlib.Path("/tmp/kubeconfig").write_text(sys.stdin.read())
command = ["python", "-m", "bot", "check", "--kubeconfig", "/tmp/kubeconfig"]
os.execvp(command[0], command)
"""

SERVE = """
import os, signal, subprocess, sys, time, urllib.error, urllib.request
open("/tmp/kubeconfig", "w").write(sys.argv[1])
settings = {
    "MESHMEDIC_DISCORD_TOKEN": "nobody's", "MESHMEDIC_GUILD_ID": "100000000000000000",
    "MESHMEDIC_APPROVERS": "100000000000000001",
    "MESHMEDIC_HTTP_PORT": "8080", "MESHMEDIC_KUBECONFIG": "/tmp/kubeconfig",
}
bot = subprocess.Popen(
    [sys.executable, "-m", "bot", "run"], env=os.environ | settings,
    stdout=subprocess.DEVNULL, stderr=open("/tmp/log", "w"),
)
def answer(path):
    try:
        with urllib.request.urlopen("http://127.0.0.1:8080" + path, timeout=5) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
end = time.monotonic() + 60
while not answer("/healthz") and bot.poll() is None and time.monotonic() < end:
    time.sleep(0.2)
answers = [answer("/healthz"), answer("/readyz")]
bot.send_signal(signal.SIGTERM)
print(*answers, bot.wait(30))
sys.stderr.write(open("/tmp/log").read())
"""
"""Start the bot beside an API server and a Discord that nobody reaches, and ask for its health."""

NOWHERE = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "nowhere",
    "clusters": [{"name": "nowhere", "cluster": {"server": "https://127.0.0.1:1"}}],
    "contexts": [{"name": "nowhere", "context": {"cluster": "nowhere", "user": "nobody"}}],
    "users": [{"name": "nobody", "user": {"token": "none"}}],
}

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "sample", "namespace": "apps", "uid": "1"},
    "spec": {"containers": [{"name": "web", "image": "web"}]},
    "status": {
        "phase": "Running",
        "containerStatuses": [
            {
                "name": "web",
                "ready": False,
                "restartCount": 9,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            }
        ],
    },
}


def proofs(container: Container) -> Iterator[Proof]:
    """Each statement about the image, and whether it is true."""
    yield from _contents(container)
    yield from _command_line(container)
    yield from _pictures(container)
    yield from _service(container)


def _contents(container: Container) -> Iterator[Proof]:
    root = container.root
    deployment = yaml.safe_load((ROOT / "deploy/base/deployment.yaml").read_text())
    security = deployment["spec"]["template"]["spec"]["securityContext"]
    asked = f"{security['runAsUser']}:{security['runAsGroup']}"
    user = container.configuration["User"]
    yield f"its user {user} is not root, and the Deployment's", user == asked
    ours = sorted(path.name for path in (root / "app").iterdir())
    yield f"/app holds {', '.join(ours)} and nothing else", ours == ["bot", "commands"]
    yield "bot/sandbox is left out", not (root / "app/bot/sandbox").exists()
    names = {path.name for path in (root / "venv").rglob("*")}
    yield "/venv has no pip and no build tool", not {"pip", "setuptools", "wheel", "uv"} & names
    programs = sorted({path.name for path in container.programs()})
    yield (
        f"it has no program but {', '.join(programs)}",
        all(name.startswith("python") for name in programs) and bool(programs),
    )
    for module in ("pip", "ensurepip"):
        told = container.run("python", "-m", module).stderr.decode().strip()
        yield f"python -m {module} says {told!r}", f"No module named {module}" in told
    yield "scanners see what Debian installed", (root / "var/lib/dpkg/status").is_file()
    size = sizes(root)
    whole = round(size.total() / MIB)
    parts = ", ".join(f"{size[part] / MIB:.0f} of {part}" for part in (BASE, "packages", "ours"))
    yield f"it has {whole} MiB ({parts}), of {LIMIT}", whole < LIMIT


def _command_line(container: Container) -> Iterator[Proof]:
    python = container.run("python", "--version").stdout.decode().strip()
    yield f"it runs {python}", python.startswith("Python 3.13.")
    version = container.start("--version")
    told = version.stdout.decode().strip()
    yield f"--version says {told!r}{version.stderr.decode()}", told == f"meshmedic {__version__}"
    usage = container.start("--help").stdout.decode()
    yield "--help names its subcommands", "judge" in usage and "doctor" in usage
    written = container.run("python", "-c", "open('/app/new', 'w')")
    yield "its root is read-only", b"Read-only file system" in written.stderr
    everything = container.run("python", "-c", IMPORT_ALL)
    told = (everything.stdout or everything.stderr).decode().strip()
    yield f"{told} modules of ours import", everything.returncode == 0
    unset = container.start()
    told = unset.stderr.decode().strip()
    yield (
        f"without settings it ends with code {unset.returncode} and says {told!r}",
        unset.returncode == UNKNOWN and "MESHMEDIC_DISCORD_TOKEN is not set" in told,
    )
    sandbox = container.start("sandbox")
    told = sandbox.stderr.decode().strip()
    yield (
        f"sandbox ends with code {sandbox.returncode} and says {told!r}",
        sandbox.returncode == UNKNOWN and "has no sandbox" in told and "make sandbox" in told,
    )
    judged = container.start("judge", "-", stdin=json.dumps(POD).encode())
    told = judged.stdout.decode()
    yield (
        f"judge ends with code {judged.returncode} for a pod that crashes: {told.strip()!r}",
        judged.returncode == FAILED and "sample" in told and not judged.stderr,
    )
    asked = container.run("python", "-c", CHECK, stdin=json.dumps(NOWHERE).encode())
    told = (asked.stdout + asked.stderr).decode().strip()
    yield (
        f"check ends with code {asked.returncode} beside a wrong API server: {told[:200]!r}",
        asked.returncode == UNKNOWN and "127.0.0.1:1" in told and "Traceback" not in told,
    )
    told = container.run("python", "-c", SCHEDULE).stdout.decode().strip()
    yield f"what is due every minute is {told}", told == "called"
    zone = "import zoneinfo; zoneinfo.TZPATH = (); print(zoneinfo.ZoneInfo('Europe/Berlin'))"
    told = container.run("python", "-c", zone).stdout.decode().strip()
    yield f"it knows the time zone {told!r} by itself", told == "Europe/Berlin"


def _pictures(container: Container) -> Iterator[Proof]:
    tile = Tile(Sign.WELL, 1.0, "1")
    lane = Lane("β", tuple(Span(hour, hour + 1, level) for hour, level in enumerate(Level)))
    drawings = (
        HeatMap(title="Map", names=("n1",), rows=((tile,),), key=(Key(tile, "answered"),)),
        Timeline(title="Days", hours=9, lanes=(lane,), ticks=(Tick(1, "Mon"),), levels=(*Level,)),
    )
    draw = ("python", "-m", "bot.charts.matplotlib")
    for drawing in drawings:
        drawn = container.run(*draw, stdin=msgspec.json.encode(drawing), more=["MPLCONFIGDIR=/tmp"])
        size = len(drawn.stdout)
        told = drawn.stderr.decode()
        yield (
            f"the picture {drawing.title} is a PNG of {size} bytes{told}",
            drawn.stdout.startswith(b"\x89PNG") and size > 4000 and not drawn.stderr,
        )


def _service(container: Container) -> Iterator[Proof]:
    run = container.run("python", "-c", SERVE, json.dumps(NOWHERE))
    log = run.stderr.decode()
    health, ready, code = [*run.stdout.decode().split(), "", "", ""][:3]
    yield f"beside a wrong API server /healthz says {health}\n{log[-300:]}", health == "200"
    yield f"and /readyz says {ready}", ready == "503"
    yield f"asked to stop, it ends with code {code}", code == "0"
    yield "its log has no trace", "Traceback" not in log
