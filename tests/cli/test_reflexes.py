"""What people type at kubectl without thinking works here, too."""

import argparse
import asyncio
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.cli import typed_object
from bot.cli.answer import Views, looked
from bot.cli.help import commands_of
from bot.cli.kinds import scope_of
from bot.cli.parser import COMMANDS, Parser, build_parser, reordered, scopes
from bot.cli.progress import ProgressLine
from bot.cli.schema import SCHEMAS
from bot.errors import ClusterError, InputError
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.scenarios import ordinary
from tests.cli.test_check import meshmedic
from tests.environment import without_settings
from tests.json_schema import validate
from tests.places import ROOT


def parsed(line: str) -> Any:
    return build_parser().parse_args(reordered(line.split()))


@pytest.mark.parametrize(
    "line",
    [
        "check po -o json -n media",
        "check -o json po -n media",
        "check -o json -n media po",
        "-n media check po -o json",
        "-o json -n media check po",
        "--output=json --namespace=media check po",
    ],
)
def test_options_stand_anywhere(line: str):
    """Before the command, between its words, and behind them."""
    arguments = parsed(line)
    assert (scopes(arguments), arguments.output) == (("pods",), "json")
    assert arguments.namespace == "media"


def test_words_on_both_sides_of_an_option_all_count():
    assert scopes(parsed("check po -o json no,ks")) == ("pods", "nodes", "flux")


def test_all_namespaces_is_no_namespace():
    assert parsed("check -A").namespace is None
    assert parsed("-A traefik routes").namespace is None
    assert parsed("check").scope == []


@pytest.mark.parametrize(
    ("typed", "scope"),
    [
        *(("po", "pods"), ("pod", "pods"), ("PODS", "pods"), ("no", "nodes"), ("node", "nodes")),
        *(("ks", "flux"), ("hr", "flux"), ("helmreleases", "flux"), ("gitrepo", "flux")),
        *(("cert", "certificates"), ("certs", "certificates"), ("certificate", "certificates")),
        *(("ing", "routes"), ("ingress", "routes"), ("ingressroutes", "routes")),
        *(("svc", "endpoints"), ("es", "secrets"), ("deploy", "workloads"), ("pvc", "workloads")),
        *(("all", "all"), ("podz", None), ("", None)),
    ],
)
def test_short_and_singular_names_mean_their_scope(typed: str, scope: str | None):
    assert scope_of(typed) == scope


@pytest.mark.parametrize(
    ("words", "namespace", "route"),
    [
        (["jellyfin.lab.example.org"], None, "jellyfin.lab.example.org"),
        (["ing/media/jellyfin"], None, "ingress/media/jellyfin"),
        (["ing", "jellyfin"], "media", "ingress/media/jellyfin"),
        (["ir/jellyfin"], "media", "ingressroute/media/jellyfin"),
        (["jellyfin"], "media", "media/jellyfin"),
        (["media/jellyfin"], "media", "media/jellyfin"),
        (["all", "media"], None, "all media"),
    ],
)
def test_a_route_is_named_as_at_kubectl(words: list[str], namespace: str | None, route: str):
    assert typed_object.route(words, namespace) == route


def test_a_finding_is_named_by_its_code_or_its_object():
    assert typed_object.searched(["3k7q0zd"], None) == "3k7q0zd"
    assert typed_object.searched(["po/web"], "apps") == "Pod apps/web"
    assert typed_object.searched(["ks", "apps"], None) == "Kustomization apps"


async def test_without_a_command_there_is_help_and_no_error():
    """So it is for a group of commands."""
    for arguments in ((), ("help",), ("--help",)):
        done = await meshmedic(*arguments)
        assert (done.code, done.err) == (0, "")
        assert "Find out why a k3s homelab is broken" in done.out
        assert all(name in done.out for name in COMMANDS)
    group = await meshmedic("net")
    assert (group.code, group.err) == (0, "")
    assert "diagnose" in group.out


def every_command(
    parser: Parser, path: tuple[str, ...] = ()
) -> list[tuple[tuple[str, ...], Parser]]:
    below = commands_of(parser)
    mine = [] if below or not path else [(path, parser)]
    return [
        *mine,
        *(one for name, sub in below.items() for one in every_command(sub, (*path, name))),
    ]


def test_every_help_says_what_the_command_does_and_fits_into_80_columns():
    """By example, but for `run`, `invite` and `sandbox`, which leave little to choose."""
    for path, parser in every_command(build_parser()):
        page = parser.format_help()
        assert page.startswith(f"usage: meshmedic {' '.join(path)}"), page
        if path[0] not in ("run", "invite", "sandbox"):
            assert "Examples:\n  " in page, path
            assert f"meshmedic {' '.join(path)}" in page.partition("Examples:")[2], path
        assert max(map(len, page.splitlines())) <= 90, path


async def test_a_topic_of_help_is_the_help_of_the_command():
    topic = await meshmedic("help", "net", "diagnose")
    option = await meshmedic("net", "diagnose", "--help")
    assert (topic.code, topic.out) == (0, option.out)
    wrong = await meshmedic("help", "diagnos")
    assert wrong.code == 64


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("chek", 'Did you mean "check"?'),
        ("check deplyo", 'Did you mean "deploy"?'),
        ("check -o yaml", "Use table, wide or json."),
        ("net matrx", 'Did you mean "matrix"?'),
        ("check --watsch", '"--watsch" isn\'t an option here.'),
        ("check -w --interval 0", "Use seconds from 1 to 3600."),
        ("check -n", "needs a value"),
        ("why", "Missing: "),
        ("schema reprot", 'Did you mean "report"?'),
    ],
)
async def test_what_was_mistyped_gets_a_choice(line: str, said: str):
    done = await meshmedic(*line.split())
    assert (done.code, done.out) == (64, "")
    assert said in done.err


async def test_the_version_is_a_command_too():
    assert (await meshmedic("version")).out.startswith("meshmedic ")
    assert json.loads((await meshmedic("version", "-o", "json")).out).keys() == {
        "version",
        "python",
    }


@pytest.mark.parametrize("shell", ["bash", "zsh"])
async def test_a_completion_is_a_script_that_its_shell_reads(shell: str, tmp_path: Path):
    """It knows the commands of a group, and their options."""
    done = await meshmedic("completion", shell)
    assert (done.code, done.err) == (0, "")
    assert "diagnose" in done.out
    assert "--all-namespaces" in done.out
    if program := shutil.which(shell):
        script = tmp_path / "script"
        script.write_text(done.out)
        process = await asyncio.create_subprocess_exec(program, "-n", str(script))
        assert await process.wait() == 0


@pytest.fixture
def cluster() -> SimulatedCluster:
    lab = ordinary.homelab(datetime.now(UTC))
    cluster = SimulatedCluster(lab.objects)
    lab.prepare(cluster)
    return cluster


@pytest.fixture
async def homelab(cluster: SimulatedCluster, tmp_path: Path) -> AsyncIterator[str]:
    async with serve(cluster) as url:
        write_kubeconfig(tmp_path / "kubeconfig", url)
        yield str(tmp_path / "kubeconfig")


async def test_a_namespace_that_is_not_there_is_said_and_a_near_one_named(homelab: str):
    for command in (("check",), ("sites",), ("traefik", "routes")):
        done = await meshmedic(*command, "-n", "medai", "--kubeconfig", homelab)
        assert (done.code, done.out) == (3, "")
        assert done.err == "meshmedic: No namespace medai. Did you mean media?\n"


async def test_a_pipe_has_whole_lines_without_colours_or_blanks(homelab: str):
    """One line a finding, a site and a route; addresses are whole."""
    for command in (("check",), ("check", "-o", "wide"), ("sites",), ("traefik", "routes")):
        done = await meshmedic(*command, "--kubeconfig", homelab)
        assert "\x1b" not in done.out
        assert all(line == line.rstrip() for line in done.out.splitlines()), command
    done = await meshmedic("check", "--kubeconfig", homelab)
    (row,) = [line for line in done.out.splitlines() if line.startswith("failed     Challenge")]
    address = "http://nextcloud.lab.example.org/.well-known/acme-challenge/"
    assert address in row
    assert row.endswith("(likely firewall problem)")


async def test_what_check_prints_is_what_why_takes(homelab: str):
    """By its object, also in JSON."""
    done = await meshmedic("why", "pod/media/immich", "-o", "json", "--kubeconfig", homelab)
    story = json.loads(done.out)
    assert done.code == 2
    assert story["finding"]["kind"] == "Pod"
    assert {link["kind"] for link in story["affected"]} == {"Service", "Deployment"}


@pytest.mark.parametrize("place", [(), ("-n", "media"), ("-n", "apps")])
async def test_a_code_is_found_whatever_namespace_is_named(homelab: str, place: tuple[str, ...]):
    """It means one finding of all."""
    listed = json.loads((await meshmedic("check", "-o", "json", "--kubeconfig", homelab)).out)
    (code, *_) = (one["code"] for one in listed["findings"] if one["namespace"] == "media")
    done = await meshmedic("why", code, *place, "-o", "json", "--kubeconfig", homelab)
    assert done.err == ""
    assert json.loads(done.out)["finding"]["code"] == code


class Enough(Exception):
    """Ends a watch in a test."""


async def watched(*looks: bytes | Exception) -> None:
    """A watch over these looks, one after the other."""
    left = iter((*looks, Enough()))

    async def look() -> bytes:
        seen = next(left)
        if isinstance(seen, Exception):
            raise seen
        return seen

    arguments = argparse.Namespace(watch=True, output="json", interval=0)
    await looked(arguments, look, Views(bytes, bytes.decode), len, ProgressLine())


async def test_a_look_that_fails_ends_no_watch(capsys: pytest.CaptureFixture[str]):
    """The API server restarts, say: its error is said, and what comes next is shown."""
    with pytest.raises(Enough):
        await watched(ClusterError("No answer."), b"one", InputError("No namespace `a`."), b"two")
    out, err = capsys.readouterr()
    assert out.split() == ["one", "two"]
    assert err == "meshmedic: No answer.\nmeshmedic: No namespace a.\n"


async def test_a_mistyped_name_ends_a_watch_at_once():
    with pytest.raises(InputError):
        await watched(InputError("No namespace `a`."), b"one")


async def test_the_doctor_and_a_story_keep_their_schemas(homelab: str):
    """And end with the codes that they have for people."""
    examined = await meshmedic("doctor", "-o", "json", "--kubeconfig", homelab)
    report = json.loads(examined.out)
    validate(report, SCHEMAS["doctor"]())
    assert examined.code in (1, 3)
    assert {one["outcome"] for one in report["diagnostics"]} >= {"ok", "failed"}
    story = await meshmedic("why", "ks/forgejo", "-o", "json", "--kubeconfig", homelab)
    assert (story.code, story.out) == (3, "")
    story = await meshmedic("why", "ir/forgejo", "-o", "json", "--kubeconfig", homelab)
    validate(json.loads(story.out), SCHEMAS["why"]())


def on_a_terminal(columns: int, *arguments: str) -> tuple[str, str]:
    """What stands on the screen in the end, and everything that was written to it."""
    env = without_settings()
    env |= {"COLUMNS": str(columns), "TERM": "xterm", "PYTHONPATH": str(ROOT)}
    env.pop("NO_COLOR", None)
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "bot", *arguments]
    process = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=theirs, stderr=theirs)  # noqa: S603
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        written += part
    process.wait()
    os.close(ours)
    return written.decode().rpartition("\r\x1b[K")[2], written.decode()


@pytest.mark.parametrize("columns", [80, 120])
async def test_a_terminal_has_rows_of_its_width_colours_and_progress(
    homelab: str, cluster: SimulatedCluster, columns: int
):
    """The message is cut, not wrapped; the line of progress is gone in the end."""
    cluster.faults.delay = 0.3
    shown, written = await asyncio.to_thread(
        on_a_terminal, columns, "check", "--kubeconfig", homelab
    )
    assert "Reading the cluster …" in written
    assert "Reading the cluster" not in shown
    assert "\x1b[1;31mfailed\x1b[0m" in shown
    plain = shown.replace("\x1b[1;31m", "").replace("\x1b[0m", "")
    (row,) = [line for line in plain.splitlines() if line.startswith("failed     Challenge")]
    assert len(row) <= columns
    assert row.endswith("…")


async def test_watching_looks_again_and_ctrl_c_ends_it_quietly(homelab: str):
    """A pipe gets one block after the other."""
    argv = ("-m", "bot", "check", "nodes", "--watch", "--interval", "1", "--kubeconfig", homelab)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *argv,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # A shell's background job ignores Ctrl-C, and so would whatever it starts.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout
    blocks = 0
    while blocks < 2:
        blocks += (await asyncio.wait_for(process.stdout.readline(), 60)).startswith(b"HEALTHY")
    process.send_signal(signal.SIGINT)
    _, said = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, said) == (130, b"")
