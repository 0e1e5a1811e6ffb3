"""What allauth asks us: its hooks, forms and signals, and the second step's seal."""
