"""Fine-tuning: recipe, training, checkpoints, predictions; linear probes."""
