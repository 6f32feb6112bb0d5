"""Bundles: what is known of tasks, written to one file and taken in from one."""
