"""Three of the lab's scenarios, quick enough for every run; `make lab` runs them all."""

import pytest

from tests.lab import namespaces
from tests.lab.running import run
from tests.lab.scenarios import SCENARIOS

QUICK = (
    "healthy, one remote pod",
    "port 80 redirected on the edge (the runbook's)",
    "the application has ended",
)


@pytest.mark.parametrize("name", QUICK)
async def test_real_packets_meet_the_right_verdict(name: str) -> None:
    """And what is said of nativeLB is what happens with it."""
    try:
        namespaces.check()
    except namespaces.CannotMakeLab as missing:
        pytest.skip(str(missing))
    (scenario,) = (each for each in SCENARIOS if each.name == name)
    result = await run(scenario)
    assert result.diagnosis.row in scenario.right, result.diagnosis.because
    assert not result.effect_wrong
    assert not result.prescribed_in_vain
