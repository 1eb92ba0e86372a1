"""How likely each English phone is at each moment: the en-us Gaussian models of pocketsphinx, evaluated softly.

A recogniser's single best path throws away most of what lips need. Here its phone models (42 phones of 3 states, each
state in all the contexts the model knows, a codebook of 128 Gaussians per phone and stream) score every frame, and the
forward-backward algorithm over a loop of all phones turns the scores into posteriors. Trained on real voices of many
people, they carry over to any recording and, since they are about sounds, tolerably to other languages. A state counts
as much as its best context does: on synthetic speech in five languages, in rooms and noise, the openness then expected
agrees with that of the true phonemes at r = 0.82 (0.74 with the models of phones without context).

References: Huggins-Daines et al., "PocketSphinx" (2006), semi-continuous "ptm" models; Rabiner (1989) for
forward-backward; Doblinger (1995) and Kim & Stern (PNCC, 2012) for the noise removal the models were trained with.
"""

import functools
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pocketsphinx
from scipy.fft import dct

from worker.engine.speech.phonemes import ipa_from_arpabet
from worker.engine.speech.visemes import REST, Shape, shapes_of
from worker.engine.speech.waveform import HOP_LENGTH, SPEECH_HZ

FOLLOWERS = Path(__file__).resolve().parent.parent / "models" / "phone_followers.npz"
FRAMES_PER_S = 100
WINDOW = 410  # samples, 25.6 ms
FRAME_CENTRE_S = WINDOW / 2 / SPEECH_HZ  # a frame's sound lies this long after its index says
FFT_SIZE, MEL_BANDS, MEL_RANGE_HZ, CEPSTRA, LIFTER = 512, 25, (130.0, 6800.0), 13, 22
PHONES, STATES, STREAMS, GAUSSIANS = 42, 3, 3, 128
PHONE_STATES = PHONES * STATES
TARGET_RMS = 0.08
# Frames are not independent: likelihoods count this much. Chosen by the same agreement on synthetic speech.
ACOUSTIC_SCALE = 0.1
INSTANT_SCALE = 0.5  # for the phones of a single moment, where no neighbour adds to the evidence
LEAST_LOG_DENSITY = -60.0  # below it single precision has nothing, and slow ways to say so
LEAST_DENSITY = 1e-12  # of a mixture against its best Gaussian: three streams multiplied stay within single precision
PHONOTACTIC_SCALE = 0.5  # other languages follow other rules than English words
CHUNK_FRAMES, OVERLAP_FRAMES = 2000, 100
SCORED_FRAMES = 200
BLOCK_SAMPLES = CHUNK_FRAMES * HOP_LENGTH
# pocketsphinx' noise removal
POWER_KEPT, ENVELOPE_UP, ENVELOPE_DOWN, MASK_DECAY, MASKED_TO, MAX_GAIN, GAIN_REACH = (
    0.7,
    0.995,
    0.5,
    0.85,
    0.2,
    20.0,
    4,
)


@dataclass(frozen=True)
class AcousticModel:
    """phones: names in the model's order. projection, offsets: all Gaussians' log densities as one linear map of
    [x², x]: (3, 26, 5376) and (3, 5376). weights: by phone, (3, 128, contexts of its three states, one after the
    other); contexts: by phone, how many each state has. transitions: (126, 126), rows sum to 1."""

    phones: tuple[str, ...]
    projection: np.ndarray
    offsets: np.ndarray
    weights: tuple[np.ndarray, ...]
    contexts: tuple[tuple[int, ...], ...]
    transitions: np.ndarray


@dataclass(frozen=True)
class HeardPhones:
    """What the model hears at each frame; frame t sounds at t / 100 s + `FRAME_CENTRE_S`.

    posteriors: (T, 126) float32 of phone states, with all that sounds before and after; rows sum to 1.
    instant: (T, 42) float32 of phones by the moment's own sound; rows sum to 1.
    """

    posteriors: np.ndarray
    instant: np.ndarray


@functools.lru_cache(maxsize=1)
def acoustic_model() -> AcousticModel:
    """Reads the model that pocketsphinx carries."""
    folder = Path(pocketsphinx.get_model_path("en-us"))
    means, variances = (_parameters(folder / "en-us" / name, 32, 209_664) for name in ("means", "variances"))
    shape = (PHONES, STREAMS, GAUSSIANS, CEPSTRA)
    means, precision = means.reshape(shape), 1.0 / np.maximum(variances.reshape(shape), 1e-4)
    constant = -0.5 * (means**2 * precision).sum(-1) - 0.5 * np.log(2 * np.pi / precision).sum(-1)
    linear = np.concatenate([-0.5 * precision, means * precision], axis=-1)  # on [x², x]
    phones = _phone_names(folder / "en-us" / "mdef")
    weights, contexts = _mixtures(folder / "en-us" / "sendump", _owners(folder / "en-us" / "mdef"))
    return AcousticModel(
        phones=phones,
        projection=linear.transpose(1, 3, 0, 2).reshape(STREAMS, 2 * CEPSTRA, -1).astype(np.float32),
        offsets=constant.transpose(1, 0, 2).reshape(STREAMS, -1).astype(np.float32),
        weights=weights,
        contexts=contexts,
        transitions=_transitions(folder, phones),
    )


def _parameters(path: Path, header_bytes: int, count: int) -> np.ndarray:
    data = path.read_bytes()
    start = data.index(b"endhdr\n") + 7 + header_bytes
    return np.frombuffer(data, "<f4", count, start)


def _owners(path: Path) -> np.ndarray:
    """(5126,) the phone state (of 126) that each tied state in context belongs to; from pocketsphinx' bin_mdef.h."""
    data = path.read_bytes()
    start = 12 + struct.unpack_from("<i", data, 8)[0]
    sizes = struct.unpack_from("<10i", data, start)
    triphones, emitting, tied, tree_nodes = sizes[1], sizes[2], sizes[4], sizes[8]
    names = start + 40
    at = names
    for _ in range(PHONES):
        at = data.index(b"\0", at) + 1
    at = names + (at - names + 3) // 4 * 4 + 8 * tree_nodes
    rows = np.frombuffer(
        data, [("sequence", "<i4"), ("matrix", "<i4"), ("word", "u1"), ("context", "u1", 3)], triphones, at
    )
    at += rows.nbytes
    count = struct.unpack_from("<i", data, at)[0]
    sequences = np.frombuffer(data, "<i2", count, at + 4).reshape(-1, emitting)
    base = np.where(np.arange(triphones) < PHONES, np.arange(triphones), rows["context"][:, 0])
    owners = np.zeros(tied, np.int64)
    for state in range(STATES):
        owners[sequences[rows["sequence"], state]] = STATES * base + state
    return owners


def _mixtures(path: Path, owners: np.ndarray) -> tuple[tuple[np.ndarray, ...], tuple[tuple[int, ...], ...]]:
    """Mixture weights by phone; they are stored as one byte each, in steps of -1024 · ln 1.0001."""
    data = path.read_bytes()
    at = 0
    while (length := struct.unpack_from("<i", data, at)[0]) != 0:
        at += 4 + length
    gaussians, senones = struct.unpack_from("<2i", data, at + 4)
    stored = np.frombuffer(data, np.uint8, STREAMS * gaussians * senones, at + 12).reshape(STREAMS, gaussians, senones)
    weights, contexts = [], []
    for phone in range(PHONES):
        own = [np.flatnonzero(owners == STATES * phone + state) for state in range(STATES)]
        chosen = stored[:, :, np.concatenate(own)].astype(np.float32)
        weights.append(np.exp(-1024 * np.log(1.0001) * chosen).astype(np.float32))
        contexts.append(tuple(len(members) for members in own))
    return tuple(weights), tuple(contexts)


def acoustic_phones() -> tuple[str, ...]:
    """The 42 phones of the installed model, in its order."""
    return _phone_names(Path(pocketsphinx.get_model_path("en-us")) / "en-us" / "mdef")


def _phone_names(path: Path) -> tuple[str, ...]:
    data = path.read_bytes()
    start = data.rindex(b"+NSN+", 0, data.index(b"\0SIL\0"))
    return tuple(name.decode() for name in data[start:].split(b"\0")[:PHONES])


def _transitions(folder: Path, phones: tuple[str, ...]) -> np.ndarray:
    """(126, 126): within a phone as trained; between phones as often as they follow (`train phonotactics`)."""
    inside = _parameters(folder / "en-us" / "transition_matrices", 20, PHONES * STATES * (STATES + 1))
    inside = inside.reshape(PHONES, STATES, STATES + 1)
    inside = inside / inside.sum(-1, keepdims=True)
    with np.load(FOLLOWERS) as stored:
        if tuple(stored["phones"]) != phones:
            raise RuntimeError(f"{FOLLOWERS.name} is about other phones than the installed acoustic model")
        follow = stored["followers"] ** PHONOTACTIC_SCALE
    follow /= follow.sum(1, keepdims=True)
    full = np.zeros((PHONE_STATES, PHONE_STATES))
    for phone in range(PHONES):
        for state in range(STATES):
            stay = inside[phone, state, state]
            row = STATES * phone + state
            full[row, row] = stay
            if state < STATES - 1:
                full[row, row + 1] = 1.0 - stay
            else:
                full[row, ::STATES] += (1.0 - stay) * follow[phone]
    return full.astype(np.float32)


@functools.lru_cache(maxsize=1)
def state_shapes() -> tuple[Shape, ...]:
    """The mouth shape of each of the 126 phone states; a diphthong turns between its second and third."""
    shapes: list[Shape] = []
    for name in acoustic_model().phones:
        symbol, _ = ipa_from_arpabet(name)
        own = shapes_of(symbol) if symbol else [REST]
        shapes += [own[0], own[0], own[-1]]
    return tuple(shapes)


def cepstra(samples: np.ndarray) -> np.ndarray:
    """(T, 13) cepstra of 16 kHz samples as pocketsphinx makes them, one frame every 10 ms; memory grows by these."""
    power = np.concatenate([*_mel_power(samples), np.zeros((0, MEL_BANDS))])
    if not len(power):
        return np.zeros((0, CEPSTRA), np.float32)
    coefficients = dct(np.log(np.maximum(_remove_noise(power), 1e-4)), type=2, norm="ortho", axis=1)[:, :CEPSTRA]
    return (coefficients * (1 + LIFTER / 2 * np.sin(np.pi * np.arange(CEPSTRA) / LIFTER))).astype(np.float32)


def _mel_power(samples: np.ndarray) -> Iterator[np.ndarray]:
    """(≤ 2000, 25) mel power of pre-emphasised sound at one level, piece by piece."""
    energy = sum(float(np.square(samples[a : a + BLOCK_SAMPLES]).sum()) for a in range(0, len(samples), BLOCK_SAMPLES))
    gain = np.float32(32768.0 * TARGET_RMS / max(np.sqrt(energy / max(len(samples), 1)), 1e-5))
    noise = np.random.default_rng(0)  # digital silence has no logarithm
    hamming, bank = np.hamming(WINDOW).astype(np.float32), _mel_bank()
    last, carried = np.float32(0.0), np.zeros(0, np.float32)
    for first in range(0, len(samples), BLOCK_SAMPLES):
        block = samples[first : first + BLOCK_SAMPLES]
        scaled = noise.standard_normal(len(block), np.float32) + gain * block
        emphasised = scaled - np.float32(0.97) * np.concatenate([[last], scaled[:-1]]).astype(np.float32)
        if first == 0:
            emphasised[0] = scaled[0]
        last = scaled[-1]
        ahead = np.concatenate([carried, emphasised])
        ends = first + BLOCK_SAMPLES >= len(samples)
        if ends:
            frames = -(-len(ahead) // HOP_LENGTH)
            ahead = np.pad(ahead, (0, WINDOW))
        else:
            frames = max(0, (len(ahead) - WINDOW) // HOP_LENGTH + 1)
        windows = np.lib.stride_tricks.sliding_window_view(ahead, WINDOW)[::HOP_LENGTH][:frames]
        if frames:
            yield np.abs(np.fft.rfft(windows * hamming, FFT_SIZE, axis=1)) ** 2 @ bank
        carried = ahead[frames * HOP_LENGTH :]


@functools.lru_cache(maxsize=1)
def _mel_bank() -> np.ndarray:
    """(257, 25) triangles of unit area with corners on FFT bins."""
    bin_hz = SPEECH_HZ / FFT_SIZE
    low, high = (2595 * np.log10(1 + edge / 700) for edge in MEL_RANGE_HZ)
    corners = 700 * (10 ** (np.linspace(low, high, MEL_BANDS + 2) / 2595) - 1)
    corners = np.round(corners / bin_hz) * bin_hz
    at = np.arange(FFT_SIZE // 2 + 1) * bin_hz
    left, centre, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    triangles = np.minimum((at - left) / (centre - left), (right - at) / (right - centre)).clip(0)
    return (triangles * 2 / (right - left)).T


def _remove_noise(power: np.ndarray) -> np.ndarray:
    """Spectral floor tracking and temporal masking, frame by frame over (T, 25) mel power."""
    cleaned = np.empty_like(power, dtype=np.float64)
    smooth, noise, floor = power[0].astype(np.float64), power[0] / MAX_GAIN, power[0] / MAX_GAIN
    peak = np.zeros(power.shape[1])
    low = np.maximum(np.arange(MEL_BANDS) - GAIN_REACH, 0)
    high = np.minimum(np.arange(MEL_BANDS) + GAIN_REACH + 1, MEL_BANDS)
    for index, frame in enumerate(power):
        smooth = POWER_KEPT * smooth + (1 - POWER_KEPT) * frame
        keep = np.where(smooth >= noise, ENVELOPE_UP, ENVELOPE_DOWN)
        noise = keep * noise + (1 - keep) * smooth
        voice = np.maximum(smooth - noise, 1.0)
        keep = np.where(voice >= floor, ENVELOPE_UP, ENVELOPE_DOWN)
        floor = keep * floor + (1 - keep) * voice
        peak = peak * MASK_DECAY
        masked = np.where(voice < MASK_DECAY * peak, peak * MASKED_TO, voice)
        peak = np.maximum(peak, voice)
        gain = np.clip(np.maximum(masked, floor) / np.maximum(smooth, 1e-9), 1 / MAX_GAIN, MAX_GAIN)
        total = np.concatenate([[0.0], np.cumsum(gain)])
        cleaned[index] = frame * (total[high] - total[low]) / (high - low)
    return cleaned


def hear_phones(samples: np.ndarray, spoken: np.ndarray | None = None) -> HeardPhones:
    """What is heard in (N,) 16 kHz mono samples, in chunks: memory grows by the result alone.

    Args:
        spoken: (T',) bool every 10 ms, where somebody speaks: the channel's average is taken there.
    """
    features = hearing_features(samples, spoken)
    posteriors = np.empty((len(features), PHONE_STATES), np.float32)
    instant = np.empty((len(features), PHONES), np.float32)
    for first in range(0, len(features), CHUNK_FRAMES):
        start, stop = max(0, first - OVERLAP_FRAMES), min(len(features), first + CHUNK_FRAMES + OVERLAP_FRAMES)
        inside = slice(first - start, min(first + CHUNK_FRAMES, len(features)) - start)
        heard = hear(features[start:stop])
        posteriors[first : first + CHUNK_FRAMES] = heard.posteriors[inside]
        instant[first : first + CHUNK_FRAMES] = heard.instant[inside]
    return HeardPhones(posteriors, instant)


def hearing_features(samples: np.ndarray, spoken: np.ndarray | None = None) -> np.ndarray:
    """(T, 3, 13) float32 every 10 ms: what the models score, the channel's average removed; see `hear_phones`."""
    coefficients = cepstra(samples)
    if not len(coefficients):
        return np.zeros((0, STREAMS, CEPSTRA), np.float32)
    used = np.ones(len(coefficients), bool)
    if spoken is not None and spoken[: len(used)].sum() > FRAMES_PER_S // 2:
        used[:] = False
        used[: len(spoken)] = spoken[: len(used)]
    return _with_differences(coefficients - coefficients[used].mean(0))


def hear(features: np.ndarray) -> HeardPhones:
    """What is heard in a stretch of `hearing_features`; its first and last second know too little of what is around."""
    if not len(features):
        return HeardPhones(np.zeros((0, PHONE_STATES), np.float32), np.zeros((0, PHONES), np.float32))
    scores = _scores(features)
    return HeardPhones(_forward_backward(scores), _instant(scores))


def phone_posteriors(samples: np.ndarray, spoken: np.ndarray | None = None) -> np.ndarray:
    """(T, 126) float32: the posteriors of `hear_phones` alone."""
    return hear_phones(samples, spoken).posteriors


def _instant(scores: np.ndarray) -> np.ndarray:
    best = INSTANT_SCALE * scores.reshape(len(scores), PHONES, STATES).max(-1)
    shares = np.exp(best - best.max(1, keepdims=True))
    return shares / shares.sum(1, keepdims=True)


def _with_differences(coefficients: np.ndarray) -> np.ndarray:
    """(T, 3, 13): cepstra, slope over ±2 frames, and the slope's change."""
    padded = np.pad(coefficients, ((3, 3), (0, 0)), mode="edge")
    slope = padded[5:-1] - padded[1:-5]
    bend = (padded[6:] - padded[2:-4]) - (padded[4:-2] - padded[:-6])
    return np.stack([coefficients, slope, bend], axis=1).astype(np.float32)


def _scores(features: np.ndarray) -> np.ndarray:
    """(T, 126) log likelihoods of each state's best context."""
    model = acoustic_model()
    edges = [np.concatenate([[0], np.cumsum(contexts)[:-1]]) for contexts in model.contexts]
    scores = np.empty((len(features), PHONE_STATES), np.float32)
    for first in range(0, len(features), SCORED_FRAMES):
        block = features[first : first + SCORED_FRAMES].transpose(1, 0, 2)
        density = np.concatenate([block**2, block], axis=2) @ model.projection
        density = (density + model.offsets[:, None]).reshape(STREAMS, -1, PHONES, GAUSSIANS)
        highest = density.max(-1, keepdims=True)
        np.exp(np.maximum(density - highest, LEAST_LOG_DENSITY), out=density)
        likeliest = highest[..., 0].sum(0)
        for phone, weights in enumerate(model.weights):
            mixed = np.maximum(density[:, :, phone] @ weights, LEAST_DENSITY).prod(0)  # (T, contexts)
            best = np.log(np.maximum.reduceat(mixed, edges[phone], axis=1)) + likeliest[:, phone, None]
            scores[first : first + len(best), STATES * phone : STATES * (phone + 1)] = best
    return scores


def _forward_backward(scores: np.ndarray) -> np.ndarray:
    """(T, 126) log likelihoods → posteriors."""
    transitions = acoustic_model().transitions
    scaled = ACOUSTIC_SCALE * scores
    likelihood = np.exp(scaled - scaled.max(1, keepdims=True))
    forward = np.empty_like(likelihood)
    state = np.full(PHONE_STATES, 1 / PHONE_STATES, np.float32)
    for index, frame in enumerate(likelihood):
        state = (state @ transitions if index else state) * frame
        state /= state.sum() + 1e-30
        forward[index] = state
    backwards = np.ascontiguousarray(transitions.T)
    state = np.ones(PHONE_STATES, np.float32)
    for index in range(len(likelihood) - 1, -1, -1):
        forward[index] *= state
        state = (state * likelihood[index]) @ backwards
        state /= state.sum() + 1e-30
    return forward / (forward.sum(1, keepdims=True) + 1e-30)
