"""Samples of what was answered, kept without making anybody wait."""
