"""The limits of a release, judged by one run or by several."""
