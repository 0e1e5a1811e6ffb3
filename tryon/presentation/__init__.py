"""What is said to people of what is in the database."""
