"""How often do the 95 % intervals of ``evaluate`` hold the true value?

Films are drawn from a model whose true scores are known: a healthy film's score is normal, a sick one's is shifted, and
a film is called sick from the middle between the two on. In the clustered design each patient has 1 to 4 films, whose
scores correlate. Every draw is scored as a user's predictions are; counted is how often the interval holds the truth.
The count itself is a sample: of 1,000 draws, 95 % comes out between 93.6 and 96.4 nineteen times in twenty.
"""

import argparse
import time

import numpy as np
import pandas as pd
from scipy import stats

from keras_cxr.evaluation.scores import score

CLASSES = ["NORMAL", "PNEUMONIA"]
SHIFT, WITHIN_PATIENT = 1.5, 0.5
FILMS_OF_A_PATIENT = (1, 2, 3, 4)
TRUTH = {
    "AUROC": stats.norm.cdf(SHIFT / np.sqrt(2)),
    "sensitivity": stats.norm.cdf(SHIFT / 2),
    "specificity": stats.norm.cdf(SHIFT / 2),
    "accuracy": stats.norm.cdf(SHIFT / 2),
    "balanced accuracy": stats.norm.cdf(SHIFT / 2),
}


def draw_predictions(random: np.random.Generator, patients: int, clustered: bool) -> pd.DataFrame:
    """A predictions table of patients, half of them sick, with one film each or with several."""
    counts = random.choice(FILMS_OF_A_PATIENT, patients) if clustered else np.ones(patients, int)
    patient = np.repeat(np.arange(patients), counts)
    sick = patient % 2
    shared = random.normal(size=patients)[patient] * np.sqrt(WITHIN_PATIENT if clustered else 0)
    own = random.normal(size=len(patient)) * np.sqrt(1 - (WITHIN_PATIENT if clustered else 0))
    p = 1 / (1 + np.exp(-(SHIFT * sick + shared + own - SHIFT / 2)))
    label = np.array(CLASSES)[(p >= 0.5).astype(int)]
    table = {"patient": patient, "truth": np.array(CLASSES)[sick], "label": label}
    return pd.DataFrame(table | {"p_NORMAL": 1 - p, "p_PNEUMONIA": p})


def coverage(patients: int, clustered: bool, simulations: int, draws: int, seed: int) -> dict[str, float]:
    """Of each score, the share of the simulations whose interval holds the truth."""
    random = np.random.default_rng(seed)
    held = dict.fromkeys(TRUTH, 0)
    for number in range(simulations):
        found = score(draw_predictions(random, patients, clustered), CLASSES, draws=draws, seed=number)
        rows = found.set_index("metric")
        for metric, value in TRUTH.items():
            held[metric] += bool(rows.loc[metric, "low"] <= value <= rows.loc[metric, "high"])
    return {metric: count / simulations for metric, count in held.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=2000, help="Of the bootstrap.")
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"{options.simulations} simulations of {options.patients} patients, {options.draws} bootstrap draws")
    for clustered in (False, True):
        start = time.perf_counter()
        found = coverage(options.patients, clustered, options.simulations, options.draws, options.seed)
        design = "1 to 4 films a patient" if clustered else "one film a patient"
        print(f"{design}: " + ", ".join(f"{metric} {share:.1%}" for metric, share in found.items()))
        print(f"  {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
