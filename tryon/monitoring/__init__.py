"""What staff and operators watch."""
