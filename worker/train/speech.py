"""`python -m worker train speech`: synthetic speech → mouth network → its fusion with the phones.

prepare   write the corpus, shard by shard (resumes: shards that exist are kept)
fit       train the network on prepared shards; needs NumPy and torch alone (resumes from its checkpoint)
fuse      fit the fusion weights on tracked GRID clips (the only real lips that may shape what is shipped)
all       the three in order
"""

import argparse
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from worker.engine.models.mouth_network import ARTICULATION_OUTPUTS, ENCODER_FEATURES
from worker.train.network import TrainedMouthNetwork

MODELS = Path(__file__).resolve().parent.parent / "engine" / "models"
SHARDS, PER_VOICE = 4, 4
FIT_SEED = 1  # added to --seed
CROP_FRAMES, BATCH = 160, 16  # 3.2 s at 50 features a second
OPENNESS_WEIGHT = 3.0
BANDS_DROPOUT = 0.25  # of the crops: the network must live with the encoder alone
STATES_DROPOUT = 0.1  # of the encoder's states, each through a whole crop
FEATURE_NOISE = 0.1
LEARNING_RATE = 3e-3
CHECKPOINT_EVERY = 100


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="train speech", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("part", choices=("prepare", "fit", "fuse", "all"), nargs="?", default="all")
    parser.add_argument("--work", type=Path, default=Path("var/train/speech"), help="corpus, checkpoint, tracked clips")
    parser.add_argument("--media", type=Path, default=Path("../shared/media"), help="folder with the GRID clips (fuse)")
    parser.add_argument("--out", type=Path, default=MODELS, help="where the weights go")
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--minutes", type=float, default=45.0, help="fit stops here even when steps are left")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    if options.part in ("prepare", "all"):
        _prepare(options)
    if options.part in ("fit", "all"):
        _fit(options)
    if options.part in ("fuse", "all"):
        from worker.train.speech_fusion import fit_fusion

        fit_fusion(options.media, options.work / "tracks", options.out, log=_say)
    return 0


def _say(line: str) -> None:
    import sys

    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _prepare(options: argparse.Namespace) -> None:
    from worker.train.speech_corpus import build_corpus

    for shard in range(SHARDS):
        path = options.work / f"shard-{shard:02d}.npz"
        if not path.is_file():
            _say(f"shard {shard}: {build_corpus(path, PER_VOICE, seed=options.seed + 1000 * shard)}")


@dataclass(frozen=True)
class Corpus:
    """features (F, 313), targets (F, 23), phones (F,), utterance starts (U + 1,) of all shards, one after the other."""

    features: np.ndarray
    targets: np.ndarray
    phones: np.ndarray
    starts: np.ndarray

    def part(self, first: int, last: int) -> "Corpus":
        inside = self.starts[(self.starts >= first) & (self.starts < last)] - first
        return Corpus(self.features[first:last], self.targets[first:last], self.phones[first:last], inside)


def load_shards(folder: Path) -> Corpus:
    found: dict[str, list[np.ndarray]] = {"features": [], "targets": [], "phones": [], "starts": []}
    total = 0
    for path in sorted(folder.glob("shard-*.npz")):
        with np.load(path) as shard:
            for name, parts in found.items():
                parts.append(shard[name] + total if name == "starts" else shard[name])
            total += len(shard["features"])
    if not total:
        raise FileNotFoundError(f"no shards in {folder}: run the prepare part first")
    return Corpus(**{name: np.concatenate(parts) for name, parts in found.items()})


Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def batches(corpus: Corpus, generator: np.random.Generator) -> Iterator[Batch]:
    """Endless (B, 313, 160) features, (B, 23, 160) targets, (B, 160) phones: crops of utterances glued end to end."""
    last = len(corpus.features) - CROP_FRAMES
    usable = corpus.starts[corpus.starts < last]
    while True:
        chosen = generator.choice(usable, BATCH)
        offsets = generator.integers(0, CROP_FRAMES // 2, BATCH)
        rows = [slice(a, a + CROP_FRAMES) for a in np.minimum(chosen + offsets, last)]
        x = np.stack([corpus.features[row] for row in rows]).astype(np.float32)
        y = np.stack([corpus.targets[row] for row in rows]).astype(np.float32)
        phones = np.stack([corpus.phones[row] for row in rows]).astype(np.int64)
        x += generator.normal(0, FEATURE_NOISE, x.shape).astype(np.float32)
        x[generator.random(BATCH) < BANDS_DROPOUT, :, ENCODER_FEATURES:-1] = 0.0
        x[:, :, :ENCODER_FEATURES] *= generator.random((BATCH, 1, ENCODER_FEATURES)) > STATES_DROPOUT
        yield torch.from_numpy(x).transpose(1, 2), torch.from_numpy(y).transpose(1, 2), torch.from_numpy(phones)


def loss_of(network: TrainedMouthNetwork, x: torch.Tensor, y: torch.Tensor, phones: torch.Tensor) -> torch.Tensor:
    """Squared error of articulation (openness counts threefold, and its slope too), cross-entropies of the rest."""
    articulation, visemes, heard = network(x)
    wanted = y[:, :ARTICULATION_OUTPUTS]
    weight = torch.ones(1, ARTICULATION_OUTPUTS, 1)
    weight[0, 0] = OPENNESS_WEIGHT
    error = (weight * (articulation - wanted) ** 2).mean()
    slope = (articulation[:, 0].diff(dim=1) - wanted[:, 0].diff(dim=1)).pow(2).mean()
    cross = -(y[:, ARTICULATION_OUTPUTS:] * visemes.log_softmax(1)).sum(1).mean()
    return 10 * error + 10 * slope + 0.2 * cross + 0.2 * functional.cross_entropy(heard, phones)


def _fit(options: argparse.Namespace) -> None:
    torch.manual_seed(options.seed + FIT_SEED)
    corpus = load_shards(options.work)
    cut = int(len(corpus.features) * 0.95)
    held_out = corpus.part(cut, len(corpus.features))
    feed = batches(corpus.part(0, cut), np.random.default_rng(options.seed + FIT_SEED))
    network = TrainedMouthNetwork()
    optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=options.steps + 1)
    checkpoint, first = options.work / "checkpoint.pt", 0
    if checkpoint.is_file():
        stored = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(stored["network"])
        optimiser.load_state_dict(stored["optimiser"])
        schedule.load_state_dict(stored["schedule"])
        first = stored["step"]
    started = time.monotonic()
    facts = _held_out_facts(network, held_out)
    for step in range(first, options.steps):
        network.train()
        loss = loss_of(network, *next(feed))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        out_of_time = time.monotonic() - started > 60 * options.minutes
        if (step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == options.steps or out_of_time:
            facts = _held_out_facts(network, held_out)
            taken_s = time.monotonic() - started
            _say(f"step {step + 1}: loss {loss.item():.4f}, held-out {facts}, {taken_s:.0f} s")
            state = {"network": network.state_dict(), "optimiser": optimiser.state_dict()}
            torch.save(state | {"schedule": schedule.state_dict(), "step": step + 1}, checkpoint)
            if out_of_time:
                break
    _ship(network, options, {"training_speech_s": len(corpus.features) / 50} | facts)


def _held_out_facts(network: TrainedMouthNetwork, corpus: Corpus) -> dict[str, float]:
    """How well openness agrees (Pearson's r) and how many frames' phones are right, on speech it did not learn from."""
    network.eval()
    with torch.inference_mode():
        articulation, _, phones = network(torch.from_numpy(corpus.features.astype(np.float32)).T[None])
    openness_r = np.corrcoef(articulation[0, 0].numpy(), corpus.targets[:, 0].astype(np.float32))[0, 1]
    right = (phones[0].argmax(0).numpy() == corpus.phones).mean()
    return {"held_out_openness_r": round(float(openness_r), 3), "held_out_phones_right": round(float(right), 3)}


def _ship(network: TrainedMouthNetwork, options: argparse.Namespace, facts: dict[str, float]) -> None:
    """Half-precision weights and the facts of how they were made; the digest ties the two together."""
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "mouth_network.npz"
    np.savez(path, **network.stored())
    card = {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "parameters": sum(value.numel() for value in network.parameters()),
        "command": "python -m worker train speech",
    } | facts
    (options.out / "mouth_network.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    _say(f"wrote {path.name}: {path.stat().st_size / 1e6:.2f} MB")
