"""Small networks of every build, seeded, for the heatmap tests; and methods made quick."""

import keras
import numpy as np
from keras import layers

SIZE = 24
# Settings by which each method is quick, and what only some methods need.
QUICK = {
    "occlusion": {"mask_size": 8, "stride": 8},
    "rise": {"masks": 24},
    "integrated-gradients": {"steps": 8},
    "smoothgrad": {"samples": 4},
    "lime": {"samples": 24, "segments": 9},
    "shap": {"samples": 24},
}
PACKAGES = {"lime": "skimage", "shap": "shap"}


def films(count=3, size=SIZE, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 1)).astype("float32")


def trunk_layers(prefix=""):
    return [
        layers.Rescaling(1 / 128, -1, name=f"{prefix}rescale"),
        layers.Conv2D(6, 3, padding="same", activation="relu", name=f"{prefix}first"),
        layers.MaxPooling2D(name=f"{prefix}pool"),
        layers.Conv2D(8, 3, padding="same", name=f"{prefix}second"),
        layers.BatchNormalization(name=f"{prefix}norm"),
        layers.ReLU(name=f"{prefix}relu"),
        layers.Dropout(0.3, name=f"{prefix}drop"),
    ]


def head_layers(units=1, fused=False):
    kind = "sigmoid" if units == 1 else "softmax"
    pool = layers.GlobalAveragePooling2D(name="average")
    if fused:
        return [pool, layers.Dense(units, activation=kind, name="probability")]
    return [pool, layers.Dense(units, name="logits"), layers.Activation(kind, dtype="float32", name="probability")]


def chain(images, parts):
    for part in parts:
        images = part(images)
    return images


def flat(units=1, fused=False):
    images = keras.Input((SIZE, SIZE, 1))
    return keras.Model(images, chain(images, trunk_layers() + head_layers(units, fused)), name="flat")


def hidden(units=1, fused=False):
    """A hidden layer behind the map, so that no two places of a channel have the same gradient."""
    images = keras.Input((SIZE, SIZE, 1))
    parts = [layers.Flatten(), layers.Dense(5, activation="relu", name="hidden"), *head_layers(units, fused)[1:]]
    return keras.Model(images, chain(images, trunk_layers() + parts), name="hidden")


def nested(units=1, fused=False):
    """The trunk in a model in a model, the head in a model of its own."""
    inner_in = keras.Input((None, None, 1))
    inner = keras.Model(inner_in, chain(inner_in, trunk_layers()), name="inner")
    middle_in = keras.Input((None, None, 1))
    middle = keras.Model(middle_in, inner(middle_in), name="middle")
    head_in = keras.Input((SIZE // 2, SIZE // 2, 8))
    head = keras.Model(head_in, chain(head_in, head_layers(units, fused)), name="head")
    images = keras.Input((SIZE, SIZE, 1))
    return keras.Model(images, head(middle(images)), name="nested")


def sequential(units=1, fused=False):
    return keras.Sequential([keras.Input((SIZE, SIZE, 1)), *trunk_layers(), *head_layers(units, fused)])


def sequential_in_functional(units=1, fused=False):
    images = keras.Input((SIZE, SIZE, 1))
    trunk = keras.Sequential(trunk_layers(), name="trunk")
    return keras.Model(images, keras.Sequential(head_layers(units, fused), name="head")(trunk(images)))


class Subclassed(keras.Model):
    def __init__(self, units, fused):
        super().__init__()
        # The head first: order of definition is not order of execution.
        self.head = head_layers(units, fused)
        self.trunk = trunk_layers()

    def call(self, images):
        return chain(chain(images, self.trunk), self.head)


def subclassed(units=1, fused=False):
    model = Subclassed(units, fused)
    model(films(1))
    return model


def operations(units=1, fused=False):
    """Activations as keras.ops, which are no layers."""
    images = keras.Input((SIZE, SIZE, 1))
    *trunk, _, _ = trunk_layers()
    average, dense, *_ = head_layers(units)
    logits = dense(average(keras.ops.relu(chain(images, trunk))))
    return keras.Model(images, keras.ops.sigmoid(logits) if units == 1 else keras.ops.softmax(logits))


BUILDS = {build.__name__: build for build in (flat, nested, sequential, sequential_in_functional, subclassed)}


def seeded(model, seed=1):
    """Fill every weight by its shape and place, so that networks of the same layers are the same."""
    generator = np.random.default_rng(seed)
    by_kind = sorted(model.weights, key=lambda weight: tuple(weight.path.split("/")[-2:]))
    for weight in by_kind:
        values = generator.normal(0, 0.25, weight.shape)
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)
    return model
