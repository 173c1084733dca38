"""The heatmap methods, one a file; `keras_cxr.explain.registry` finds them."""
