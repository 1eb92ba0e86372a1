"""Emotions colour the motion, swell with the voice, and leave speech alone."""

from fractions import Fraction

import numpy as np
import pytest

from worker.engine.contracts import Emotion, LifeScales, Style
from worker.engine.motion.expressions import EXPRESSIONS, Expression
from worker.engine.motion.idling import idle_plan
from worker.engine.motion.moods import MOODS, in_mood

PLAN = idle_plan(100, Fraction(25), Style.NATURAL, 2, LifeScales())
FELT = [emotion for emotion in MOODS if emotion is not Emotion.NEUTRAL]


def column(plan, expression):
    return plan.expression[:, EXPRESSIONS.index(expression)]


def test_every_emotion_has_a_mood_and_neutral_changes_nothing():
    assert set(MOODS) == set(Emotion) - {Emotion.AUTO}
    assert in_mood(PLAN, Emotion.NEUTRAL, 1.0) is PLAN
    assert in_mood(PLAN, Emotion.HAPPY, 0.0) is PLAN


@pytest.mark.parametrize("emotion", FELT)
def test_speech_and_gaze_stay_and_more_intensity_is_more(emotion):
    little, much = in_mood(PLAN, emotion, 0.3), in_mood(PLAN, emotion, 1.0)
    for plan in (little, much):
        np.testing.assert_array_equal(plan.articulation, PLAN.articulation)
        np.testing.assert_array_equal(plan.glance, PLAN.glance)
        assert plan.blink.max() <= 1.0 and np.abs(plan.turn_deg).max() < 6.0

    def change(plan):
        moved = np.abs(plan.smile - PLAN.smile).sum() + np.abs(plan.brows - PLAN.brows).sum()
        return moved + np.abs(plan.expression).sum() + np.abs(plan.blink - PLAN.blink).sum()

    assert change(much) > 2.5 * change(little) > 0


def test_each_emotion_moves_its_own_muscles():
    happy, sad, angry, surprised = (
        in_mood(PLAN, e, 1.0) for e in (Emotion.HAPPY, Emotion.SAD, Emotion.ANGRY, Emotion.SURPRISED)
    )
    assert happy.smile.mean() > PLAN.smile.mean() + 0.8
    assert column(sad, Expression.FROWN).mean() > 0.5 < column(sad, Expression.GRIEF).mean()
    assert column(angry, Expression.FURROW).mean() > 0.5 > column(angry, Expression.GRIEF).mean()
    assert surprised.brows.mean() > PLAN.brows.mean() + 0.4
    assert column(surprised, Expression.WIDE_EYES).mean() > 0.5
    assert np.ptp(sad.turn_deg[:, 0]) < np.ptp(PLAN.turn_deg[:, 0]) < np.ptp(happy.turn_deg[:, 0])


def test_an_expression_swells_with_the_voice_without_a_jump():
    loud = np.where((PLAN.times_s > 1.5) & (PLAN.times_s < 2.5), 1.0, 0.0)
    plan = in_mood(PLAN, Emotion.SAD, 1.0, loud)
    grief = column(plan, Expression.GRIEF)
    assert grief[50] > 1.3 * grief[10] > 0
    assert np.abs(np.diff(grief)).max() < 0.05


def test_a_loop_in_a_mood_is_still_a_loop():
    plan = in_mood(PLAN, Emotion.ANGRY, 0.8)
    for name in ("turn_deg", "expression"):
        values = getattr(plan, name)
        steps = np.abs(np.diff(np.concatenate([values, values[:1]]), axis=0)).max(axis=1)
        assert steps[-1] <= steps[:-1].max() * 1.05 + 1e-9, name
