"""Around a request: who asks, from where, how often, and what it may carry."""
