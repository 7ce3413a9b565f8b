"""GRPO rounds on language models, from the rewards that Annsmith measures."""

__version__ = "0.1.0"
