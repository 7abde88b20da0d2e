"""The Amharic sentence encoder."""
