"""`make run`: everything Wardbook needs, started in order, watched, and stopped together."""
