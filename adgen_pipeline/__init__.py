"""From Telegram channel exports to Amharic ads."""
