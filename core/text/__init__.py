"""What people type, normalised: the same for every page, API call, file and webhook. Pure functions."""
