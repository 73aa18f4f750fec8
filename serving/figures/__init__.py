"""What operators see: metrics of each role, and traces."""
