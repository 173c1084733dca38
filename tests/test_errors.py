import pytest

from keras_cxr.errors import CxrError, UsageError, unknown_name


@pytest.mark.parametrize(
    ("name", "known", "hint", "message"),
    [
        (
            "resnet5",
            ["vgg16", "resnet50"],
            "",
            "Unknown layer 'resnet5'. Did you mean 'resnet50'? Known: vgg16, resnet50.",
        ),
        ("RESNET50", ["ResNet50"], "", "Unknown layer 'RESNET50'. Did you mean 'ResNet50'? Known: ResNet50."),
        ("zzz", ["vgg16"], "", "Unknown layer 'zzz'. Known: vgg16."),
        ("zzz", ["vgg16"], "See the list.", "Unknown layer 'zzz'. See the list."),
        ("zzz", [f"conv{number}" for number in range(13)], "", "Unknown layer 'zzz'."),
        (
            "conv3",
            iter([f"conv{number}x" for number in range(13)]),
            "",
            "Unknown layer 'conv3'. Did you mean 'conv3x'?",
        ),
    ],
)
def test_unknown_name(name, known, hint, message):
    fault = unknown_name("layer", name, known, hint)
    assert isinstance(fault, UsageError)
    assert str(fault) == message


def test_exit_codes():
    assert issubclass(UsageError, CxrError)
    assert (CxrError.exit_code, UsageError.exit_code) == (1, 2)
