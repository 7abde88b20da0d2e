"""Exports to messages to posts."""
