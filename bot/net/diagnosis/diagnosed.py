"""What a diagnosis found of a route, as later reports may use it while it is fresh."""

from __future__ import annotations

from datetime import datetime

import msgspec

from bot.domain.finding import Ref
from bot.net.diagnosis.diagnosis import Diagnosis
from bot.net.diagnosis.subject import Subject


class Diagnosed(msgspec.Struct, frozen=True):
    """A diagnosis, its subject as it was then, and the moment of its objects."""

    taken_at: datetime
    subject: Subject
    diagnosis: Diagnosis

    @property
    def route(self) -> Ref | None:
        """The route that it is about; None where a Service was asked for."""
        return self.subject.route


class Diagnoses(msgspec.Struct, frozen=True):
    """The diagnoses of routes that stand, whatever their age: a supplement of a snapshot."""

    standing: tuple[Diagnosed, ...] = ()
