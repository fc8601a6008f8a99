"""Public field reports and objects that real controllers wrote, with what is right of each."""
