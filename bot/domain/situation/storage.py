"""What is wrong with a volume, or a claim of one."""

from bot.domain.situation.phrase import END, NAME, phrase

PHRASES = (
    phrase("gets no volume", "NotBound", "NoVolume", "ProvisioningFailed", "FailedBinding"),
    phrase("waits for a pod", "WaitForFirstConsumer"),
    phrase("lost its volume", "Lost"),
    phrase("names a volume that doesn't exist", "VolumeNotFound"),
    phrase("names a volume of an earlier claim", "VolumeReleased"),
    phrase("names a volume of another claim", "VolumeTaken"),
    phrase(
        "needs missing StorageClass {name}",
        "StorageClassNotFound",
        says=rf"StorageClass (?P<name>{NAME}){END}",
    ),
    phrase("needs a StorageClass that doesn't exist", "StorageClassNotFound"),
    phrase("names no StorageClass, and there is no default", "NoStorageClass"),
    phrase("is released, and keeps its data", "Released"),
    phrase("can't be deleted", "NotDeleted"),
    phrase("can't be reclaimed", "Failed"),
)
