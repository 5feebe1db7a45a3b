"""What a virtual user weighs: many of them asleep, with and without a connection each."""
