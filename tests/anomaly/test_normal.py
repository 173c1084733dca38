import pandas as pd
import pytest

from keras_cxr.anomaly.normal import normal_label
from keras_cxr.errors import CxrError, UsageError


@pytest.mark.parametrize(
    ("labels", "named", "found"),
    [
        (["PNEUMONIA", "NORMAL"], None, "NORMAL"),
        (["Effusion|Mass", "No Finding", "Nodule"], None, "No Finding"),
        (["No Finding", "Not Mass", "Mass"], None, "No Finding"),
        (["A", "B"], "b", "B"),
        (["healthy"], None, "healthy"),
    ],
)
def test_the_label_that_says_so(labels, named, found):
    assert normal_label(pd.Series(labels), named) == found


@pytest.mark.parametrize(
    ("labels", "named", "kind", "said"),
    [
        (["A", "B"], None, CxrError, "--normal LABEL. Found: A, B"),
        (["NORMAL", "SICK"], "NORMLA", UsageError, "Did you mean 'NORMAL'"),
        (["healthy", "normal", "SICK"], None, UsageError, "Several labels sound normal: healthy, normal"),
    ],
)
def test_faults(labels, named, kind, said):
    with pytest.raises(kind, match=said):
        normal_label(pd.Series(labels), named)
