"""Rankers judged on outcomes that they did not see."""
