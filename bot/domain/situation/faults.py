"""What tests of routes proved: a fault at a place, or of a route."""

from bot.domain.situation.phrase import phrase

PHRASES = (
    phrase("can't be reached by pod IP", "OverlayDown"),
    phrase("passes new connections in one direction only", "OneWay"),
    phrase("has no route to the pod network", "NoRoute"),
    phrase("can't be reached by its node address", "NodeAddress"),
    phrase("loses large packets", "Mtu"),
    phrase("loses packets", "Loss"),
    phrase("takes a slow path", "SlowPath"),
    phrase("breaks the checksums of packets to VIPs", "ChecksumOffload"),
    phrase("can't reach VIPs", "VipBroken"),
    phrase("has outdated kube-proxy rules", "KubeProxyStale"),
    phrase("has a NAT rule that intercepts pod traffic", "Redirect"),
    phrase("is blocked by a NetworkPolicy", "Policy"),
    phrase("refuses the addresses that requests come from", "SourceAddress"),
    phrase("has outdated endpoints", "StaleEndpoints"),
    phrase("has nothing listening on its target port", "TargetPort"),
    phrase("doesn't answer, its app refuses", "Application"),
    phrase("has no ready pod behind it", "NoEndpoints"),
    phrase("can't be resolved by DNS", "Dns"),
    phrase("leads out of the cluster", "Outside"),
    phrase("could not be tested to the end", "Inconclusive"),
    phrase("answers no site", "NoSiteAnswers"),
    phrase("takes no requests", "TraefikRefuses"),
    phrase("has no running pod", "TraefikGone"),
)
