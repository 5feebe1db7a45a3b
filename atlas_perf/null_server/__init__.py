"""The server that a calibration is measured against: a program of its own."""
