"""What a scenario file imports: metrics, feeds, types of options, `env`."""
