"""The command line and the composition root: everything is wired here, by hand."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from bot import __version__
from bot import log_setup as logs
from bot.doctor.domain.examination import Outcome
from bot.domain.check import SCOPES
from bot.domain.verdict import Verdict
from bot.errors import InputError, MeshmedicError

EXIT = {
    Verdict.HEALTHY: 0,
    Verdict.PROGRESSING: 0,
    Verdict.SUSPENDED: 1,
    Verdict.DEGRADED: 1,
    Verdict.FAILED: 2,
    Verdict.UNKNOWN: 3,
}
"""Under way within its grace is no cause for alarm; suspended is never as good as healthy."""

EXIT_CODES = "exit code: 0 healthy, 1 degraded or suspended, 2 failed, 3 unknown"

EXIT_OF_DOCTOR = {
    Outcome.OK: 0,
    Outcome.NOTE: 0,
    Outcome.WARNING: 0,
    Outcome.FAILED: 1,
    Outcome.UNSEEN: 3,
}

UNKNOWN = EXIT[Verdict.UNKNOWN]
USAGE = 64
"""EX_USAGE of sysexits.h: argparse's own 2 would read as "failed"."""

SOFTWARE = 70
"""EX_SOFTWARE of sysexits.h: Python's own 1 would read as "degraded"."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one subcommand and exit with its code."""
    logs.configure()
    arguments = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        code = command(arguments)
    except MeshmedicError as error:
        logs.farewell(str(error))
        code = UNKNOWN
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        # Whoever read us has enough; the interpreter must not complain while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        if command is _run:  # the log of a service is where its traces belong
            raise
        code = _unexpected(error)
    sys.exit(code)


def _unexpected(error: Exception) -> int:
    """Say that it is our fault; whoever wants the trace gets it."""
    if os.environ.get("MESHMEDIC_LOG_LEVEL", "").lower() == "debug":
        logs.log.critical("nobody caught this", exc_info=error)
    logs.farewell(
        f"That is a fault of meshmedic itself ({type(error).__name__}). "
        "With MESHMEDIC_LOG_LEVEL=debug it shows the trace: please report it."
    )
    return SOFTWARE


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {logs.shown(message)}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="meshmedic", description="Evidence before prescription.")
    parser.add_argument("--version", action="version", version=f"meshmedic {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)
    _add_check(commands)
    _add_why(commands)
    _add_digest(commands)
    _add_judge(commands)
    _add_net(commands)
    _add_traefik(commands)
    _add_route(commands)
    _add_doctor(commands)
    _add_invite(commands)
    _add_sandbox(commands)
    _add_schema(commands)
    return parser


Commands: TypeAlias = Any
"""What `add_subparsers` returns; argparse has no public name for it."""


def _add_run(commands: Commands) -> None:
    add = commands.add_parser("run", help="answer on Discord, about the real cluster")
    add.set_defaults(command=_run)


def _add_check(commands: Commands) -> None:
    add = commands.add_parser(
        "check",
        help="run the health checks once",
        epilog=EXIT_CODES,
    )
    _add_scopes(add)
    add.add_argument("--output", choices=("text", "json"), default="text")
    _add_cluster(add)
    add.set_defaults(command=_check)


def _add_why(commands: Commands) -> None:
    add = commands.add_parser("why", help="tell the story of one finding")
    add.add_argument("code", help="the finding's code, as check prints it")
    _add_cluster(add)
    add.set_defaults(command=_why)


def _add_digest(commands: Commands) -> None:
    add = commands.add_parser(
        "digest", help="what changed since the last digest, and what is open", epilog=EXIT_CODES
    )
    _add_scopes(add)
    add.add_argument("--name", default="", help="as this digest would tell it")
    add.add_argument("--output", choices=("text", "json"), default="text")
    _add_cluster(add)
    add.set_defaults(command=_digest)


def _add_scopes(add: argparse.ArgumentParser) -> None:
    add.add_argument(
        "scope",
        nargs="*",
        choices=("all", *SCOPES),
        default="all",
        metavar="SCOPE",
        help=f"all (default) or {', '.join(SCOPES)}",
    )


def _scopes(arguments: argparse.Namespace) -> tuple[str, ...]:
    """Those that were named; none means all."""
    return () if "all" in arguments.scope else tuple(arguments.scope)


def _add_cluster(add: argparse.ArgumentParser) -> None:
    add.add_argument("--namespace", "-n", help="only this namespace")
    add.add_argument("--kubeconfig", type=Path, help="default: $KUBECONFIG or ~/.kube/config")
    add.add_argument("--context", help="the kubeconfig's context to use")


def _add_judge(commands: Commands) -> None:
    add = commands.add_parser(
        "judge",
        help="judge objects from files, without a cluster",
        epilog=EXIT_CODES,
    )
    add.add_argument("file", nargs="+", help="YAML or JSON; - for standard input")
    add.add_argument("--output", choices=("text", "json"), default="text")
    add.add_argument("--now", help="the time to judge at, such as 2026-01-31T12:00:00Z")
    add.set_defaults(command=_judge)


def _add_net(commands: Commands) -> None:
    group = commands.add_parser("net", help="test the network between the nodes")
    tests = group.add_subparsers(required=True, metavar="COMMAND")
    add = tests.add_parser(
        "diagnose",
        help="where a route breaks, and whether nativeLB would help",
        epilog="exit code: 0 it works, 1 in part, 2 it is broken, 3 inconclusive",
    )
    add.add_argument("route", nargs="+", help="a route, its host, or a Service")
    add.add_argument("--output", choices=("text", "json"), default="text")
    add.add_argument("--kubeconfig", type=Path, help="default: $KUBECONFIG or ~/.kube/config")
    add.add_argument("--context", help="the kubeconfig's context to use")
    add.set_defaults(command=_net_diagnose)
    add = tests.add_parser(
        "matrix",
        help="what gets from node to node",
        epilog="exit code: 0 everything, 1 not all, 2 some not at all, 3 not everything was seen",
    )
    add.add_argument("node", nargs="?", default="", help="only to and from this node")
    add.add_argument("--picture", type=Path, help="draw it into this file too, as a PNG")
    add.add_argument("--output", choices=("text", "json"), default="text")
    add.add_argument("--kubeconfig", type=Path, help="default: $KUBECONFIG or ~/.kube/config")
    add.add_argument("--context", help="the kubeconfig's context to use")
    add.set_defaults(command=_net_matrix)
    add = tests.add_parser(
        "test",
        help="one request, with DNS, connection, TLS and HTTP told apart",
        epilog="exit code: 0 it is reached, 1 it answers 5xx or in part, 2 not, 3 nothing tried",
    )
    add.add_argument("begin", metavar="FROM", help="a node or a pod: edge, kube-system/traefik")
    add.add_argument("end", metavar="TO", help="a URL, service.namespace[:port], address:port")
    add.add_argument("--output", choices=("text", "json"), default="text")
    add.add_argument("--kubeconfig", type=Path, help="default: $KUBECONFIG or ~/.kube/config")
    add.add_argument("--context", help="the kubeconfig's context to use")
    add.set_defaults(command=_net_test)


def _add_traefik(commands: Commands) -> None:
    group = commands.add_parser("traefik", help="what Traefik serves, and what its logs tell")
    asked = group.add_subparsers(required=True, metavar="COMMAND")
    codes = "exit code: as check, by the worst verdict"
    add = asked.add_parser("routes", help="every route and its servers", epilog=codes)
    add.set_defaults(command=_traefik_routes)
    _add_answer(add)
    add = asked.add_parser("describe", help="one route in full", epilog=codes)
    add.add_argument("route", nargs="+", help="kind/namespace/name, namespace/name, or its host")
    add.set_defaults(command=_traefik_describe)
    _add_answer(add)
    add = asked.add_parser("logs", help="failures by route, servers, refused objects", epilog=codes)
    add.add_argument("route", nargs="?", help="only this route")
    add.add_argument("--since", help="how far back, such as 15m, 2h or 1d; default: 1h")
    add.add_argument("--previous", action="store_true", help="the run before the last restart")
    add.add_argument("--file", help="a saved log in place of the cluster's; - for standard input")
    add.set_defaults(command=_traefik_logs)
    _add_answer(add)


def _add_answer(add: argparse.ArgumentParser) -> None:
    add.add_argument("--output", choices=("text", "json"), default="text")
    add.add_argument("--kubeconfig", type=Path, help="default: $KUBECONFIG or ~/.kube/config")
    add.add_argument("--context", help="the kubeconfig's context to use")


def _add_route(commands: Commands) -> None:
    group = commands.add_parser("route", help="mend the routes in files, without a cluster")
    routes = group.add_subparsers(required=True, metavar="COMMAND")
    codes = "exit code: 0 done, 1 something was refused, 2 unreadable input"
    add = routes.add_parser("edit", help="add nativeLB to the IngressRoutes of files", epilog=codes)
    add.add_argument("file", nargs="+", help="YAML or JSON; - for standard input")
    add.add_argument("--in-place", action="store_true", help="change the files, too")
    add.add_argument("--output", choices=("text", "json"), default="text")
    add.set_defaults(command=_route_edit)
    add = routes.add_parser(
        "convert", help="make IngressRoutes with nativeLB of the Ingresses of files", epilog=codes
    )
    add.add_argument("file", nargs="+", help="YAML or JSON; - for standard input")
    add.add_argument(
        "--traefik-version",
        required=True,
        type=_traefik_version,
        metavar="V",
        help="of the Traefik that shall read them, such as 3.6.2; without a patch its newest",
    )
    add.add_argument(
        "--strict-prefix-matching",
        action="store_true",
        help="Traefik runs with --providers.kubernetesingress.strictprefixmatching",
    )
    add.add_argument(
        "--allow-cross-namespace",
        action="store_true",
        help="Traefik runs with --providers.kubernetescrd.allowcrossnamespace",
    )
    add.add_argument(
        "--ingress-class",
        default="",
        metavar="NAME",
        help="Traefik's providers run with this ingressclass",
    )
    add.add_argument("--output", choices=("text", "json"), default="text")
    add.set_defaults(command=_route_convert)


def _traefik_version(text: str) -> tuple[int, int, int]:
    from bot.ingress_conversion.target import version  # noqa: PLC0415  # as with each subcommand

    found = version(text)
    if found is None:
        msg = f"{text!r} is no version of Traefik: it is written like 3.6.2, 3.6 or v2.11.8"
        raise argparse.ArgumentTypeError(msg)
    return found


def _add_doctor(commands: Commands) -> None:
    add = commands.add_parser(
        "doctor",
        help="examine the set-up: Discord, the cluster, permissions",
        epilog="exit code: 0 nothing failed, 1 something did, 3 not everything could be seen",
    )
    add.add_argument("--kubeconfig", type=Path, help="default: $KUBECONFIG or ~/.kube/config")
    add.add_argument("--context", help="the kubeconfig's context to use")
    add.set_defaults(command=_doctor)


def _add_invite(commands: Commands) -> None:
    add = commands.add_parser("invite", help="print the link that brings the bot into your server")
    add.add_argument("--application-id", help="default: the one that the token begins with")
    add.set_defaults(command=_invite)


def _add_sandbox(commands: Commands) -> None:
    add = commands.add_parser("sandbox", help="try the bot in a browser, without Discord")
    add.add_argument("--scenario", default="homelab", help="which homelab; `list` names them")
    add.add_argument("--kubeconfig", type=Path, help="a real cluster in place of a scenario")
    add.add_argument("--port", type=_port, default=8642, help="default: 8642; 0 for any")
    add.set_defaults(command=_sandbox)


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() and len(text) <= len("65535") else -1
    if not 0 <= port <= 65535:  # noqa: PLR2004  # what TCP has
        msg = f"{text!r} is no port: it is a number from 0 to 65535"
        raise argparse.ArgumentTypeError(msg)
    return port


def _add_schema(commands: Commands) -> None:
    add = commands.add_parser("schema", help="print the JSON Schema of check --output json")
    add.set_defaults(command=_schema)


def _run(_arguments: argparse.Namespace) -> int:
    from bot.app import bootstrap as running  # noqa: PLC0415  # each subcommand loads only what it needs

    return running.run()


def _check(arguments: argparse.Namespace) -> int:
    # A process of a second leaves no garbage that its end does not collect faster.
    gc.disable()
    from bot.cli import check as cli  # noqa: PLC0415  # as above

    where = cli.Where(arguments.kubeconfig, arguments.context, arguments.namespace)
    return EXIT[cli.check(_scopes(arguments), where, as_json=arguments.output == "json")]


def _why(arguments: argparse.Namespace) -> int:
    from bot.cli import check as cli  # noqa: PLC0415  # as above

    where = cli.Where(arguments.kubeconfig, arguments.context, arguments.namespace)
    return EXIT[cli.why(arguments.code, where)]


def _digest(arguments: argparse.Namespace) -> int:
    from bot.cli import digest as digest_cli  # noqa: PLC0415  # as above

    where = digest_cli.Where(arguments.kubeconfig, arguments.context, arguments.namespace)
    as_json = arguments.output == "json"
    return EXIT[digest_cli.digest(arguments.name, _scopes(arguments), where, as_json=as_json)]


def _judge(arguments: argparse.Namespace) -> int:
    from bot.cli import judge as offline  # noqa: PLC0415  # as above

    return EXIT[offline.judge(arguments.file, arguments.now, as_json=arguments.output == "json")]


def _net_diagnose(arguments: argparse.Namespace) -> int:
    from bot.cli import net as connectivity  # noqa: PLC0415  # as above

    where = connectivity.Where(arguments.kubeconfig, arguments.context)
    asked = " ".join(arguments.route)
    return EXIT[connectivity.diagnose(asked, where, as_json=arguments.output == "json")]


def _net_matrix(arguments: argparse.Namespace) -> int:
    from bot.cli import net as connectivity  # noqa: PLC0415  # as above

    where = connectivity.Where(arguments.kubeconfig, arguments.context)
    as_json = arguments.output == "json"
    return EXIT[
        connectivity.matrix(arguments.node, where, as_json=as_json, picture=arguments.picture)
    ]


def _net_test(arguments: argparse.Namespace) -> int:
    from bot.cli import net as connectivity  # noqa: PLC0415  # as above

    where = connectivity.Where(arguments.kubeconfig, arguments.context)
    as_json = arguments.output == "json"
    return EXIT[connectivity.test(arguments.begin, arguments.end, where, as_json=as_json)]


def _traefik_routes(arguments: argparse.Namespace) -> int:
    from bot.cli import traefik as traefik_cli  # noqa: PLC0415  # as above

    where = traefik_cli.Where(arguments.kubeconfig, arguments.context)
    return EXIT[traefik_cli.routes(where, as_json=arguments.output == "json")]


def _traefik_describe(arguments: argparse.Namespace) -> int:
    from bot.cli import traefik as traefik_cli  # noqa: PLC0415  # as above

    where = traefik_cli.Where(arguments.kubeconfig, arguments.context)
    asked = " ".join(arguments.route)
    return EXIT[traefik_cli.describe(asked, where, as_json=arguments.output == "json")]


def _traefik_logs(arguments: argparse.Namespace) -> int:
    from bot.cli import traefik as traefik_cli  # noqa: PLC0415  # as above

    where = traefik_cli.Where(arguments.kubeconfig, arguments.context)
    as_json = arguments.output == "json"
    if arguments.file is None:
        asked = arguments.route, arguments.since, where
        found = traefik_cli.logs(*asked, previous=arguments.previous, as_json=as_json)
    elif arguments.route or arguments.since or arguments.previous:
        msg = "With --file the whole file is read: leave route, --since and --previous out."
        raise InputError(msg)
    else:
        found = traefik_cli.saved(arguments.file, where, as_json=as_json)
    return EXIT[found]


def _route_edit(arguments: argparse.Namespace) -> int:
    from bot.cli import route_edit as rerouting  # noqa: PLC0415  # as above

    return rerouting.edit(
        arguments.file, in_place=arguments.in_place, as_json=arguments.output == "json"
    )


def _route_convert(arguments: argparse.Namespace) -> int:
    from bot.cli import route_convert as converting  # noqa: PLC0415  # as above
    from bot.ingress_conversion.target import ConversionTarget  # noqa: PLC0415  # as above

    target = ConversionTarget(
        arguments.traefik_version,
        strict_prefix=arguments.strict_prefix_matching,
        ingress_class=arguments.ingress_class,
        cross_namespace=arguments.allow_cross_namespace,
    )
    return converting.convert(arguments.file, target, as_json=arguments.output == "json")


def _doctor(arguments: argparse.Namespace) -> int:
    from bot.cli import doctor as examining  # noqa: PLC0415  # as above

    return EXIT_OF_DOCTOR[examining.doctor(arguments.kubeconfig, arguments.context)]


def _invite(arguments: argparse.Namespace) -> int:
    from bot.cli import doctor as examining  # noqa: PLC0415  # as above

    examining.invite(arguments.application_id)
    return 0


def _sandbox(arguments: argparse.Namespace) -> int:
    from bot.app import bootstrap as running  # noqa: PLC0415  # as above

    return running.sandbox(arguments.scenario, arguments.kubeconfig, arguments.port)


def _schema(_arguments: argparse.Namespace) -> int:
    from bot.cli import judge as offline  # noqa: PLC0415  # as above

    return EXIT[offline.schema()]


if __name__ == "__main__":
    main()
