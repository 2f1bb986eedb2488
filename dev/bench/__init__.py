"""`make bench`: what our addresses cost beside bare views that do the same work with nothing around it."""
