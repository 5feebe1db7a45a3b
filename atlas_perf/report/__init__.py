"""A `Summary` as text: for people, for pipelines, for dashboards."""
