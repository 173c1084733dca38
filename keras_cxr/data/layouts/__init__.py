"""The forms in which labelled films lie on disk, one file each, tried in this order."""

from keras_cxr.data.layouts import class_folders, file_names, labels_csv, split_folders

LAYOUTS = (file_names, labels_csv, split_folders, class_folders)
