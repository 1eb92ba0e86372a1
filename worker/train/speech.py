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
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from worker.engine.models.mouth_network import ARTICULATION_OUTPUTS, PHONE_FEATURES, VISEME_OUTPUTS
from worker.train.network import TrainedMouthNetwork

MODELS = Path(__file__).resolve().parent.parent / "engine" / "models"
SHARDS, PER_VOICE = 4, 4
FIT_SEED = 1  # added to --seed
CROP_FRAMES, BATCH = 160, 16  # 3.2 s at 50 features a second
OPENNESS_WEIGHT = 3.0
MEL_DROPOUT, PHONES_DROPOUT = 0.25, 0.1  # of the crops: the network must live with either alone
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
    parser.add_argument("--steps", type=int, default=6000)
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


def load_shards(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """features (F, 109), targets (F, 24), starts (U + 1,) of all shards, one after the other."""
    features, targets, starts = [], [], [np.zeros(1, np.int64)]
    for path in sorted(folder.glob("shard-*.npz")):
        with np.load(path) as shard:
            features.append(shard["features"])
            targets.append(shard["targets"])
            starts.append(shard["starts"][1:] + starts[-1][-1])
    if not features:
        raise FileNotFoundError(f"no shards in {folder}: run the prepare part first")
    return np.concatenate(features), np.concatenate(targets), np.concatenate(starts)


def batches(
    features: np.ndarray, targets: np.ndarray, starts: np.ndarray, generator: np.random.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Endless (B, 109, 160) features and (B, 24, 160) targets: crops of utterances glued end to end."""
    usable = starts[starts < len(features) - CROP_FRAMES]
    while True:
        chosen = generator.choice(usable, BATCH)
        offsets = generator.integers(0, CROP_FRAMES // 2, BATCH)
        rows = [slice(a, a + CROP_FRAMES) for a in np.minimum(chosen + offsets, len(features) - CROP_FRAMES)]
        x = np.stack([features[row] for row in rows]).astype(np.float32)
        y = np.stack([targets[row] for row in rows]).astype(np.float32)
        x += generator.normal(0, 0.05, x.shape).astype(np.float32)
        x[generator.random(BATCH) < MEL_DROPOUT, :, PHONE_FEATURES:-1] = 0.0
        x[generator.random(BATCH) < PHONES_DROPOUT, :, :PHONE_FEATURES] = 0.0
        yield torch.from_numpy(x).transpose(1, 2), torch.from_numpy(y).transpose(1, 2)


def loss_of(network: TrainedMouthNetwork, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Squared error of articulation (openness counts threefold, and its slope too), cross-entropies of the rest."""
    articulation, visemes, speech = network(x)
    wanted = y[:, :ARTICULATION_OUTPUTS]
    weight = torch.ones(1, ARTICULATION_OUTPUTS, 1)
    weight[0, 0] = OPENNESS_WEIGHT
    error = (weight * (articulation - wanted) ** 2).mean()
    slope = (articulation[:, 0].diff(dim=1) - wanted[:, 0].diff(dim=1)).pow(2).mean()
    shares = y[:, ARTICULATION_OUTPUTS : ARTICULATION_OUTPUTS + VISEME_OUTPUTS]
    cross = -(shares * visemes.log_softmax(1)).sum(1).mean()
    speaking = functional.binary_cross_entropy_with_logits(speech[:, 0], y[:, -1])
    return 10 * error + 10 * slope + 0.2 * cross + 0.1 * speaking


def _fit(options: argparse.Namespace) -> None:
    torch.manual_seed(options.seed + FIT_SEED)
    features, targets, starts = load_shards(options.work)
    cut = int(len(features) * 0.95)
    generator = np.random.default_rng(options.seed + FIT_SEED)
    feed = batches(features[:cut], targets[:cut], starts[starts < cut], generator)
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
    held_out = _openness_r(network, features[cut:], targets[cut:])
    for step in range(first, options.steps):
        network.train()
        x, y = next(feed)
        loss = loss_of(network, x, y)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        out_of_time = time.monotonic() - started > 60 * options.minutes
        if (step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == options.steps or out_of_time:
            held_out = _openness_r(network, features[cut:], targets[cut:])
            taken_s = time.monotonic() - started
            _say(f"step {step + 1}: loss {loss.item():.4f}, held-out r {held_out:.3f}, {taken_s:.0f} s")
            state = {"network": network.state_dict(), "optimiser": optimiser.state_dict()}
            torch.save(state | {"schedule": schedule.state_dict(), "step": step + 1}, checkpoint)
            if out_of_time:
                break
    _ship(network, options, {"seconds": len(features) / 50, "held_out_openness_r": round(held_out, 3)})


def _openness_r(network: TrainedMouthNetwork, features: np.ndarray, targets: np.ndarray) -> float:
    network.eval()
    with torch.inference_mode():
        predicted = network(torch.from_numpy(features.astype(np.float32)).T[None])[0][0, 0].numpy()
    return float(np.corrcoef(predicted, targets[:, 0].astype(np.float32))[0, 1])


def _ship(network: TrainedMouthNetwork, options: argparse.Namespace, facts: dict[str, float]) -> None:
    """Half-precision weights and the facts of how they were made; the digest ties the two together."""
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "mouth_network.npz"
    np.savez(path, **network.stored())
    card = {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "parameters": sum(value.numel() for value in network.parameters()),
        "command": "python -m worker train speech",
        "training_speech_s": facts["seconds"],
        "held_out_openness_r": facts["held_out_openness_r"],
    }
    (options.out / "mouth_network.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    _say(f"wrote {path.name}: {path.stat().st_size / 1e6:.2f} MB")
