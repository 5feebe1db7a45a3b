"""What batches hold, sent to files and monitoring systems while the run goes on."""
