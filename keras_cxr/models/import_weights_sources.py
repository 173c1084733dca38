"""The PyTorch networks whose weights can be imported: how to know them, and what their layers are called there.

Names of torchvision's ``models/resnet.py`` and ``models/densenet.py``; of torchxrayvision's ``models.py`` (Cohen et
al., TorchXRayVision, MIDL 2022, https://github.com/mlmed/torchxrayvision, release 1.5.7).
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

PATHOLOGIES = (
    *("Atelectasis", "Consolidation", "Infiltration", "Pneumothorax", "Edema", "Emphysema", "Fibrosis", "Effusion"),
    *("Pneumonia", "Pleural_Thickening", "Cardiomegaly", "Nodule", "Mass", "Hernia", "Lung Lesion", "Fracture"),
    *("Lung Opacity", "Enlarged Cardiomediastinum"),
)
"""What the outputs of torchxrayvision's classifier are, in its order."""


class Mix(NamedTuple):
    """A published training of torchxrayvision."""

    pneumonia: float
    """Operating point of Pneumonia: each published network has another, so the buffer ``op_threshs`` tells them."""
    trained_on: str


MIXES = {
    "densenet121-res224-all": Mix(0.056810737, "NIH, PadChest, CheXpert, MIMIC-CXR, Google, OpenI, RSNA"),
    "densenet121-res224-nih": Mix(0.0037213727, "NIH"),
    "densenet121-res224-pc": Mix(0.044385884, "PadChest"),
    "densenet121-res224-chex": Mix(0.07749717, "CheXpert"),
    "densenet121-res224-rsna": Mix(0.13486601, "RSNA"),
    "densenet121-res224-mimic_nb": Mix(0.022924708, "MIMIC-CXR"),
    "densenet121-res224-mimic_ch": Mix(0.037242252, "MIMIC-CXR"),
    "resnet50-res512-all": Mix(0.5078151, "PadChest, NIH, RSNA, SIIM, VinDr"),
}


def mix_of(thresholds: np.ndarray | None) -> str | None:
    """Name of the published network with these operating points (18,); None where they are absent or unknown."""
    if thresholds is None or thresholds.shape != (len(PATHOLOGIES),):
        return None
    pneumonia = float(thresholds[PATHOLOGIES.index("Pneumonia")])
    return next((name for name, mix in MIXES.items() if math.isclose(mix.pneumonia, pneumonia, rel_tol=1e-5)), None)


def densenet_module(layer: str) -> str:
    """PyTorch's name of a layer of keras.applications' DenseNet."""
    if found := re.fullmatch(r"conv(\d)_block(\d+)_(\d_\w+)", layer):
        inside = {"0_bn": "norm1", "1_conv": "conv1", "1_bn": "norm2", "2_conv": "conv2"}[found[3]]
        return f"features.denseblock{int(found[1]) - 1}.denselayer{found[2]}.{inside}"
    if found := re.fullmatch(r"pool(\d)_(bn|conv)", layer):
        return f"features.transition{int(found[1]) - 1}.{found[2].replace('bn', 'norm')}"
    return {"conv1_conv": "features.conv0", "conv1_bn": "features.norm0", "bn": "features.norm5"}[layer]


def resnet_module(layer: str) -> str:
    """PyTorch's name of a layer of a ResNet whose layers are called as in keras.applications."""
    if found := re.fullmatch(r"conv(\d)_block(\d)_(\d)_(conv|bn)", layer):
        stage, block, place, kind = found.groups()
        inside = f"downsample.{0 if kind == 'conv' else 1}" if place == "0" else f"{kind}{place}"
        return f"layer{int(stage) - 1}.{int(block) - 1}.{inside}"
    return {"conv1_conv": "conv1", "conv1_bn": "bn1"}[layer]


@dataclass(frozen=True)
class Family:
    """Networks whose tensors are called alike."""

    module: Callable[[str], str]
    """A Keras layer's name to that of the PyTorch module."""
    dropped: str
    """Pattern of the tensors that a backbone has no use for: classifier, operating points, BatchNorm's counters."""


DENSENET = Family(densenet_module, r"classifier\.(weight|bias)|op_threshs|.*\.num_batches_tracked")
RESNET = Family(resnet_module, r"fc\.(weight|bias)|op_threshs|.*\.num_batches_tracked")


class Network(NamedTuple):
    """A PyTorch network and the architecture here that computes the same."""

    marker: str
    """A tensor that only this network of its source has; the first that fits counts."""
    family: Family
    architecture: str


@dataclass(frozen=True)
class Source:
    """A library that publishes weights."""

    name: str
    networks: tuple[Network, ...]
    preprocessing: str
    """What its networks see in place of gray levels 0–255."""
    saving: str
    """Python that saves a state dict to 'FILE.pt'."""
    pathologies: tuple[str, ...] = ()
    trained_on: str | None = None
    """The same for all its networks; None: ``MIXES`` tells."""

    def network(self, keys: Iterable[str]) -> Network | None:
        """The network that tensors of these names are of."""
        return next((network for network in self.networks if network.marker in keys), None)


SOURCES = {
    source.name: source
    for source in (
        Source(
            "torchxrayvision",
            (
                Network("features.conv0.weight", DENSENET, "densenet121-chest"),
                Network("layer1.0.conv3.weight", RESNET, "resnet50-chest"),
            ),
            "one channel, gray levels 0–255 to [-1024, 1024]",
            "import torch, torchxrayvision as xrv; "
            "torch.save(xrv.models.get_model('densenet121-res224-rsna').state_dict(), 'FILE.pt')",
            PATHOLOGIES,
        ),
        Source(
            "torchvision",
            (
                Network("features.conv0.weight", DENSENET, "densenet121"),
                Network("layer1.0.conv3.weight", RESNET, "resnet50-torchvision"),
                Network("layer1.2.conv1.weight", RESNET, "resnet34"),
                Network("conv1.weight", RESNET, "resnet18"),
            ),
            "three channels, 0–1 less ImageNet's means, over its deviations",
            "import torch, torchvision; "
            "torch.save(torchvision.models.resnet50(weights='DEFAULT').state_dict(), 'FILE.pt')",
            trained_on="ImageNet",
        ),
    )
}


def plain_name(key: str) -> str:
    """A tensor's name without what wraps it, in today's spelling.

    torchxrayvision's ResNet holds torchvision's in ``model``; torchvision's published DenseNet files are of a time
    when modules had dots in their names (``denselayer1.norm.1``), see ``_load_state_dict`` there.
    """
    return re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)", r"\1\2", key.removeprefix("model."))
