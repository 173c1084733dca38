"""What the probabilities of a film mean: those of one class among several, or of each finding on its own."""

ONE_CLASS, MULTI_LABEL = "one of the classes", "multi-label"
