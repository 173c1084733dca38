import os
import pathlib
import unicodedata

import pytest

from keras_cxr.data.folders import existing_folder, walk_films
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.source import read_dataset
from keras_cxr.data.table import relative_name
from keras_cxr.errors import CxrError, UsageError


def films(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"any bytes")


def rows(dataset, *columns):
    names = [pathlib.PurePath(os.path.relpath(path, dataset.root)).as_posix() for path in dataset.table["path"]]
    values = zip(names, *(dataset.table[column] for column in columns or ("label",)), strict=True)
    return dict((name, *rest) if len(rest) == 1 else (name, tuple(rest)) for name, *rest in values)


def notes(dataset):
    return "\n".join(dataset.notes)


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (["NORMAL/a.png", "PNEUMONIA/b.jpeg"], {"NORMAL/a.png": "NORMAL", "PNEUMONIA/b.jpeg": "PNEUMONIA"}),
        (["A/deep/er/a.TIF", "B/b.BMP"], {"A/deep/er/a.TIF": "A", "B/b.BMP": "B"}),
        (["A/a.png", "A/.hidden.png", ".B/b.png", "A/._a.png", "A/Thumbs.db"], {"A/a.png": "A"}),
        (["A/a.png", "B/b.png", "masks/a.png", "unknown_images/c.png", "__MACOSX/A/._a.png"], None),
        # masks under the films' own names within a class
        (
            ["COVID/images/a.png", "COVID/masks/a.png", "Normal/images/b.png"],
            {"COVID/images/a.png": "COVID", "Normal/images/b.png": "Normal"},
        ),
        (
            ["Ohne Befund/ä 1.png", "Pneumonie/ü.png"],
            {"Ohne Befund/ä 1.png": "Ohne Befund", "Pneumonie/ü.png": "Pneumonie"},
        ),
    ],
)
def test_class_folders(tmp_path, there, expected):
    films(tmp_path, *there)
    dataset = read_dataset(tmp_path)
    assert dataset.layout == "class folders"
    assert rows(dataset) == (expected or {"A/a.png": "A", "B/b.png": "B"})
    assert all(os.path.isabs(path) for path in dataset.table["path"])


def test_films_come_in_natural_order(tmp_path):
    films(tmp_path, "A/10.png", "A/2.png", "A/b2/1.png", "A/b10/1.png", "A/B1.png")
    assert [os.path.relpath(path, tmp_path / "A") for path in walk_films(tmp_path)] == [
        "2.png",
        "10.png",
        "B1.png",
        "b2/1.png",
        "b10/1.png",
    ]


def test_an_empty_class_folder_is_named(tmp_path):
    films(tmp_path, "A/a.png", "B/b.png")
    (tmp_path / "C").mkdir()
    assert "Folders without a film are no class: C." in notes(read_dataset(tmp_path))


def test_a_relative_folder(tmp_path, monkeypatch):
    films(tmp_path, "data/A/a.png")
    monkeypatch.chdir(tmp_path)
    assert rows(read_dataset("data")) == {"A/a.png": "A"}


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (("train", "val", "test"), ("train", "val", "test")),
        (("Train", "VAL", "TEST"), ("train", "val", "test")),
        (("training", "validation", "test"), ("train", "val", "test")),
        (("train", "valid", "Valid"), ("train", "val", "val")),  # two folders of one split, where the disk tells case
        (("train", "test", "test"), ("train", "test", "test")),
    ],
)
def test_split_folders_keep_their_splits(tmp_path, names, splits):
    there = [f"{name}/{label}/{index}.jpeg" for index, name in enumerate(names) for label in ("NORMAL", "PNEUMONIA")]
    films(tmp_path, *there, "chest_xray/train/NORMAL/9.jpeg", "__MACOSX/train/NORMAL/._1.jpeg")
    dataset = read_dataset(tmp_path)
    assert dataset.layout == "split folders of class folders"
    expected = {
        f"{name}/{label}/{index}.jpeg": (label, split)
        for index, (name, split) in enumerate(zip(names, splits, strict=True))
        for label in ("NORMAL", "PNEUMONIA")
    }
    assert rows(dataset, "label", "split") == expected


def test_a_split_folder_without_class_folders_is_named(tmp_path):
    films(tmp_path, "train/A/a.png", "train/B/b.png", "test/c.png")
    dataset = read_dataset(tmp_path)
    assert len(dataset.table) == 2
    assert "Split folders without class folders are left out: test." in notes(dataset)


@pytest.mark.parametrize(
    ("there", "message"),
    [
        ([], "No film in .*: expected .jpg, .* Found: nothing"),
        (["A/a.nii", "A/b.nii", "notes.txt"], "Found: 2 .nii, 1 .txt"),
        (["a.png", "b.png"], "No labels in .*class folders.*--labels FILE.csv or --label-pattern"),
        (["images/a.png", "masks/a.png"], "No labels in "),
        (["train/a.png", "test/b.png"], "No labels in "),  # not the classes train and test
    ],
)
def test_a_folder_without_films_or_labels(tmp_path, there, message):
    films(tmp_path, *there)
    with pytest.raises(CxrError, match=message):
        read_dataset(tmp_path)


def test_no_such_folder(tmp_path):
    with pytest.raises(CxrError, match=r"The data folder '.*nowhere' does not exist\. Check the path"):
        read_dataset(tmp_path / "nowhere")
    films(tmp_path, "a.png")
    with pytest.raises(CxrError, match="is a file; expected a folder"):
        existing_folder(tmp_path / "a.png", "The data folder")


CSV_FORMS = {
    "plain": "image,label\na.png,X\nsub/b.png,Y\n",
    "semicolons": "image;label\na.png;X\nsub/b.png;Y\n",
    "tabs": "image\tlabel\na.png\tX\nsub/b.png\tY\n",
    "semicolons and commas": 'image;findings;label\na.png;"p, q, r";X\nsub/b.png;s,t;Y\n',
    "byte order mark": "\ufeffimage,label\na.png,X\nsub/b.png,Y\n",
    "Windows lines": "image,label\r\na.png,X\r\nsub/b.png,Y\r\n",
    "blank lines": "\nimage,label\n\na.png,X\n\nsub/b.png,Y\n\n",
    "spaces": " image , label \n a.png , X \nsub/b.png,Y\n",
    "quotes": '"image","label"\n"a.png","X"\n"sub/b.png","Y"\n',
    "closing separators": "image,label,\na.png,X,\nsub/b.png,Y,\n",
    "other columns and order": "age,Diagnosis,File Name\n3,X,a.png\n4,Y,sub/b.png\n",
    "NIH's names": "Image Index,Finding Labels,Class,Patient ID\na.png,p|q,X,1\nsub/b.png,r,Y,2\n",
    "bare names": "filename,class\na.png,X\nb.png,Y\n",
    "no suffixes": "image_id,target\na,X\nb,Y\n",
    "no suffix, folder": "path,label\na,X\nsub/b.png,Y\n",
    "Windows paths": "path,label\n.\\a.png,X\nsub\\b.png,Y\n",
    "foreign folders": "path,label\n/home/somebody/films/a.png,X\nD:\\films\\b.png,Y\n",
    "twice the same": "image,label\na.png,X\na.png,X\nsub/b.png,Y\n",
}


@pytest.mark.parametrize("form", CSV_FORMS)
def test_labels_csv(tmp_path, form):
    films(tmp_path, "a.png", "sub/b.png", "masks/a.png", "masks/b.png")
    (tmp_path / "labels.csv").write_text(CSV_FORMS[form], encoding="utf-8", newline="")
    dataset = read_dataset(tmp_path)
    assert dataset.layout == "labels in a CSV file (labels.csv)"
    assert rows(dataset) == {"a.png": "X", "sub/b.png": "Y"}
    assert not dataset.faults


def test_csv_elsewhere_with_absolute_paths_and_an_images_folder(tmp_path):
    films(tmp_path / "data", "images/a.png", "images/b.png")
    films(tmp_path / "tables", "c.png")
    file = tmp_path / "tables" / "mine.csv"
    file.write_text(f"image,label\n{tmp_path}/data/images/a.png,X\nb.png,Y\nc.png,Y\n")
    dataset = read_dataset(tmp_path / "data", LabelOptions(labels=file))
    assert rows(dataset) == {"images/a.png": "X", "images/b.png": "Y", "../tables/c.png": "Y"}


def test_named_columns_count_before_detected_ones(tmp_path):
    films(tmp_path, "a.png", "b.png")
    (tmp_path / "labels.csv").write_text("image,label,who,set,what,where\nz,Q,1,Train,X,a.png\nz,Q,2,TEST,Y,b.png\n")
    options = LabelOptions(image_column="where", label_column="what", patient_column="who")
    dataset = read_dataset(tmp_path, options)
    assert rows(dataset, "label", "patient", "split") == {"a.png": ("X", "1", "train"), "b.png": ("Y", "2", "test")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image,label\na.png,X\nb.png,Y\nc.png,Y\n", "1 of 3 films named in labels.csv are not there, first: c.png"),
        ("image,label\na.png,X\nb.png,Y\n" + "c" * 300 + ",Y\n", "1 of 3 films named in labels.csv are not there"),
        ("image,label\na.png,X\nb.png,Y\n,Y\n", "1 of 3 films named in labels.csv are not there"),
        ("image,label\na.png,X\nb.png,\n", "1 rows of labels.csv have no label"),
        ("image,label\na.png\nb.png,Y\n", "1 rows of labels.csv have no label"),
        ("image,label\na.png,X\nb.png,Y\na.png,X\n", "1 rows name a film that has a row already"),
        (
            "image,label,split\na.png,X,train\nb.png,Y,dev\n",
            "1 values of column 'split' are not train, val or test, .*dev",
        ),
    ],
)
def test_what_a_csv_lacks_is_noted(tmp_path, text, expected):
    films(tmp_path, "a.png", "b.png")
    (tmp_path / "labels.csv").write_text(text)
    dataset = read_dataset(tmp_path)
    assert any(note.startswith(expected.split(",")[0]) for note in dataset.notes), dataset.notes
    assert not dataset.faults


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image,label\na.png,X\nb.png,Y\n", "1 names in labels.csv fit several files, first: b.png. Name them there"),
        ("image,label\na.png,X\np/b.png,Y\na.png,Y\n", "1 films have rows with different labels, first: a.png"),
    ],
)
def test_what_cannot_be_meant_is_a_fault(tmp_path, text, expected):
    films(tmp_path, "a.png", "p/b.png", "q/b.png")
    (tmp_path / "labels.csv").write_text(text)
    (fault,) = read_dataset(tmp_path).faults
    assert fault.startswith(expected)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"image\na.png\n", "No label column in .* It has: image. Name it with --label-column"),
        (b"label\nX\n", "No image column in .* It has: label. Name it with --image-column"),
        (b"some notes about the data\nmore of them\n", "It has: some notes about the data"),
        (b"image label\na.png X\n", "It has: image label"),
        (b"a.png,X\nb.png,Y\n", "No image column"),
        (b"", "cannot be read as CSV"),
        (b"\n\n", "cannot be read as CSV"),
        ("image,label\na.png,Müller\n".encode("latin-1"), "cannot be read as CSV"),
        ("image,label\na.png,X\n".encode("utf-16"), "cannot be read as CSV"),
        (b"image,label\na.png,X\nb.png,Y,Z,Q\n", "cannot be read as CSV"),
        (b"image,label\na.png,X,Z\nb.png,Y,Z\n", "cannot be read as CSV"),  # pandas takes a.png for an index
        (b"\x89PNG\r\n\x1a\n\0\0\0", "cannot be read as CSV"),
        (b"image,label\n", "No row of .* has a label in its column 'label'"),
        (b"image,label\na.png,\n", "No row of .* has a label"),
        (b"image,label\nc.png,X\nd.png,Y\n", "None of the 2 films named in .* First name there: c.png"),
        (b"image,label\nb.png,X\n", "1 names in labels.csv fit several files"),
    ],
)
def test_csv_that_cannot_be_used(tmp_path, content, message):
    films(tmp_path, "a.png", "p/b.png", "q/b.png")
    (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(CxrError, match=message) as caught:
        read_dataset(tmp_path)
    assert "\n" not in str(caught.value)


def test_csv_options_that_name_nothing(tmp_path):
    films(tmp_path, "A/a.png")
    (tmp_path / "t.csv").write_text("image,diagnoses\na.png,X\n")
    with pytest.raises(CxrError, match=r"labels file '.*no\.csv' does not exist"):
        read_dataset(tmp_path, LabelOptions(labels=tmp_path / "no.csv"))
    with pytest.raises(CxrError, match="cannot be read as CSV"):
        read_dataset(tmp_path, LabelOptions(labels=tmp_path / "A"))
    with pytest.raises(UsageError, match=r"column in t\.csv for --label-column 'diagnosis'\. Did you mean 'diagnoses'"):
        read_dataset(tmp_path, LabelOptions(labels=tmp_path / "t.csv", label_column="diagnosis"))


def test_labels_in_file_names(tmp_path):
    films(tmp_path, "sick_1.png", "deep/normal_2.png", "other.png", "labels.csv")
    dataset = read_dataset(tmp_path, LabelOptions(label_pattern="^(?P<label>sick|normal)_"))
    assert rows(dataset) == {"sick_1.png": "sick", "deep/normal_2.png": "normal"}
    assert "1 file names do not match --label-pattern and are left out, first: other.png" in dataset.notes


@pytest.mark.parametrize(
    ("pattern", "kind", "message"),
    [
        ("(sick", UsageError, "'--label-pattern' option is not a regular expression"),
        ("(sick|normal)", UsageError, r"must hold a named group \(\?P<label>"),
        ("(?P<label>ill)", CxrError, "No file name in .* matches --label-pattern .* First name there: sick.png"),
    ],
)
def test_label_patterns_that_cannot_be_used(tmp_path, pattern, kind, message):
    films(tmp_path, "sick.png")
    with pytest.raises(kind, match=message):
        read_dataset(tmp_path, LabelOptions(label_pattern=pattern))


def test_label_pattern_in_an_empty_folder(tmp_path):
    with pytest.raises(CxrError, match="No film in"):
        read_dataset(tmp_path, LabelOptions(label_pattern="(?P<label>.)"))


def test_labels_are_renamed_in_any_case(tmp_path):
    films(tmp_path, "Bacteria/a.png", "VIRUS/b.png", "normal/c.png", "Normal/d.png")
    renamed = (("bacteria", "PNEUMONIA"), ("Virus", "PNEUMONIA"), ("NORMAL", "NORMAL"), ("tumour", "TUMOUR"))
    dataset = read_dataset(tmp_path, LabelOptions(renamed=renamed))
    assert dataset.table["label"].value_counts().to_dict() == {"PNEUMONIA": 2, "NORMAL": 2}
    assert "--map names labels that do not occur: tumour." in dataset.notes


def test_names_relative_to_the_root(tmp_path):
    assert relative_name(str(tmp_path / "A" / "a.png"), tmp_path) == "A/a.png"
    assert relative_name("/elsewhere/a.png", tmp_path) == "/elsewhere/a.png"


def test_phantom(phantom):
    by_table = read_dataset(phantom)
    by_folder = read_dataset(phantom / "known_images")
    assert rows(by_table) == {f"known_images/{name}": label for name, label in rows(by_folder).items()}
    by_name = {f"known_images/{name}": patient for name, patient in rows(by_folder, "patient").items()}
    assert {name: f"phantom-{patient}" for name, patient in rows(by_table, "patient").items()} == by_name


def test_names_that_are_no_utf8(tmp_path):
    name = os.fsdecode(b"\xe4.png")
    try:
        films(tmp_path, f"A/{name}", "B/b.png")
    except OSError:
        pytest.skip("this file system holds UTF-8 names only")
    assert len(read_dataset(tmp_path).table) == 2
    assert unicodedata.category(name[0]) == "Cs"


def test_kermany(shared_data):
    dataset = read_dataset(shared_data / "kermany224")
    table = dataset.table
    assert table.groupby(["split", "label"]).size().to_dict() == {
        ("train", "NORMAL"): 1341,
        ("train", "PNEUMONIA"): 3875,
        ("val", "NORMAL"): 8,
        ("val", "PNEUMONIA"): 8,
    }
    assert (table["patient"] != "").all()


def test_nih(shared_data):
    dataset = read_dataset(shared_data / "nih512")
    assert len(dataset.table) == 505
    assert dataset.table["patient"].nunique() < 505
    assert not dataset.faults


def test_other_columns_of_a_labels_file_are_kept(tmp_path):
    films(tmp_path, "a.png", "b.png")
    (tmp_path / "labels.csv").write_text(
        "Filename,Label,Site,device,width,Patient Sex\na.png,x, Leipzig ,1,9,male\nb.png,y,,2,9,F\n"
    )
    dataset = read_dataset(tmp_path)
    assert rows(dataset, "Site", "device", "sex") == {"a.png": ("Leipzig", "1", "M"), "b.png": ("", "2", "F")}
    assert not {"width", "Filename", "Label", "Patient Sex"} & set(dataset.table)
