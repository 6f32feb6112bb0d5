"""Which recipe of fine-tuning is best with few images and with all, against a linear probe."""
