"""What a DICOM header tells of a film, without telling who the patient is.

Every value returned is a number, a digest, or a word of the closed vocabularies below; text is never handed through,
because people type names into any field.
"""

import hashlib
import pathlib
import re

from pydicom import Dataset

from keras_cxr.data.dicom.display import number
from keras_cxr.data.dicom.files import faults_in_one_line, read_dicom
from keras_cxr.errors import UsageError

FIELDS = (
    "PatientID",
    "StudyInstanceUID",
    "ViewPosition",
    "PatientAge",
    "PatientSex",
    "Modality",
    "BodyPartExamined",
    "PixelSpacing",
    "ImagerPixelSpacing",
)
FRONTAL_VIEWS = {"PA", "AP", "POSTEROANTERIOR", "ANTEROPOSTERIOR"}
LATERAL_VIEWS = {"LL", "RL", "LAT", "LATERAL", "LAO", "RAO", "LPO", "RPO", "LLO", "RLO", "OBLIQUE"}
OTHER_VIEWS = {"LLD", "RLD", "AXIAL", "LORDOTIC", "SUPINE", "ERECT", "UPRIGHT", "PORTABLE", "XTABLE", "SWIMMERS"}
CHEST = {"CHEST", "THORAX", "LUNG", "LUNGS"}
# fmt: off
OTHER_PARTS = {
    "ABDOMEN", "ANKLE", "ARM", "BREAST", "CLAVICLE", "COCCYX", "CSPINE", "ELBOW", "EXTREMITY", "FEMUR",
    "FINGER", "FOOT", "FOREARM", "HAND", "HEAD", "HIP", "HUMERUS", "JAW", "KNEE", "LEG", "LSPINE", "NECK",
    "PELVIS", "RIB", "RIBS", "SHOULDER", "SKULL", "SPINE", "SSPINE", "STERNUM", "THUMB", "TOE", "TSPINE",
    "WRIST",
}
# fmt: on
MODALITIES = {"CR", "DX", "DR", "RF", "RG", "XA", "PX", "IO", "MG", "CT", "MR", "US", "NM", "PT", "OT", "SC", "SR"}
YEARS = {"": 1.0, "Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}


def dicom_facts(source: bytes | str | pathlib.Path, salt: bytes, keep_patient_ids: bool = False) -> dict[str, object]:
    """Read the facts of a DICOM header that a study of films needs.

    Args:
        source: The file's bytes or its path; of a path only the header is read.
        salt: The project's secret, the same for all its films; without it nobody can try out patient IDs.
        keep_patient_ids: Return the patient ID itself.

    Returns:
        ``patient`` and ``study``: 16 hexadecimal digits, BLAKE2b of salt and ID (str, '' where the header has none);
        ``view`` (str, e.g. 'PA', 'LL', ''), ``age`` in years (float or None), ``sex`` ('M', 'F', 'O', ''),
        ``modality`` (str, e.g. 'DX', ''), ``body_part`` (str, e.g. 'CHEST', ''), ``spacing`` of rows and columns in mm
        (two floats or None), ``frontal`` and ``chest`` (True, False, or None where the header does not say).

    Raises:
        CxrError: Unreadable, damaged, or not DICOM.
        UsageError: ``salt`` is empty.
    """
    if not salt:
        raise UsageError("The 'salt' for patient hashes must not be empty. Received: b''. Use secrets.token_bytes(16).")
    with faults_in_one_line():
        header = read_dicom(source, stop_before_pixels=True, specific_tags=list(FIELDS))
    patient = _text(header, "PatientID")
    view, parts = _words(header, "ViewPosition"), _words(header, "BodyPartExamined")
    known = [word for word in parts if word in CHEST | OTHER_PARTS]
    return {
        "patient": patient if keep_patient_ids else _digest(patient, salt),
        "study": _digest(_text(header, "StudyInstanceUID"), salt),
        "view": " ".join(word for word in view if word in FRONTAL_VIEWS | LATERAL_VIEWS | OTHER_VIEWS),
        "age": _age(_text(header, "PatientAge")),
        "sex": _one_of(_text(header, "PatientSex"), {"M", "F", "O"}),
        "modality": _one_of(_text(header, "Modality"), MODALITIES),
        "body_part": " ".join(known),
        "spacing": _spacing(header, "PixelSpacing") or _spacing(header, "ImagerPixelSpacing"),
        "frontal": _either(FRONTAL_VIEWS & set(view), LATERAL_VIEWS & set(view)),
        "chest": True if CHEST & set(known) else False if known else None,
    }


def _text(header: Dataset, keyword: str) -> str:
    try:
        return str(header.get(keyword) or "").strip(" \0")
    except Exception:  # A broken element is as good as none.
        return ""


def _words(header: Dataset, keyword: str) -> list[str]:
    return re.findall("[A-Z]+", _text(header, keyword).upper())


def _digest(identity: str, salt: bytes) -> str:
    return hashlib.blake2b(salt + identity.encode(), digest_size=8).hexdigest() if identity else ""


def _one_of(text: str, words: set[str]) -> str:
    return text.upper() if text.upper() in words else ""


def _either(yes: set, no: set) -> bool | None:
    return bool(yes) if bool(yes) != bool(no) else None


def _age(text: str) -> float | None:
    """'045Y', '018M', '06W', '010D', or '45' as RSNA writes it, in years; None for what no one lives to be."""
    found = re.fullmatch(r"(\d{1,3}) ?([YMWD]?)", text.upper())
    if not found:
        return None
    years = int(found[1]) * YEARS[found[2]]
    return years if years <= 130 else None


def _spacing(header: Dataset, keyword: str) -> tuple[float, float] | None:
    both = [number(header, keyword, place) for place in (0, 1)]
    return (both[0], both[1]) if all(side is not None and side > 0 for side in both) else None
