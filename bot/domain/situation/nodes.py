"""What is wrong with a node, or between nodes."""

from bot.domain.situation.phrase import phrase
from bot.domain.verdict import Verdict

PHRASES = (
    phrase("isn't ready, its kubelet doesn't answer", "NodeStatusUnknown"),
    phrase("isn't ready", "NotReady", "KubeletNotReady"),
    phrase("never reported a status", "NodeStatusNeverUpdated"),
    phrase("has a read-only file system", "ReadonlyFilesystem"),
    phrase("reports no status", "NoStatus"),
    phrase("hasn't reported lately", "KubeletSilent"),
    phrase("is short of memory", "MemoryPressure"),
    phrase("is short of disk space", "DiskPressure"),
    phrase("is short of process IDs", "PIDPressure"),
    phrase("has no network", "NetworkUnavailable"),
    phrase("is being set up", "Uninitialized", verdict=Verdict.PROGRESSING),
    phrase("isn't initialized", "Uninitialized"),
    phrase("announces a wrong flannel address", "FlannelAddressDiffers"),
    phrase("has another flannel backend than the others", "FlannelBackendDiffers"),
    phrase("runs an outdated kubelet", "VersionSkew"),
    phrase("is cordoned", "SchedulingDisabled"),
    phrase("can't be reached by pod IP", "OverlayDown"),
    phrase("can be reached in one direction only", "OneWay"),
    phrase("loses large packets", "Mtu"),
    phrase("loses UDP datagrams", "DatagramsLost"),
    phrase("can't reach another node", "PairBroken"),
    phrase("can't reach several other nodes", "PairsBroken"),
    phrase("has a connection that isn't tested", "ConnectivityNotSeen"),
    phrase("has a connection whose tests disagree", "ConnectivityNotSettled"),
    phrase("is worked around", "WorkedAround"),
)
