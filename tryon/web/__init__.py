"""Around a request, without a row: where it came from, what it may carry, its log."""
