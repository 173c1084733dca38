"""Model and images to heatmaps; one method a file, what methods share in `gradient_method`."""
