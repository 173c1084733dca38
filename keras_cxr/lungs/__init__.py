"""Films to lung masks: training, a folder of films to a folder of masks, and one film to one mask."""
