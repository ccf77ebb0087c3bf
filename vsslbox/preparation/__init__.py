"""Preparation of data: lists of data sets, and jobs over many video files."""
