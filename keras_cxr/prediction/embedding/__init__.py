"""Films as feature vectors: tables, pictures, neighbours."""
