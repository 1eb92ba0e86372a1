"""Sentences to speak in many languages: the translations Django ships (BSD-3), read as files; nothing is downloaded."""

import gettext
import importlib.util
import re
from pathlib import Path

import numpy as np
import pocketsphinx

# espeak voice → Django's locale folder
LOCALE_BY_VOICE = {
    **{"en-us": "en", "en-gb-x-rp": "en", "de": "de", "fr": "fr", "es": "es", "es-419": "es_MX", "it": "it"},
    **{
        "pt": "pt",
        "pt-br": "pt_BR",
        "nl": "nl",
        "pl": "pl",
        "ru": "ru",
        "uk": "uk",
        "cs": "cs",
        "sv": "sv",
        "da": "da",
    },
    **{"nb": "nb", "fi": "fi", "hu": "hu", "ro": "ro", "el": "el", "tr": "tr", "cmn": "zh_Hans", "ko": "ko"},
    **{"vi": "vi", "hi": "hi", "ar": "ar", "fa": "fa", "id": "id", "bg": "bg", "et": "et", "ca": "ca", "sw": "sw"},
}
MIN_CHARS, MAX_CHARS = 40, 110


def sentences(voice: str, count: int, seed: int) -> list[str]:
    """Lines of 40 to 110 characters for a voice of `LOCALE_BY_VOICE`, with replacement; English gets random words."""
    generator = np.random.default_rng(seed)
    if LOCALE_BY_VOICE[voice] == "en":
        words = _english_words()
        return [" ".join(generator.choice(words, generator.integers(5, 13))) for _ in range(count)]
    pool = _messages(LOCALE_BY_VOICE[voice])
    lines = []
    for _ in range(count):
        line = ""
        while len(line) < MIN_CHARS:
            line = (line + " " + str(generator.choice(pool))).strip()
        lines.append(line[:MAX_CHARS])
    return lines


def _messages(locale: str) -> list[str]:
    """Translated phrases of one locale without placeholders and markup."""
    package = importlib.util.find_spec("django")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError("Django's translations are the sentences; install the project's dependencies")
    root = Path(next(iter(package.submodule_search_locations)))
    found: set[str] = set()
    for path in sorted(root.rglob(f"locale/{locale}/LC_MESSAGES/django.mo")):
        with path.open("rb") as file:
            catalog = gettext.GNUTranslations(file)._catalog  # the only way to list what a catalogue holds
        found.update(text for text in catalog.values() if isinstance(text, str))
    usable = [text for text in sorted(found) if len(text) > 3 and not re.search(r"[%{}<>_=/\\|@#\n]|\d{3}", text)]
    if len(usable) < 50:
        raise FileNotFoundError(f"too few phrases for {locale}")
    return usable


def _english_words() -> list[str]:
    path = Path(pocketsphinx.get_model_path("en-us")) / "cmudict-en-us.dict"
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split()[0] for line in lines if re.match(r"^[a-z]{2,9} ", line)]
