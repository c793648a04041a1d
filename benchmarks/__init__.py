"""Measurements. They print JSON, compare with the plain form in the same run, and fail nothing."""
