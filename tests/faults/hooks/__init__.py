"""What a test of faults has in the processes it starts: their clock, and where they end."""
