"""Scores against baselines, and the report."""
