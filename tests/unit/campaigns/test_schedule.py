"""A campaign's schedule follows from its seed, and leaves each part time to come back."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.campaigns import fire, schedule
from tests.campaigns.schedule import Kind

SEEDS = range(50)


def test_the_same_seed_gives_the_same_campaign_and_another_one_another() -> None:
    assert schedule.plan(minutes=3, seed=7) == schedule.plan(minutes=3, seed=7)
    assert schedule.plan(minutes=3, seed=7) != schedule.plan(minutes=3, seed=8)
    ours = schedule.arrivals(minutes=3, rate=20, seed=7)
    assert ours == schedule.arrivals(minutes=3, rate=20, seed=7)
    assert ours != schedule.arrivals(minutes=3, rate=20, seed=8)


@pytest.mark.parametrize("minutes", [0.5, 1, 10])
@pytest.mark.parametrize("seed", SEEDS)
def test_everything_happens_and_is_over_before_the_end(minutes: float, seed: int) -> None:
    faults = schedule.plan(minutes=minutes, seed=seed)
    assert {fault.kind for fault in faults} == set(Kind)
    assert all(fault.at >= 0 and fault.at + fault.seconds <= minutes * 60 for fault in faults)


@pytest.mark.parametrize("seed", SEEDS)
def test_in_a_lane_one_fault_comes_after_another_with_a_pause(seed: int) -> None:
    faults = schedule.plan(minutes=1, seed=seed)
    for lane in schedule.LANES:
        mine = [fault for fault in faults if fault.lane == lane]
        assert all(one.at + one.seconds + 5 <= two.at for one, two in pairwise(mine))


def test_a_longer_campaign_has_each_fault_more_often() -> None:
    faults = schedule.plan(minutes=10, seed=1)
    assert [[fault.kind for fault in faults].count(kind) for kind in Kind] == [5] * len(Kind)


def test_as_many_buyers_come_as_the_rate_says_from_first_to_last_minute() -> None:
    moments = schedule.arrivals(minutes=10, rate=30, seed=1)
    assert len(moments) == 300
    assert moments[0] < 10
    assert 590 < moments[-1] < 600


def test_each_kind_of_fault_has_its_deed_and_its_lane() -> None:
    assert set(fire.ACTS) == set(Kind)
    assert sorted(kind for kinds in schedule.LANES.values() for kind in kinds) == sorted(Kind)
