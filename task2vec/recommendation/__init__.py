"""The zoo, the outcomes seen so far, and the ranking of starting models."""
