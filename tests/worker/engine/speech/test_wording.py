"""A script's words propose an emotion where they say one outright, and nothing where they do not."""

import pytest

from worker.engine.contracts import Emotion, Script
from worker.engine.speech.emotion import PROPOSED
from worker.engine.speech.emotive_words import EMOTIVE_SIGNS, EMOTIVE_WORDS
from worker.engine.speech.wording import STEPS, language_of, propose_from_words

CALM, HAPPY, SAD, ANGRY, SURPRISED = PROPOSED
FELT = (
    ("en-us", "I am so happy to see you all. Congratulations on the new house!", HAPPY),
    ("en", "She passed away last night, and I have not stopped crying.", SAD),
    ("de", "Ich bin wirklich wütend. Das ist unverschämt!", ANGRY),
    ("fr", "Quelle tristesse. Elle avait des larmes aux yeux.", SAD),
    ("es-419", "¡Qué alegría! Estamos felices de estar aquí.", HAPPY),
    ("it", "Che sorpresa, è incredibile!", SURPRISED),
    ("pt-br", "Respire fundo e relaxe. Tudo está tranquilo.", CALM),
    ("nl", "Dit is schandalig. Ik ben woedend.", ANGRY),
    ("sv", "Grattis! Vi är så glada.", HAPPY),
    ("pl", "Jest mi smutno, nie mogę powstrzymać, łzy płyną.", SAD),
    ("cs", "To je překvapení, neuvěřitelné!", SURPRISED),
    ("ru", "Я так рада! Поздравляю вас всех.", HAPPY),
    ("uk", "Це обурливо, ми сердиті.", ANGRY),
    ("tr", "Çok ÜZGÜNÜM, bütün gece ağladım.", SAD),
    ("fi", "Olen niin iloinen, onnea!", HAPPY),
    ("el", "Είμαι πολύ χαρούμενη. Συγχαρητήρια!", HAPPY),
    ("ar", "أنا حزين جدا والدموع في عيني.", SAD),
    ("hi", "मुझे बहुत गुस्सा आ रहा है।", ANGRY),
    ("cmn", "太好了，我们都很高兴！", HAPPY),
    ("ja", "とても かなしい。なみだが とまらない。", SAD),
    ("ko", "정말 깜짝 놀랐어요! 믿을 수 없어요.", SURPRISED),
)
NOT_FELT = (
    ("en-us", "I am not happy about it."),
    ("de", "Wir sind nicht traurig darüber."),
    ("fr", "Je ne suis pas vraiment heureux."),
    ("es", "No estoy triste."),
    ("tr", "Mutlu değilim."),
    ("ru", "Я не очень рада."),
    ("cmn", "我不高兴。"),
    ("ja", "うれしくない。"),
    ("fi", "En ole iloinen."),
)


@pytest.mark.parametrize(("voice", "text", "emotion"), FELT, ids=[f"{voice}-{felt}" for voice, _, felt in FELT])
def test_what_is_said_to_be_felt_is_proposed(voice, text, emotion):
    proposal = propose_from_words(Script(text, voice))
    assert proposal is not None
    assert proposal.emotion is emotion
    assert proposal.scores[emotion] == max(proposal.scores.values())
    assert sum(proposal.scores.values()) == pytest.approx(1)
    assert proposal.intensity in STEPS
    assert proposal.as_json()["source"] == "words"


@pytest.mark.parametrize(("voice", "text"), NOT_FELT, ids=[voice for voice, _ in NOT_FELT])
def test_a_feeling_that_is_denied_is_not_proposed(voice, text):
    assert propose_from_words(Script(text, voice)) is None


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("The parcel is here 🎉🎉🎉", HAPPY),
        ("The shop has closed 😢", SAD),
        ("They lost it again 😡", ANGRY),
        ("You did what?!", SURPRISED),
        ("See you on Monday :-)", HAPPY),
    ],
)
def test_emoji_and_marks_say_it_in_every_language(text, emotion):
    for voice in ("en-us", "sw:f", "piper:xx_XX-nobody-low"):
        proposal = propose_from_words(Script(text, voice))
        assert proposal is not None and proposal.emotion is emotion


@pytest.mark.parametrize(
    "text",
    [
        "Our office is open from nine to five. Please bring your passport.",
        "Hello! Welcome! Come in!",  # exclamation alone may be joy as well as anger
        "Is it far?",
        "The ratio a:Data is in http://x.org/:D2.",
        "Press <say-as interpret-as='happy'>one</say-as> for sales.",
        "Mr. Sadler calmed; hateful and happystance are no words of ours, nor Gladys.",
        "",
        "🙂🙁",  # two things at once
    ],
)
def test_ordinary_words_propose_nothing(text):
    assert propose_from_words(Script(text, "en-us")) is None or "calmed" in text
    if "calmed" in text:
        assert propose_from_words(Script(text.replace("calmed", "called"), "en-us")) is None


def test_one_word_in_a_long_text_is_not_its_mood_and_one_plain_sentence_more_changes_nothing():
    plain = "The train leaves at noon. "
    felt = "We are so happy today. "
    assert propose_from_words(Script(plain * 30 + felt, "en-us")) is None
    before, after = (propose_from_words(Script(felt * 6 + plain * count, "en-us")) for count in (4, 5))
    assert (before.emotion, before.intensity) == (after.emotion, after.intensity)
    weak, strong = (propose_from_words(Script(felt + plain * count, "en-us")) for count in (5, 0))
    assert weak.intensity < strong.intensity == STEPS[-1]


def test_any_text_is_read_in_little_time():
    for text in (
        "happy " * 60_000,
        "😀" * 200_000,
        "not " * 100_000,
        "<" * 300_000,
        "?" * 300_000 + "!",
        "a'" * 150_000,
    ):
        propose_from_words(Script(text, "en-us"))


def test_each_language_has_words_for_each_emotion_and_none_for_two():
    assert len(EMOTIVE_WORDS) >= 20
    for listed in (*EMOTIVE_WORDS.values(), EMOTIVE_SIGNS):
        assert set(listed) == set(PROPOSED)
        words = [word for emotion in PROPOSED for word in listed[emotion].split()]
        assert len(words) == len(set(words)) and min(len(listed[emotion].split()) for emotion in PROPOSED) >= 4
        for language in EMOTIVE_WORDS:
            if listed is EMOTIVE_WORDS[language]:
                for emotion in PROPOSED:
                    word = listed[emotion].split()[0].rstrip("*").replace("_", " ")
                    assert propose_from_words(Script(word, language)).emotion is emotion


@pytest.mark.parametrize(
    ("voice", "language"),
    [
        ("en-us:f", "en"),
        ("cmn:f", "zh"),
        ("yue", "zh"),
        ("piper:de_DE-eva_k-x_low", "de"),
        ("no", "nb"),
        ("es-419", "es"),
    ],
)
def test_a_voice_says_which_words_to_look_for(voice, language):
    assert language_of(voice) == language


def test_auto_is_not_proposed():
    assert Emotion.AUTO not in PROPOSED and Emotion.NEUTRAL not in PROPOSED
