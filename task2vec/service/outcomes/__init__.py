"""Recorded outcomes and the backtest of the recommender on them."""
