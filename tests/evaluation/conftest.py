import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def make_predictions():
    """A predictions table of ``n`` films whose probabilities tell the classes apart by ``shift`` in logits."""

    def make(n=300, classes=("NORMAL", "PNEUMONIA"), seed=0, shift=1.2, decimals=None, patients=None):
        random = np.random.default_rng(seed)
        k = len(classes)
        truth = random.integers(0, k, n)
        logits = random.normal(size=(n, k))
        logits[np.arange(n), truth] += shift
        p = np.exp(logits)
        p /= p.sum(axis=1, keepdims=True)
        if decimals is not None:
            p = np.round(p, decimals)
            p[:, 0] = 1 - p[:, 1:].sum(axis=1)
            p = np.clip(p, 0, 1)
        table = pd.DataFrame({f"p_{name}": p[:, index] for index, name in enumerate(classes)})
        table["truth"] = np.array(classes)[truth]
        table["label"] = np.array(classes)[p.argmax(axis=1)]
        if patients:
            table["patient"] = random.integers(0, patients, n).astype(str)
        return table

    return make
