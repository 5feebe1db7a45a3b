"""Two sets of runs compared: is the candidate worse than the base, at a stated error rate?"""
