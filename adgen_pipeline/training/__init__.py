"""Base models, fine-tuning under DeepSpeed, merging."""
