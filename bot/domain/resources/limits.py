"""How much of an object is kept: whoever may write in one namespace chooses what stands there.

Every string, list and mapping of a kind has one of these limits, which msgspec checks while it
decodes. What is longer is cut, and the object is malformed: `bot.domain.resources.cutting`.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec

T = TypeVar("T")

TEXT = 4 * 1024
"""Characters of a message, a name or any other text."""

WORD = 1024
"""Characters of a reason, which is one word. Source: metav1.Condition."""

LONG_TEXT = 16 * 1024
"""Characters of a rule, a pattern or an argument: long ones are ordinary."""

ENTRIES = 1_000
"""Entries of a list; Kubernetes allows as many endpoints in an EndpointSlice."""

MANY_ENTRIES = 10_000
"""Entries of a list that grows with the cluster, such as all that a Kustomization keeps."""

PAIRS = 128
"""Pairs of a mapping, such as labels. (Kubernetes has no limit of its own.)"""

KEY = 317
"""Characters of a label's key: a domain of 253, a slash and a name of 63."""

VALUE = 63
"""Characters of a label's value. Source of both: Kubernetes, "Labels and Selectors"."""

FAULT = 300
"""Characters of the reason why a field could not be read."""

FAULTS = 50
"""Fields that could not be read, and are named. With more, only the object's name is kept."""

WEIGHT = 256 * 1024
"""Bytes of an object without what is not kept, as JSON; an EndpointSlice may have 1,000 entries."""

Text = Annotated[str, msgspec.Meta(max_length=TEXT)]
Word = Annotated[str, msgspec.Meta(max_length=WORD)]
LongText = Annotated[str, msgspec.Meta(max_length=LONG_TEXT)]
Many = Annotated[tuple[T, ...], msgspec.Meta(max_length=ENTRIES)]
VeryMany = Annotated[tuple[T, ...], msgspec.Meta(max_length=MANY_ENTRIES)]
LabelKey = Annotated[str, msgspec.Meta(max_length=KEY)]
LabelValue = Annotated[str, msgspec.Meta(max_length=VALUE)]
Faults = Annotated[
    tuple[Annotated[str, msgspec.Meta(max_length=FAULT)], ...], msgspec.Meta(max_length=FAULTS)
]
Named = Annotated[dict[Text, T], msgspec.Meta(max_length=PAIRS)]
Labels = Annotated[dict[LabelKey, LabelValue], msgspec.Meta(max_length=PAIRS)]
