"""Published data sets as tiny ones: their tables, line by line, and how to lay them in a folder."""

import pathlib

RSNA = (
    "patientId,x,y,width,height,Target",
    "p-1,,,,,0",
    "p-2,247.0,249.0,199.0,428.0,1",
    "p-2,617.0,269.0,208.0,420.0,1",
    "p-3,,,,,0",
)
NIH_2017 = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],",
    "00000001_000.png,Cardiomegaly|Effusion,0,1,58,M,PA,2682,2749,0.143,0.143,",
    "00000002_000.png,No Finding,0,2,411,F,AP,2048,2500,0.168,0.171,",
    "00000002_001.png,Pneumonia,1,2,061Y,F,AP,2048,2500,,,",
    "00000003_000.png,Infiltration,0,3,7,F,PA,1024,1024,0.2,0.2,",
)
CHEXPERT = (
    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,"
    "Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices"
)
HEAD = "CheXpert-v1.0-small"
P1, P2, P3 = (f"{HEAD}/train/patient0000{number}/study{study}" for number, study in ((1, 1), (2, 1), (2, 2)))
CHEXPERT_TRAIN = (
    CHEXPERT,
    f"{P1}/view1_frontal.jpg,Female,68,Frontal,AP,1.0,,,,,,,,,0.0,,,,1.0",
    f"{P2}/view1_frontal.jpg,Male,87,Frontal,PA,,,-1.0,1.0,,-1.0,,1.0,,-1.0,,-1.0,1.0,",
    f"{P2}/view2_lateral.jpg,Male,87,Lateral,,,,-1.0,1.0,,-1.0,,-1.0,,,,,,",
    f"{P3}/view1_frontal.jpg,Unknown,0,Frontal,LL,,,,,,,,-1.0,,,,,,",
)
VINDR_TEST = ("image_id,Aortic enlargement,Cardiomegaly,Pneumonia,Other disease,No finding", "t,0,0,0,1,0")
KERMANY = (
    "NORMAL/IM-0115-0001.jpeg",
    "NORMAL/NORMAL2-IM-0383-0001.jpeg",
    "PNEUMONIA/person1000_bacteria_2931.jpeg",
    "PNEUMONIA/person1_virus_6.jpeg",
)


def lay(folder, *films, **tables):
    """Write films of any bytes, and tables: their lines, by file name without suffix."""
    for name in films:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"any bytes")
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return folder


def rows(dataset, *columns):
    return {pathlib.Path(row["path"]).stem: tuple(row[c] for c in columns) for row in dataset.table.to_dict("records")}


def notes(dataset):
    return "\n".join(dataset.notes)
