"""Candidate base models side by side, measured on held-out posts before one of them is chosen."""
