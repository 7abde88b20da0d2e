"""Verticals, tags and is_ad of posts."""
