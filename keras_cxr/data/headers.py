"""What DICOM headers tell of the films of a data set, into its table: never a name, and patients as hashes."""

import concurrent.futures
import os
import pathlib

import pandas as pd

from keras_cxr.cache import patient_salt
from keras_cxr.data.images import PICTURE_SUFFIXES
from keras_cxr.data.sniff import HEAD, is_dicom, need_pydicom
from keras_cxr.data.table import Dataset, relative_name
from keras_cxr.errors import CxrError

FACTS = ("study", "view", "age", "sex", "modality", "spacing")
# As dicom.header has them: a film is not lateral where AP or PA is said as well, nor lying on the side (LLD).
FRONTAL = {"pa", "ap", "posteroanterior", "anteroposterior"}
LATERAL = {"ll", "rl", "lat", "lateral", "lao", "rao", "lpo", "rpo", "llo", "rlo", "oblique"}


def add_header_facts(dataset: Dataset, frontal_only: bool = False, keep_patient_ids: bool = False) -> None:
    """Read the headers of the DICOM films of ``dataset`` and add what they tell where the layout did not.

    Args:
        dataset: Changed in place. Its table gains patient, study, view, age, sex, modality and spacing; films that are
            lateral or of another part of the body are counted in a note.
        frontal_only: Leave those films out.
        keep_patient_ids: The patient's ID as it stands in the header, instead of a salted hash.

    Raises:
        CxrError: ``frontal_only`` leaves no film.
    """
    table = dataset.table
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool:
        facts = list(pool.map(lambda path: header_facts(path, keep_patient_ids), table["path"]))
    if any(facts):
        told = pd.DataFrame([{name: (fact or {}).get(name) for name in ("patient", *FACTS)} for fact in facts])
        table["patient"] = table["patient"].where(table["patient"] != "", told["patient"].fillna(""))
        for name in FACTS:
            if name not in table:
                table[name] = told[name] if name in ("age", "spacing") else told[name].fillna("")
    reasons = pd.Series([not_frontal(fact) for fact in facts])
    if "view" in table:
        words = table["view"].str.lower().str.findall("[a-z]+")
        lateral = words.map(lambda view: bool(LATERAL & {*view}) and not FRONTAL & {*view})
        reasons[lateral & (reasons == "")] = "lateral view"
    odd = reasons != ""
    if not odd.any():
        return
    first = relative_name(table["path"][odd].iloc[0], dataset.root)
    listed = ", ".join(f"{count} {reason}" for reason, count in reasons[odd].value_counts().items())
    if not frontal_only:
        dataset.notes.append(f"No frontal chest films: {listed}, first: {first}. Leave them out with --frontal-only.")
        return
    dataset.table = table[~odd].reset_index(drop=True)
    dataset.notes.append(f"Left out by --frontal-only: {listed}.")
    if not len(dataset.table):
        raise CxrError(f"--frontal-only leaves no film of '{dataset.root}': {listed}.")


def header_facts(path: str, keep_patient_ids: bool = False) -> dict | None:
    """``dicom.header.dicom_facts`` of a file; None where it is no DICOM file or cannot be read as one."""
    if pathlib.Path(path).suffix.lower() in PICTURE_SUFFIXES:
        return None
    try:
        with open(path, "rb") as stream:
            if not is_dicom(stream.read(HEAD)):
                return None
    except OSError:
        return None  # The film's own reading says what is wrong with the file; so below.
    salt = patient_salt()  # Where none can be kept, that is an error: without patients the splits would leak.
    try:
        need_pydicom()
        from keras_cxr.data.dicom.header import dicom_facts

        return dicom_facts(path, salt, keep_patient_ids)
    except CxrError:
        return None


def not_frontal(facts: dict | None) -> str:
    """Why a film is no frontal chest film by its header; '' where it is one, or where nothing is said."""
    if facts is None:
        return ""
    if facts["chest"] is False:
        return f"of {facts['body_part'].lower()}"
    return "lateral view" if facts["frontal"] is False else ""
