"""A leadership that a test gives and takes."""

from dataclasses import dataclass


@dataclass
class Led:
    """The Leadership protocol by plain fields."""

    leads: bool = True
    hesitates: float = 0.0
    head: float = 0.0
    another: bool = False

    def may_act(self) -> bool:
        return self.leads

    def hesitation(self) -> float:
        return self.hesitates

    def head_start(self) -> float:
        return self.head

    def led_by_another(self) -> bool:
        return self.another
