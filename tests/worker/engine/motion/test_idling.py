"""A listening photo is alive, says nothing, and can be repeated for ever without a jump."""

from fractions import Fraction

import numpy as np
import pytest

from worker.engine.contracts import LifeScales, Style
from worker.engine.motion.idling import idle_plan

PARTS = ("blink", "glance", "brows", "turn_deg", "shift", "breath", "smile")
RATES = [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60)]


def plan_of(seconds=6.0, rate=Fraction(25), style=Style.NATURAL, seed=1, life=None):
    return idle_plan(round(seconds * rate), rate, style, seed, life or LifeScales())


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("seconds", [2.0, 6.0, 31.0])
def test_the_last_frame_leads_to_the_first_in_value_and_velocity(rate, seconds):
    plan = plan_of(seconds, rate)
    for name in ("turn_deg", "shift", "breath", "brows"):
        values = np.asarray(getattr(plan, name)).reshape(len(plan), -1)
        around = np.concatenate([values, values[:3]])
        steps = np.abs(np.diff(around, axis=0)).max(axis=1)
        bends = np.abs(np.diff(around, n=2, axis=0)).max(axis=1)
        assert steps[len(plan) - 1] <= steps[: len(plan) - 1].max() * 1.05 + 1e-9, name
        assert bends[-2:].max() <= bends[:-2].max() * 1.1 + 1e-9, name


@pytest.mark.parametrize("seed", range(12))
def test_blinks_and_glances_do_not_jump_at_the_seam(seed):
    plan = plan_of(seed=seed, rate=Fraction(50))
    falling = np.abs(np.diff(np.append(plan.blink, plan.blink[0])))
    assert falling[-1] <= falling[:-1].max() + 1e-9
    assert falling.max() <= 0.4  # a lid takes at least 50 ms
    np.testing.assert_allclose(plan.glance[-1], plan.glance[0], atol=1e-9)


def test_nobody_speaks_but_everybody_lives():
    plan = plan_of(20.0)
    assert not plan.articulation.any()
    assert plan.blink.max() > 0.9
    assert 1.0 < np.abs(plan.turn_deg).max() < 4.0
    assert plan.breath.max() > 0.008
    assert np.abs(plan.glance).max() > 0.005


def test_each_sign_of_life_can_be_switched_off_in_a_loop_too():
    for off, silent in (("blink", "blink"), ("gaze", "glance"), ("brow", "brows"), ("head", "turn_deg")):
        plan = plan_of(life=LifeScales(**{off: 0.0}))
        assert not np.any(getattr(plan, silent)), off
        assert any(np.any(getattr(plan, name)) for name in PARTS)


def test_a_still_style_only_blinks():
    plan = plan_of(style=Style.STILL)
    assert plan.blink.max() > 0.9
    for name in PARTS[1:]:
        assert not np.any(getattr(plan, name)), name


def test_the_same_seed_is_the_same_loop_and_another_seed_another():
    np.testing.assert_array_equal(plan_of(seed=3).turn_deg, plan_of(seed=3).turn_deg)
    assert np.abs(plan_of(seed=3).turn_deg - plan_of(seed=4).turn_deg).max() > 0.3
