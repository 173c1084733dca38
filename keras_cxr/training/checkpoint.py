"""The state of a training after each epoch: a kill at any moment leaves one from which the same training goes on."""

import json
import pathlib
import shutil

import numpy as np

from keras_cxr.files import whole_file, write_json
from keras_cxr.training.control import best_row


class Checkpoint:
    """Weights and optimizer of the last and of the best epoch, with the history that names them.

    ``state.json`` is renamed into place after the weights that it names, and weights that it no longer names are
    deleted after that, so the two never disagree.
    """

    def __init__(self, folder: pathlib.Path, score: str = "auroc"):
        """``score`` tells the best epoch; see ``control.kept_by`` and ``best_row``."""
        self.folder, self._score = folder, score
        self.history: list[dict] = []
        file = folder / "state.json"
        if file.is_file():
            self.history = json.loads(file.read_text(encoding="utf-8"))["history"]

    def save(self, row: dict, variables: list) -> None:
        """Keep ``variables`` (Keras variables) as the state after the epoch of ``row``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with whole_file(self._weights(row["epoch"])) as temporary, open(temporary, "wb") as stream:
            np.savez(stream, *[np.asarray(variable) for variable in variables])
        self.history.append(row)
        write_json(self.folder / "state.json", {"history": self.history})
        named = {self._weights(row["epoch"]), self._weights(self.best_epoch)}
        for file in self.folder.glob("epoch-*.npz"):
            if file not in named:
                file.unlink()

    @property
    def best_epoch(self) -> int:
        """The epoch of the best validation score."""
        return best_row(self.history, self._score)["epoch"]

    def restore(self, epoch: int, variables: list) -> None:
        """Set the leading ``variables`` to what they were after ``epoch``."""
        with np.load(self._weights(epoch)) as content:
            for index, variable in enumerate(variables):
                variable.assign(content[f"arr_{index}"])

    def remove(self) -> None:
        """Delete the state: the training is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _weights(self, epoch: int) -> pathlib.Path:
        return self.folder / f"epoch-{epoch:04d}.npz"
