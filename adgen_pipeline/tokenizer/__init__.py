"""The base model's tokenizer, adapted to Amharic and to slots."""
