"""Films of other hospitals: why a model's scores differ there, and what can be done."""
