"""What stands between a user and the parts: the command line."""
