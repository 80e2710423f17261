# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The first example of the README: a PyTorch net of one's own trains on the simulated chip."""

import arsis
import numpy as np
import torch
from torch import nn


def example(images: np.ndarray, labels: np.ndarray) -> tuple[list[float], arsis.Report]:
    """The loss of each of ten steps on one batch of 32 images of 1x28x28, and the report of the last."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 8, 5, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 12 * 12, 10))
    model = arsis.from_torch(net, torch.zeros(2, 1, 28, 28))
    program = arsis.compile(model, "edge", batch=32, train=True, optimizer="sgd,lr=0.02,momentum=0.9")
    session = arsis.Session(program, "edge")
    session.write("input", images)  # float32, as PyTorch has them: N, C, H, W
    session.write("labels", labels)
    losses = []
    for _ in range(10):
        report = session.run()
        losses.append(float(session.read("loss")))
    trained = session.read("0.weight")  # under the name that PyTorch gives it
    assert trained.shape == (8, 1, 5, 5)
    return losses, report
