"""The decision table: one rule a row. To add one: copy a file, and name its rule in `RULES`."""

from bot.net.diagnosis.rule import DecisionRule
from bot.net.diagnosis.rules import (
    application,
    dns,
    healthy,
    loss,
    mtu,
    no_route,
    node_address,
    one_way,
    overlay_down,
    policy,
    redirect,
    slow_path,
    source_address,
    stale_endpoints,
    target_port,
    vips,
    without_network,
)

DECIDED: tuple[DecisionRule, ...] = (without_network.OUTSIDE, without_network.NO_ENDPOINTS)
"""What the objects decide: no test can say otherwise."""

CONNECTING: tuple[DecisionRule, ...] = (
    no_route.RULE,
    node_address.RULE,
    one_way.RULE,
    overlay_down.RULE,
    loss.RULE,
    redirect.RULE,
    source_address.RULE,
    policy.RULE,
    target_port.RULE,
    application.RULE,
    slow_path.RULE,
)
"""Why connections to endpoints fail."""

BESIDE: tuple[DecisionRule, ...] = (
    stale_endpoints.RULE,
    mtu.RULE,
    vips.CHECKSUM,
    vips.BROKEN,
    vips.STALE,
    dns.RULE,
)
"""What is wrong although endpoints are reached."""

LAST = (slow_path.RULE.row, vips.STALE.row, dns.RULE.row)

GRAVEST = (
    stale_endpoints.RULE.row,
    *(rule.row for rule in (*CONNECTING, *BESIDE) if rule.row not in LAST),
    *LAST,
)
"""Which is the verdict where every endpoint is reached, the gravest for a route first."""

RULES: tuple[DecisionRule, ...] = (*DECIDED, *CONNECTING, *BESIDE, healthy.RULE)
"""Every row but INCONCLUSIVE, which is what remains."""
