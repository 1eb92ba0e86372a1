import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.uploads.names import NAME_CHARS_MAX, display_name


@pytest.mark.parametrize("raw, shown", [
    ("me.jpg", "me.jpg"),
    ("My Holiday (3).JPG", "My Holiday (3).JPG"),
    ("../../etc/passwd", "passwd"),
    ("C:\\Users\\me\\face.png", "face.png"),
    ("/absolute/face.png", "face.png"),
    ("folder/", "folder"),
    ("a\r\nSet-Cookie: x=1.jpg", "aSet-Cookie: x=1.jpg"),
    ("photo\u202egnp.exe", "photognp.exe"),
    ("zero\u200bwidth.jpg", "zerowidth.jpg"),
    ("nul\x00byte.jpg", "nulbyte.jpg"),
    ("   spaced   out .jpg  ", "spaced out .jpg"),
    (".hidden", "hidden"),
    ("été.jpg", "été.jpg"),
    ("肖像.png", "肖像.png"),
    ("👩‍👩‍👧.webp", "👩‍👩‍👧.webp"),
    ("", "untitled"),
    ("....", "untitled"),
    ("\x00\x01\x02", "untitled"),
    ("\ud800lonely.jpg", "lonely.jpg"),
])  # fmt: skip
def test_a_name_is_made_harmless(raw, shown):
    assert display_name(raw) == shown


def test_a_very_long_name_is_shortened_and_keeps_its_ending():
    shown = display_name("n" * 10_000 + ".jpeg")
    assert len(shown) <= NAME_CHARS_MAX
    assert shown.endswith("….jpeg")


def test_a_very_long_ending_is_no_ending():
    assert len(display_name("n." + "x" * 10_000)) <= NAME_CHARS_MAX


@given(st.text(max_size=400))
def test_no_name_can_leave_its_folder_or_turn_the_line(raw):
    shown = display_name(raw)
    assert 0 < len(shown) <= NAME_CHARS_MAX
    assert not set("/\\\r\n\0") & set(shown)
    assert not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in shown)
    assert not shown.startswith((".", " "))
    shown.encode()
