"""What crosses the apps: a confirmed team gets its meetings; who leaves, leaves everywhere."""
