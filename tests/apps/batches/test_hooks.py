import pytest

from apps.batches.hooks import first_sentence, with_hook


@pytest.mark.parametrize(
    ("script", "hook", "expected"),
    [
        ("Hello there. This is it.", "Stop scrolling!", "Stop scrolling! This is it."),
        ("Hello there. This is it.", "Stop scrolling", "Stop scrolling. This is it."),
        ("Only one sentence", "Another one", "Another one"),
        ("A line\nand the rest. More.", "New", "New.\nand the rest. More."),
        ("It costs 3.50 today. Really.", "Look", "Look. Really."),
        ("你好。我是照片。", "看这里", "看这里。我是照片。"),
        ("Wait… what? Yes.", "  So\n here: ", "So here: what? Yes."),
        ("", "First words", "First words"),
    ],
    ids=["ends", "gets-a-stop", "whole", "line", "number", "ideographs", "colon", "empty"],
)
def test_a_hook_takes_the_place_of_the_first_sentence(script: str, hook: str, expected: str) -> None:
    assert with_hook(script, hook) == expected


def test_the_first_sentence_is_what_a_hook_replaces() -> None:
    assert first_sentence("  Hello there. This is it.") == "Hello there."
    assert first_sentence("") == ""
