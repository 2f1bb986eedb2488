"""`make tour`: the main job through a running stack, by its public surfaces alone."""
