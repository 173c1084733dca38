"""Does training on stored features of four augmented views cost accuracy, against augmenting anew in every epoch?

The same recipe, films, split by patient and seeds, twice: the head of a frozen ResNet50 on the features of four views a
film (``train``, as it is), and every film augmented anew and sent through the backbone in every epoch
(``--no-feature-cache``). What is compared is the validation AUROC of the epoch that ``train`` keeps, its mean over the
seeds (``--repeats``). A second line: without augmentation both ways see the same films, and their losses agree.

The second way costs a pass of all films through the backbone an epoch: a quarter of an hour on two quiet cores.
"""

import dataclasses
import os
import pathlib
import tempfile

from films import link, small_films
from measure import Clock, Result, machine, parser, publish, quiet
from networks import trunk_weights

PLAIN = {"rotation": 0.0, "zoom": 0.0, "flip": False}


def history(folder: pathlib.Path, recipe, model: pathlib.Path):
    """One row an epoch, and the films by class and split."""
    import pandas as pd

    from keras_cxr.data.source import read_dataset
    from keras_cxr.training.train import train

    trained = train(read_dataset(folder), recipe, model, runtimes=False)
    return pd.read_csv(model / "history.csv"), trained.card.data["films"]


def both(folder: pathlib.Path, recipe, scratch: pathlib.Path):
    """The histories on stored features and through the backbone, and the films by class and split."""
    name = f"{recipe.seed}-{recipe.epochs}"
    stored, films = history(folder, recipe, scratch / f"stored-{name}")
    anew, _ = history(folder, dataclasses.replace(recipe, feature_cache=False), scratch / f"anew-{name}")
    return stored, anew, films


def main() -> None:
    options = parser(__doc__, films=1200)
    options.add_argument("--epochs", type=int, default=6, metavar="K", help="of every training [6]")
    options.add_argument("--plain", type=int, default=300, metavar="N", help="films without augmentation [300]")
    options = options.parse_args()
    quiet()
    from keras_cxr.training.recipe import Recipe

    aurocs, clock = [], Clock()
    with tempfile.TemporaryDirectory(prefix="keras-cxr-bench-") as scratch:
        scratch = pathlib.Path(scratch)
        os.environ["KERAS_CXR_CACHE"] = str(scratch / "cache")
        weights, cut = trunk_weights(options.weights, scratch)
        found = small_films(options)
        recipe = Recipe(
            weights=str(weights),
            features_from=cut,
            epochs=options.epochs,
            patience=options.epochs,
            split=(75, 25, 0),
            split_seed=0,
        )
        few = dataclasses.replace(recipe, epochs=2, **PLAIN)
        stored, anew, _ = both(link(found, options.plain, scratch / "few"), few, scratch / "plain")
        losses = [(stored[name] - anew[name]).abs().max() for name in ("loss", "val_loss")]
        folder = link(found, options.films, scratch / "films")
        for seed in range(options.repeats):
            stored, anew, films = both(folder, dataclasses.replace(recipe, seed=seed), scratch / "augmented")
            aurocs.append((stored["val_auroc"].max(), anew["val_auroc"].max()))
            print(
                f"seed {seed}: stored {aurocs[-1][0]:.5f}, anew {aurocs[-1][1]:.5f}, {clock.read().wall:.0f} s so far"
            )
    print(machine())
    means = [sum(way) / len(way) for way in zip(*aurocs, strict=True)]
    counts = ", ".join(f"{sum(of.values())} {split}" for split, of in films.items() if sum(of.values()))
    same = Result(
        benchmark="feature_views.py: loss on stored features, without augmentation",
        against="the same films through the backbone in every epoch",
        sizes=f"{options.plain} films, 2 epochs, training and validation loss",
        values=losses,
        bar=1e-4,
        most=True,
        unit=" largest difference",
    )
    views = Result(
        benchmark=f"feature_views.py: validation AUROC from {recipe.views} stored views a film",
        against="augmenting anew in every epoch",
        sizes=f"{counts} films, {options.epochs} epochs, {options.repeats} seeds",
        values=[abs(means[0] - means[1])],
        bar=0.003,
        most=True,
        unit=" difference of the means",
        note=f"stored {means[0]:.4f}, anew {means[1]:.4f}; by seed "
        + ", ".join(f"{one:.4f} and {other:.4f}" for one, other in aurocs),
    )
    publish(same, options), publish(views, options)


if __name__ == "__main__":
    main()
