"""Renderers: pure functions from a Report to text. Foreign text is escaped here and nowhere else."""
