"""Events: notes of a controller about an object, which the API server keeps for an hour or so."""

from __future__ import annotations

from datetime import datetime

import msgspec

from bot.domain.finding import Ref
from bot.domain.resources.base import Object, Part, Reference, Time
from bot.domain.resources.limits import Text, Word


class EventSeries(Part, frozen=True):
    """`series` of an Event that came again and again."""

    last_observed_time: Time | None = None
    count: int = 0


class EventObject(Object, frozen=True):
    """v1 Event, and its other form in events.k8s.io/v1 (`regarding` and `note`)."""

    type: Text = ""
    reason: Word = ""
    message: Text = ""
    note: Text = ""
    count: int = 0
    involved_object: Reference = Reference()
    regarding: Reference = Reference()
    last_timestamp: Time | None = None
    elder_last_timestamp: Time | None = msgspec.field(default=None, name="deprecatedLastTimestamp")
    event_time: Time | None = None
    series: EventSeries | None = None

    @classmethod
    def kind_name(cls) -> str:
        """As the API calls it."""
        return "Event"

    @property
    def about(self) -> Ref:
        """The object that it is about."""
        subject = self.involved_object if self.involved_object.kind else self.regarding
        return Ref(subject.kind, subject.namespace, subject.name)

    @property
    def text(self) -> str:
        """What it says."""
        return self.message or self.note

    @property
    def at(self) -> datetime | None:
        """When it was last seen."""
        last = self.series.last_observed_time if self.series else None
        return (
            last
            or self.last_timestamp
            or self.elder_last_timestamp
            or self.event_time
            or self.metadata.creation_timestamp
        )
