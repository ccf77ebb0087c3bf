"""Read the files that other projects published."""
