"""A small neural network in NumPy that learns to read the UCI handwritten digits.

Prints a progress bar and the loss of every epoch; writes `weights.npz`, `metrics.csv` and
`loss.png` to $ERA_OUTPUT_DIR. Data: E. Alpaydin and C. Kaynak, "Optical Recognition of
Handwritten Digits", UCI Machine Learning Repository (CC BY 4.0), the copy inside scikit-learn.
"""

import argparse
import csv
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

matplotlib.use("Agg")
import matplotlib.pyplot as plt

Array = NDArray[np.float64]
BAR = 30


class Network(NamedTuple):
    """Two layers: 64 pixels → hidden units (ReLU) → 10 digits (softmax)."""

    w1: Array
    b1: Array
    w2: Array
    b2: Array


class Epoch(NamedTuple):
    number: int
    loss: float
    accuracy: float
    seconds: float


def new_network(rng: np.random.Generator, hidden: int) -> Network:
    """He's initial weights for the first layer, small ones for the second."""
    return Network(
        rng.normal(0, np.sqrt(2 / 64), (64, hidden)),
        np.zeros(hidden),
        rng.normal(0, np.sqrt(1 / hidden), (hidden, 10)),
        np.zeros(10),
    )


def forward(net: Network, x: Array) -> tuple[Array, Array]:
    """The hidden layer's output and each digit's probability, for rows of pixels."""
    h = np.maximum(x @ net.w1 + net.b1, 0)
    scores = h @ net.w2 + net.b2
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return h, powers / powers.sum(axis=1, keepdims=True)


def step(net: Network, x: Array, y: NDArray[np.int64], rate: float) -> float:
    """One step of gradient descent on a batch, in place; gives the mean cross-entropy before it."""
    h, p = forward(net, x)
    rows = np.arange(len(y))
    loss = float(-np.log(p[rows, y] + 1e-12).mean())
    d_scores = p
    d_scores[rows, y] -= 1
    d_scores /= len(y)
    d_h = (d_scores @ net.w2.T) * (h > 0)
    gradients = (x.T @ d_h, d_h.sum(axis=0), h.T @ d_scores, d_scores.sum(axis=0))
    for parameter, gradient in zip(net, gradients, strict=True):
        parameter -= rate * gradient
    return loss


def accuracy(net: Network, x: Array, y: NDArray[np.int64]) -> float:
    return float((forward(net, x)[1].argmax(axis=1) == y).mean())


def draw_bar(epoch: int, epochs: int, done: int, total: int, loss: float) -> None:
    filled = BAR * done // total
    bar = "█" * filled + "·" * (BAR - filled)
    sys.stdout.write(f"\repoch {epoch:3d}/{epochs} {bar} {done:4d}/{total} loss {loss:.4f}")
    sys.stdout.flush()


def train(net: Network, data: tuple[Array, Array, NDArray, NDArray], args: argparse.Namespace) -> list[Epoch]:
    """Trains in place; prints a progress bar while an epoch runs and a line when it has ended."""
    x_train, x_test, y_train, y_test = data
    rng = np.random.default_rng(args.seed)
    history = []
    for number in range(1, args.epochs + 1):
        began, losses = time.monotonic(), []
        order = rng.permutation(len(x_train))
        for start in range(0, len(order), args.batch):
            batch = order[start : start + args.batch]
            losses.append(step(net, x_train[batch], y_train[batch], args.rate))
            draw_bar(number, args.epochs, min(start + args.batch, len(order)), len(order), losses[-1])
            time.sleep(args.pause)
        epoch = Epoch(number, float(np.mean(losses)), accuracy(net, x_test, y_test), time.monotonic() - began)
        history.append(epoch)
        print(f"\repoch {number:3d}/{args.epochs} loss {epoch.loss:.4f} accuracy {epoch.accuracy:.4f}".ljust(78))
    return history


def write_results(folder: Path, net: Network, history: list[Epoch]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "weights.npz", **net._asdict())
    with (folder / "metrics.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Epoch._fields)
        writer.writerows((e.number, f"{e.loss:.6f}", f"{e.accuracy:.6f}", f"{e.seconds:.3f}") for e in history)
    figure, left = plt.subplots(figsize=(7, 4), dpi=120, layout="constrained")
    left.plot([e.number for e in history], [e.loss for e in history], color="#0b7285", label="loss")
    left.set(xlabel="epoch", ylabel="loss", title="UCI handwritten digits")
    right = left.twinx()
    right.plot([e.number for e in history], [e.accuracy for e in history], color="#e8590c", label="accuracy")
    right.set(ylabel="accuracy", ylim=(0, 1))
    figure.legend(loc="center right", bbox_to_anchor=(0.88, 0.5))
    figure.savefig(folder / "loss.png")


def split(seed: int) -> tuple[Array, Array, NDArray, NDArray]:
    """1,797 pictures of 8 × 8 pixels, scaled to 0..1; a quarter is kept for the test."""
    digits = load_digits()
    x, y = digits.data / 16.0, digits.target
    order = np.random.default_rng(seed).permutation(len(x))
    test, training = order[: len(x) // 4], order[len(x) // 4 :]
    return x[training], x[test], y[training], y[test]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--pause", type=float, default=0.002, help="seconds between batches, to watch it learn")
    return parser.parse_args()


def main() -> int:
    args = parse_arguments()
    folder = Path(os.environ.get("ERA_OUTPUT_DIR", "output"))
    net = new_network(np.random.default_rng(args.seed), args.hidden)
    history = train(net, split(args.seed), args)
    write_results(folder, net, history)
    print(f"accuracy {history[-1].accuracy:.4f}; results are in {folder}")
    return 0 if history[-1].accuracy >= 0.95 else 1


if __name__ == "__main__":
    sys.exit(main())
