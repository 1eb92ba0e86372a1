import numpy as np
import pytest

from tests.synth import drawn_portrait
from worker.engine.face.mesh import FaceMesh, silenced_stderr


def test_a_mesh_has_478_points_in_pixels_of_the_picture():
    with FaceMesh(tracking=False) as mesh:
        (face,) = mesh.detect(drawn_portrait())
    assert face.points_px.shape == (478, 3)
    assert (face.xy_px >= 0).all()
    assert (face.xy_px < [384, 480]).all()


def test_no_face_gives_an_empty_list():
    with FaceMesh(tracking=True) as mesh:
        assert mesh.detect(np.zeros((90, 90, 3), np.uint8)) == []


def test_other_arrays_are_refused():
    with FaceMesh(tracking=False) as mesh, pytest.raises(ValueError, match="uint8"):
        mesh.detect(np.zeros((90, 90, 3), np.float32))


def test_native_log_lines_never_reach_the_terminal(capfd):
    with FaceMesh(tracking=True) as mesh:
        mesh.detect(np.zeros((90, 90, 3), np.uint8))
        mesh.detect(drawn_portrait())
        mesh.detect(drawn_portrait())
    assert capfd.readouterr().err == ""


def test_silence_ends_with_its_block(capfd):
    import os

    with silenced_stderr():
        os.write(2, b"unheard")
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"
