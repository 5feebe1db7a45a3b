"""Frames, batches and control messages, to bytes and back."""
