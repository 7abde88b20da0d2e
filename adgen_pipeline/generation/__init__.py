"""From a brief to checked ads."""
