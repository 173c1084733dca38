"""One architecture a file: a function under ``@register`` that builds the network of a plan.

These files import Keras inside their functions, so that the names can be listed without it.
"""
