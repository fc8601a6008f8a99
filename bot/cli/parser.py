"""The parser of the command line, and the options that several subcommands share."""

from __future__ import annotations

import argparse
import gc
import importlib
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from bot import __version__
from bot import log_setup as logs
from bot.domain.check import SCOPES
from bot.domain.sentences import sentences
from bot.domain.verdict import Verdict

EXIT = {
    Verdict.HEALTHY: 0,
    Verdict.PROGRESSING: 0,
    Verdict.SUSPENDED: 1,
    Verdict.DEGRADED: 1,
    Verdict.FAILED: 2,
    Verdict.UNKNOWN: 3,
}
"""Exit codes by verdict. What progresses within its grace is fine; what is suspended is not."""

EXIT_CODES = "Exit code: 0 healthy, 1 degraded or suspended, 2 failed, 3 unknown."

USAGE = 64
"""EX_USAGE of sysexits.h: argparse's own 2 would read as "failed"."""

WHAT = "Find out why a k3s homelab is broken: checks, evidence, and what to do next."

GROUPS: Mapping[str, Mapping[str, str]] = {
    "Look at the cluster": {
        "check": "Check the cluster, the worst first",
        "why": "Explain one finding: cause, events, last log lines, next step",
        "sites": "Show which sites answer",
        "traefik": "Show Traefik's routes, one route in full, or errors in its logs",
        "digest": "Show what changed since the last digest, and what is open",
    },
    "Test the network": {
        "net": "Find out where a route breaks, or test links and single requests",
    },
    "Work on files, without a cluster": {
        "judge": "Check objects in files or from a pipe",
        "route": "Add nativeLB to IngressRoutes, or convert Ingresses",
    },
    "Set up and run the bot": {
        "doctor": "Check the setup: Discord, cluster, permissions",
        "invite": "Print the link that adds the bot to your Discord server",
        "run": "Run the bot: answer on Discord",
        "sandbox": "Try the bot in your browser, without Discord",
    },
    "Other": {
        "schema": "Print the JSON Schema of an answer",
        "completion": "Print a script that completes commands in your shell",
        "version": "Print the version",
        "help": "Explain a command",
    },
}
"""Every subcommand with its help. `bot.cli.NAME` adds its arguments and runs it."""

COMMANDS = {name: text for group in GROUPS.values() for name, text in group.items()}

FORMATS = ("table", "wide", "json")
SHORTEST, LONGEST, ORDINARY = 1, 3600, 10
"""Seconds between two looks of `--watch`."""


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Writes `-n, --namespace NAME`, and the examples as they are."""

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings:
            return super()._format_action_invocation(action)
        names = ", ".join(sorted(action.option_strings, key=len))
        value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
        return f"{names}{value}"


class Parser(argparse.ArgumentParser):
    """A parser whose `module` adds the arguments when its subcommand is chosen.

    So a process loads only what it needs. `add_arguments` sets `command`, a function from the
    parsed arguments to an exit code. Options may stand before, between and after the words.
    """

    def __init__(self, *, module: str = "", **options: Any) -> None:
        super().__init__(formatter_class=_HelpFormatter, **options)
        self._positionals.title = "arguments"
        self._module = module
        self._mixes = False

    def load(self) -> None:
        """Let the module add its arguments."""
        module, self._module = self._module, ""
        if module:
            # What is imported is never garbage: looking through it would only take time.
            gc.disable()
            try:
                importlib.import_module(module).add_arguments(self)
            finally:
                gc.freeze()
                gc.enable()
        if self._subparsers is not None:
            self.usage = self.usage or f"{self.prog} COMMAND [options]"
        elif not self._mixes:
            shown = (
                NARGS[str(action.nargs)].format(action.metavar or action.dest.upper())
                for action in self._actions
                if not action.option_strings
            )
            self.usage = " ".join((self.prog, *shown, "[options]"))

    def explain(self, *examples: str, codes: str = EXIT_CODES) -> None:
        """Examples and exit codes, at the end of the help."""
        shown = "\n".join(f"  {example}" for example in examples)
        self.epilog = "\n\n".join(filter(None, (f"Examples:\n{shown}", codes)))

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, with the arguments of the module."""
        self.load()
        if self._mixes or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        self._mixes = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._mixes = False

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, or say what is no option."""
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            kind = "an option" if unknown[0].startswith("-") else "expected"
            self.error(f'"{unknown[0][:60]}" isn\'t {kind} here.')
        return parsed

    def error(self, message: str) -> NoReturn:
        """Print the usage and the message without secrets, and exit."""
        self.print_usage(sys.stderr)
        plain = message
        for pattern, better in REWORDED:
            plain = pattern.sub(better, plain)
        said = sentences(logs.shown(plain), f"See '{self.prog} --help'.")
        self.exit(USAGE, f"meshmedic: {said}\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Argparse's own check of choices, in words that a person can act on."""
        if action.choices is not None and value not in action.choices:
            noun = "command" if isinstance(action.choices, dict) else "value here"
            raise argparse.ArgumentError(None, wrong(str(value), noun, action.choices))


REWORDED = (
    (re.compile(r"^the following arguments are required: (.*)"), r"Missing: \1."),
    (re.compile(r"^argument ([^:]{1,80}): expected one argument"), r"\1 needs a value."),
    (re.compile(r"^argument [^:]{1,80}: (?=\"|.*isn't)"), ""),
)
"""Messages of argparse's own in plain words; what ours say themselves is left out before them."""

FEW = 10
"""Choices that an error lists. `--help` lists more."""

NARGS = {"None": "{0}", "*": "[{0} …]", "+": "{0} …", "?": "[{0}]", "0": ""}
"""How a word of the command line is written in a usage, by how many of it there may be."""


def wrong(typed: str, noun: str, choices: Iterable[str]) -> str:
    """`"chek" isn't a command. Did you mean "check"?`, or a few choices where none is like it."""
    from bot.domain.typed import close_to  # noqa: PLC0415  # for those who mistyped alone

    names = [str(choice) for choice in choices]
    hint = ""
    if near := close_to(typed, names, 1):
        hint = f'Did you mean "{near[0]}"?'
    elif len(names) <= FEW:
        hint = f"Use {listed(names)}."
    return f'"{typed[:60]}" isn\'t a {noun}. {hint}'.rstrip()


def listed(names: Sequence[str]) -> str:
    """`table, wide or json`."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def build_parser() -> Parser:
    """The parser of the whole command line."""
    parser = Parser(prog="meshmedic", usage="meshmedic COMMAND [options]", add_help=False)
    parts = (_listing(f"{title}:", commands) for title, commands in GROUPS.items())
    parser.description = "\n\n".join((WHAT, *parts))
    parser.epilog = (
        "Examples:\n"
        "  meshmedic check                    # everything, the worst first\n"
        "  meshmedic check po,ks -n media     # pods and Flux of one namespace\n"
        "  meshmedic why pod/media/jellyfin   # what is behind one of them\n"
        "  meshmedic check -o json | jq .verdict\n\n"
        "Use 'meshmedic help COMMAND' for its options. Settings are MESHMEDIC_… variables."
    )
    parser.add_argument("--help", "-h", action="help", help="Print this help")
    version = f"meshmedic {__version__}"
    parser.add_argument("--version", action="version", version=version, help="Print the version")
    subparsers = parser.add_subparsers(prog=parser.prog, metavar="COMMAND", help=argparse.SUPPRESS)
    for name, text in COMMANDS.items():
        subparsers.add_parser(name, help=text, description=f"{text}.", module=f"bot.cli.{name}")
    parser.set_defaults(command=printing_help(parser))
    return parser


def add_commands(group: Parser, commands: Mapping[str, str], prefix: str = "") -> list[Parser]:
    """Add the commands of a group, whose modules begin with a prefix; alone it prints its help."""
    group.set_defaults(command=printing_help(group))
    group.description = f"{group.description}\n\n{_listing('Commands:', commands)}"
    subparsers = group.add_subparsers(prog=group.prog, metavar="COMMAND", help=argparse.SUPPRESS)
    return [
        subparsers.add_parser(
            name, help=text, description=f"{text}.", module=f"{prefix}{name}" if prefix else ""
        )
        for name, text in commands.items()
    ]


def _listing(title: str, commands: Mapping[str, str]) -> str:
    width = max(map(len, COMMANDS)) + 2
    return "\n".join((title, *(f"  {name:<{width}}{text}" for name, text in commands.items())))


def printing_help(parser: Parser) -> Callable[[argparse.Namespace], int]:
    """A command that prints the help of a parser."""

    def print_help(_arguments: argparse.Namespace) -> int:
        parser.load()
        parser.print_help()
        return 0

    return print_help


VALUED = {"--namespace", "-n", "--output", "-o", "--kubeconfig", "--context", "--interval"}
"""Options with a value that may stand before the command, as at kubectl."""


def reordered(words: Sequence[str]) -> list[str]:
    """The words with the options that stand before the command behind it."""
    before: list[str] = []
    rest = list(words)
    while rest and rest[0].startswith("-") and rest[0] not in ("-h", "--help", "--version", "-"):
        option = rest.pop(0)
        before.append(option)
        if option in VALUED and rest:
            before.append(rest.pop(0))
    at = 0
    while at < len(rest) and not rest[at].startswith("-") and at < DEPTH.get(rest[0], 1):
        at += 1
    return [*rest[:at], *before, *rest[at:]]


DEPTH = {"net": 2, "traefik": 2, "route": 2}
"""Words that name the command itself, where they are more than one."""


def add_scopes(parser: Parser) -> None:
    """The scopes of a report."""
    parser.add_argument(
        "scope",
        nargs="*",
        type=_scopes,
        metavar="SCOPE",
        help="pods, nodes, flux, certificates, secrets, endpoints, routes or workloads "
        "(default: all). A kind or its short name means its scope: po, no, ks, hr, cert, es, svc, "
        "ing, deploy",
    )


def _scopes(typed: str) -> tuple[str, ...]:
    """The scopes of one word, in which commas may separate several."""
    from bot.cli.kinds import KINDS, scope_of  # noqa: PLC0415  # it imports every check

    words = [word for word in typed.split(",") if word]
    scopes: list[str] = []
    for word in words:
        scope = scope_of(word)
        if scope is None:
            raise argparse.ArgumentTypeError(wrong(word, "scope or kind", (*SCOPES, *KINDS)))
        scopes.append(scope)
    return tuple(scopes)


def scopes(arguments: argparse.Namespace) -> tuple[str, ...]:
    """The scopes that were named; none means all."""
    named = dict.fromkeys(scope for part in arguments.scope or () for scope in part)
    return () if "all" in named else tuple(named)


def add_files(parser: Parser) -> None:
    """The files with objects that are read."""
    parser.add_argument("file", nargs="+", help="YAML or JSON; - for standard input")


def add_output(parser: Parser, formats: Sequence[str] = FORMATS) -> None:
    """The format of the answer."""

    def output(typed: str) -> str:
        # `text` was the name of the only view for people.
        of_text = next(view for view in ("text", "wide", "table") if view in formats)
        word = of_text if typed == "text" else typed
        if word not in formats:
            raise argparse.ArgumentTypeError(wrong(typed, "format", formats))
        return word

    parser.add_argument(
        "--output",
        "-o",
        type=output,
        default=formats[0],
        metavar="FORMAT",
        help=f"{listed(formats)} (default: {formats[0]})",
    )


def add_cluster(parser: Parser) -> None:
    """The cluster that is asked."""
    parser.add_argument(
        "--kubeconfig", type=Path, metavar="FILE", help="default: $KUBECONFIG or ~/.kube/config"
    )
    parser.add_argument("--context", metavar="NAME", help="the kubeconfig's context to use")


def add_namespace(parser: Parser, text: str = "only this namespace") -> None:
    """The one namespace that is meant, or all."""
    parser.add_argument("--namespace", "-n", metavar="NAME", help=text)
    parser.add_argument(
        "--all-namespaces",
        "-A",
        action="store_const",
        const=None,
        dest="namespace",
        help="all namespaces (default)",
    )


def add_answer(parser: Parser, *, namespace: bool = False, wide: bool = True) -> None:
    """The format of the answer, and the cluster that is asked."""
    if namespace:
        add_namespace(parser)
    add_output(parser, FORMATS if wide else ("table", "json"))
    add_cluster(parser)


def add_watch(parser: Parser) -> None:
    """Whether to look again and again."""
    parser.add_argument("--watch", "-w", action="store_true", help="look again until Ctrl-C")
    parser.add_argument(
        "--interval",
        type=_interval,
        default=ORDINARY,
        metavar="SECONDS",
        help=f"seconds between two looks, {SHORTEST} to {LONGEST} (default: {ORDINARY})",
    )


def _interval(typed: str) -> int:
    seconds = int(typed.removesuffix("s")) if typed.removesuffix("s").isdecimal() else 0
    if not SHORTEST <= seconds <= LONGEST or len(typed) > len("3600s"):
        msg = f'"{typed[:20]}" isn\'t an interval. Use seconds from {SHORTEST} to {LONGEST}.'
        raise argparse.ArgumentTypeError(msg)
    return seconds
