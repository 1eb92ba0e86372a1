import pytest

from worker.engine.media.workspace import Workspace


def test_a_workspace_is_its_own_and_goes_with_everything_in_it(tmp_path):
    with Workspace(tmp_path) as one, Workspace(tmp_path) as two:
        assert one.path != two.path
        one.file("a.wav").write_bytes(b"x")
    assert not list(tmp_path.iterdir())


def test_it_goes_after_a_failure_too(tmp_path):
    with pytest.raises(KeyError), Workspace(tmp_path):
        raise KeyError
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", "/etc/passwd", "a\0b", "a\\b"])
def test_no_name_leads_out_of_it(tmp_path, name):
    with Workspace(tmp_path) as workspace, pytest.raises(ValueError, match="file name"):
        workspace.file(name)
