"""Demo data: two hospitals that nobody could take for real ones, repeatable for a given moment."""
