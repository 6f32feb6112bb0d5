"""Speed, memory, repeatability and usefulness, measured."""
