"""Fair shares: whoever has the most loses first, and the cluster's own things have a reserve."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Ref
from bot.domain.shares import SharedMapping, in_turn, shared
from bot.domain.tenancy import is_of_cluster, may_answer, party_of

PARTIES = ("bank", "loud", "zoo", "9to5", "Node", "PersistentVolume")
ITEMS = st.lists(st.sampled_from(PARTIES), max_size=60).map(
    lambda parties: [(party, number) for number, party in enumerate(parties)]
)


def party(item: tuple[str, int]) -> str:
    return item[0]


def test_each_party_has_one_in_turn_in_the_order_of_its_own():
    items = [("loud", 1), ("loud", 2), ("loud", 3), ("bank", 4), ("zoo", 5), ("bank", 6)]
    assert [number for _, number in in_turn(items, party)] == [1, 4, 5, 2, 6, 3]


def test_a_loud_party_loses_what_matters_least_and_the_quiet_one_nothing():
    items = [*(("loud", number) for number in range(450)), ("bank", 1), ("Node", 1)]
    stay = shared(items, 400, party)
    assert stay == (*items[:398], ("bank", 1), ("Node", 1))


def test_the_third_failure_of_one_party_goes_before_the_second_trifle_of_another():
    items = [("loud", 5), ("loud", 5), ("loud", 5), ("bank", 4), ("bank", 4), ("zoo", 4)]
    stay = shared(items, 5, party, lambda item: item[1])
    assert stay == (("loud", 5), ("loud", 5), ("loud", 5), ("bank", 4), ("zoo", 4))


def test_a_loud_partys_failures_leave_each_other_its_worst():
    items = [*(("loud", 5),) * 450, ("bank", 4), ("Node", 4)]
    stay = shared(items, 8, party, lambda item: item[1])
    assert stay == (*items[:6], ("bank", 4), ("Node", 4))


def test_more_parties_than_there_is_room_for_leave_the_cluster_its_reserve():
    items = [*((f"tenant-{number}", 0) for number in range(100)), ("Node", 1), ("Node", 2)]
    stay = shared(items, 8, party)
    assert len(stay) == 8
    assert stay[-2:] == (("Node", 1), ("Node", 2))


@given(ITEMS, st.integers(0, 60))
def test_nobody_who_has_less_loses_for_somebody_who_has_more(items, most):
    """No more than there is room for, no room wasted, in order; and max-min fair by party."""
    stay = shared(items, most, party)
    assert len(stay) == min(most, len(items))
    assert list(stay) == [item for item in items if item in stay]
    had, have = Counter(map(party, items)), Counter(map(party, stay))
    for loser in had:
        own = [item for item in items if party(item) == loser]
        assert [item for item in stay if party(item) == loser] == own[: have[loser]]
        if have[loser] == had[loser]:
            continue
        for other in have:
            if not is_of_cluster(other):
                assert have[other] <= have[loser] + 1


@given(ITEMS, st.lists(st.just("loud"), max_size=200))
def test_a_loud_party_never_takes_what_fits_into_the_others_part(items, more):
    """With at most ten of each of the others there is room for all, whatever one party has."""
    few = [item for item in items if party(item) != "loud"][:20]
    loud = [(name, number) for number, name in enumerate(more)]
    assert set(few) <= set(shared([*loud, *few], 40, party))


def test_a_namespaces_own_object_is_of_that_namespace_and_a_node_is_of_none():
    assert party_of(Ref("Namespace", "", "bank")) == party_of(Ref("Pod", "bank", "web")) == "bank"
    assert party_of(Ref("Node", "", "bank")) == "Node"
    assert is_of_cluster("Node") > is_of_cluster("9to5")


def test_only_the_cluster_the_platform_and_ones_own_namespace_answer_for_a_failure():
    ledger = Ref("Service", "bank", "ledger")
    for cause in (
        Ref("Node", "", "one"),
        Ref("Deployment", "kube-system", "traefik"),
        Ref("Kustomization", "flux-system", "apps"),
        Ref("Pod", "bank", "db"),
        Ref("Namespace", "", "bank"),
    ):
        assert may_answer(cause, ledger), cause
    for cause in (Ref("Certificate", "tenant", "xy"), Ref("Namespace", "", "tenant")):
        assert not may_answer(cause, ledger)
        assert not may_answer(cause, Ref("Node", "", "one"))
        assert not may_answer(cause, Ref("Kustomization", "flux-system", "apps"))
    assert may_answer(Ref("Pod", "ingress", "traefik"), ledger, {"ingress"})


@given(
    st.lists(st.tuples(st.sampled_from("aaab c"), st.integers(0, 30)), max_size=200),
    st.integers(0, 20),
)
def test_a_shared_mapping_keeps_of_each_party_what_a_fair_share_allows(
    keys: list[tuple[str, int]], most: int
) -> None:
    """Nobody is below the loudest by more than one who had more; nothing is lost untold."""
    kept: SharedMapping[tuple[str, int], int] = SharedMapping(most, lambda key: key[0])
    lost = [kept.put(key, number) for number, key in enumerate(keys)]
    assert len(kept.values) == min(most, len(set(keys)))
    left = Counter(party for party, _ in kept.values)
    wanted = Counter(party for party, _ in set(keys))
    for party, count in wanted.items():
        assert left[party] == count or left[party] + 1 >= max(left.values(), default=0)
    assert sum(value is not None for value in lost) >= len(set(keys)) - len(kept.values)
