"""Evaluation: what encoders do on sets where the right answers are known, in numbers."""
