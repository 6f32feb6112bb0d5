"""Formats of labelled sources: class folders, CSV, COCO, Parquet and others."""
