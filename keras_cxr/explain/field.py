"""Where on the film the cells of a layer's map look: the centres of their receptive fields, and how far these reach.

A convolution without padding never centres a cell on the film's border, and one with TensorFlow's padding "same" and
stride 2 shifts its cells by half a pixel or more. The arithmetic is that of Araujo et al., "Computing Receptive Fields
of Convolutional Neural Networks", Distill 2019, https://distill.pub/2019/computing-receptive-fields.
"""

import keras
import tensorflow as tf
from keras import layers

from keras_cxr.errors import unknown_name
from keras_cxr.explain.capture import inner_layers, input_shape, observe
from keras_cxr.explain.grid import Axis, Grid


class Grids:
    """Where on the network's input the cells of every layer's map lie, noted while the network is traced.

    Exact behind convolutions, pooling, zero padding, cropping and whatever leaves a map's size alone, in networks of
    any build. Of branches that differ, the mean of the centres, with the reach that holds them all. What a whole map is
    weighed by, as in squeeze and excitation, does not count as seen. The cells of any other layer that changes the size
    (Resizing, UpSampling2D, a Lambda) divide its input's stretch of the film evenly.

    Attributes:
        named: The grid by the layer's name, at any depth; its last call counts.
    """

    def __init__(self):
        self.named: dict[str, Grid] = {}
        self._known: dict = {}

    def start(self, images: tf.Tensor) -> None:
        """The network is about to run on these symbolic images; where their size is open, nothing can be noted."""
        if _is_map(images):
            self._known[images.ref()] = Grid(Axis(0, 1), Axis(0, 1))

    def see(self, layer: object, inputs: list, output: object) -> None:
        """A layer has run; for `capture.observe`."""
        if self._known and _is_map(output):
            known = self._known
            if output.ref() not in known:
                known[output.ref()] = _moved(layer, inputs, known) or _inherited(output, known)
            self.named[layer.name] = known[output.ref()]


def layer_grid(model: keras.Model, name: str, size: tuple[int, int]) -> Grid:
    """Where the cells of a layer's map lie on the network's input; see `Grids`.

    Args:
        model: A built network of any kind. It is traced once, and computes nothing.
        name: The name of a layer that gives a map (batch, height, width, channels), at any depth; its last call counts.
        size: (height, width) of the network's input in pixels; where padding falls depends on it.

    Raises:
        UsageError: No layer of that name gives a map.
    """
    grids = Grids()

    def run(images):
        grids.start(images)
        with observe(inner_layers(model), grids.see):
            return model(images, training=False)

    images = tf.TensorSpec((None, *size, input_shape(model)[-1]), tf.float32)
    tf.function(run, autograph=False).get_concrete_function(images)
    if name not in grids.named:
        raise unknown_name("layer with a map", name, grids.named)
    return grids.named[name]


def _is_map(tensor: object) -> bool:
    return tf.is_symbolic_tensor(tensor) and tensor.shape.rank == 4 and None not in tensor.shape[1:3]


def _moved(layer: object, inputs: list, known: dict) -> Grid | None:
    """The grid of a layer that looks through a window, pads or crops; None for all others."""
    if not inputs or not _is_map(inputs[0]):
        return None
    moves = [_move(layer, axis, cells) for axis, cells in enumerate(inputs[0].shape[1:3])]
    if None in moves:
        return None
    return Grid(*(axis.moved(*move) for axis, move in zip(_inherited(inputs[0], known), moves, strict=True)))


def _move(layer: object, axis: int, cells: int) -> tuple[float, int, int] | None:
    """The arguments of `Axis.moved`, for axis 0 (rows) or 1 (columns) of an input with so many cells."""
    if isinstance(layer, layers.ZeroPadding2D):
        return -layer.padding[axis][0], 1, 1
    if isinstance(layer, layers.Cropping2D):
        return layer.cropping[axis][0], 1, 1
    if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D | layers.SeparableConv2D):
        window = (layer.kernel_size[axis] - 1) * layer.dilation_rate[axis] + 1
    elif isinstance(layer, layers.MaxPooling2D | layers.AveragePooling2D):
        window = layer.pool_size[axis]
    else:
        return None
    stride, before = layer.strides[axis], 0
    if layer.padding == "same":
        # TensorFlow pads only as much as the last window needs, and the odd one out behind.
        before = max((-(-cells // stride) - 1) * stride + window - cells, 0) // 2
    return (window - 1) / 2 - before, stride, window


def _inherited(tensor: tf.Tensor, known: dict) -> Grid:
    """The grid of a map from those of the maps it was computed from."""
    if tensor.ref() in known:
        return known[tensor.ref()]
    sources = _sources(tensor, known)
    # The 1×1 weights of squeeze and excitation do not say where the map that they weigh lies.
    sources = [source for source in sources if source.shape[1:3] == tensor.shape[1:3]] or sources
    # What was computed from no map at all, as a constant, is taken to lie over the whole film.
    sources = sources or [next(iter(known)).deref()]
    return Grid(
        *(
            _mean([known[source.ref()][axis].divided(source.shape[axis + 1], cells) for source in sources])
            for axis, cells in enumerate(tensor.shape[1:3])
        )
    )


def _sources(tensor: tf.Tensor, known: dict) -> list[tf.Tensor]:
    """The nearest known maps on every way back from ``tensor`` through what ran outside the layers' eyes, as casts."""
    found, seen, ahead = {}, set(), [tensor]
    while ahead:
        one = ahead.pop()
        if one.ref() in known:
            found[one.ref()] = one
        elif one.ref() not in seen:
            seen.add(one.ref())
            ahead += reversed(one.op.inputs)
    return list(found.values())


def _mean(axes: list[Axis]) -> Axis:
    count = len(axes)
    start = sum(axis.start for axis in axes) / count
    reach = max(axis.reach + abs(axis.start - start) for axis in axes)
    return Axis(start, sum(axis.step for axis in axes) / count, reach)
