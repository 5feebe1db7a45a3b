"""Runs that are kept to be compared with later ones: the store, who may be promoted, the trend."""
