"""The page of a run that goes on: the charts of a report, grown by a second each second."""
