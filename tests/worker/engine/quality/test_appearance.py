"""What repainting does to a face shows in the numbers."""

import cv2
import numpy as np
import pytest

from tests.synth import drawn_portrait
from worker.engine.face.mesh import FaceMesh
from worker.engine.quality.appearance import appearance, face_masks, relative


@pytest.fixture(scope="module")
def face():
    noise = np.random.default_rng(0).normal(0, 6, drawn_portrait().shape)
    rgb = np.clip(drawn_portrait() + noise, 0, 255).astype(np.uint8)
    with FaceMesh(tracking=False) as mesh:
        return rgb, mesh.detect(rgb)[0].points_px


def against_itself(rgb, face):
    return relative([appearance(rgb, face[1])], [appearance(*face)])


def test_an_untouched_face_has_no_seam_and_its_own_sharpness(face):
    numbers = against_itself(face[0], face)
    assert numbers["seam"] == pytest.approx(1)
    assert numbers["sharpness"] == pytest.approx(1)
    assert numbers["seam_delta_e"] == 0


def test_a_repainted_mouth_of_another_tone_shows_its_border(face):
    patch, _, _ = face_masks(face[0].shape[:2], face[1])
    pasted = face[0].copy()
    pasted[patch] = np.clip(pasted[patch] * 0.75, 0, 255).astype(np.uint8)
    numbers = against_itself(pasted, face)
    assert numbers["seam"] > 1.15
    assert numbers["seam_delta_e"] > 2


def test_blurred_lips_are_less_sharp_than_their_cheeks(face):
    patch, _, _ = face_masks(face[0].shape[:2], face[1])
    blurred = face[0].copy()
    blurred[patch] = cv2.GaussianBlur(face[0], (0, 0), 2)[patch]
    assert against_itself(blurred, face)["sharpness"] < 0.6


def test_a_frame_without_a_face_says_nothing(face):
    numbers = appearance(face[0], np.full((478, 3), np.nan))
    assert all(np.isnan(value) for value in numbers.values())
