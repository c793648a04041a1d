"""What the benchmarks share: timing, holes with known content, a busy machine."""
