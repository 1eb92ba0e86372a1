"""`--logo` of the commands that render."""

import argparse

import numpy as np
import pytest
from PIL import Image

from worker.cli import animate, dub, film
from worker.cli.branding import add_logo_arguments, logo_stages
from worker.engine.failures import EngineFailure, FailureCode


@pytest.fixture
def logo(tmp_path):
    path = tmp_path / "logo.png"
    Image.new("RGBA", (80, 80), (255, 0, 0, 255)).save(path)
    return path


def stages_of(*words):
    parser = argparse.ArgumentParser()
    add_logo_arguments(parser)
    return logo_stages(parser.parse_args([str(word) for word in words]))


def test_a_logo_lies_where_it_was_asked_for(logo):
    assert stages_of() is None
    stages = stages_of("--logo", logo, "--logo-corner", "bottom-left", "--logo-size", "0.2", "--logo-opacity", "1")
    (stage,) = stages(200, 100)
    out = stage(np.zeros((100, 200, 3), np.uint8), 0.0)
    assert (out[..., 0] > 250).sum() == 20 * 20 and out[60:, :40, 0].any()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--logo", "nowhere.png"), FailureCode.FILE_MISSING),
        (("--logo", __file__), FailureCode.FILE_UNREADABLE),
        (("--logo-size", "2"), FailureCode.OPTION_INVALID),
        (("--logo-opacity", "x"), FailureCode.OPTION_INVALID),
    ],
    ids=["missing", "no picture", "size", "opacity"],
)
def test_what_makes_no_sense_is_refused_before_anything_is_rendered(words, code):
    with pytest.raises(EngineFailure) as refused:
        stages_of(*words)
    assert refused.value.code is code


@pytest.mark.parametrize("command", [animate, dub, film])
def test_every_command_that_renders_knows_it(command):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert "--logo-corner" in parser.format_help()


def test_no_output_is_written_over_the_logo_that_it_shows(tmp_path):
    logo = tmp_path / "logo.mp4"
    logo.write_bytes(b"a logo by another name")
    words = ["--portrait", "p.png", "--video", "a.mp4", "--scenes", "s.json", "--audio", "b.wav"]
    for command in (animate, dub):
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        options, _ = parser.parse_known_args([*words, "--out", str(logo), "--logo", str(logo)])
        with pytest.raises(EngineFailure) as failure:
            command.request_from(options)
        assert failure.value.detail["reason"] == "it would overwrite an input"


@pytest.mark.parametrize("option", ["--logo", "--music"])
def test_no_film_is_written_over_what_it_is_made_of(tmp_path, option):
    scenes, own = tmp_path / "s.json", tmp_path / "own.mp4"
    scenes.write_text('{"scenes": [{"picture": "p.png"}]}')
    own.write_bytes(b"not to be lost")
    parser = argparse.ArgumentParser()
    film.add_arguments(parser)
    options = parser.parse_args(["--scenes", str(scenes), "--out", str(own), option, str(own)])
    with pytest.raises(EngineFailure) as failure:
        film.run(options, None)
    assert failure.value.detail["reason"] == "it would overwrite an input"
