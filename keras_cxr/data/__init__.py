"""Files to the dataset table to batches."""
