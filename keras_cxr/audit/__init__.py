"""What to ask of a data set before a training: duplicates, odd films, and what gives the class away."""
