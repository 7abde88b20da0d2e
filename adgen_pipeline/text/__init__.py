"""What several stages need of Amharic text: normalisation, language, facts and slots, redaction."""
