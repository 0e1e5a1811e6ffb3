"""Bytes and pixels: nothing here knows a try-on."""
