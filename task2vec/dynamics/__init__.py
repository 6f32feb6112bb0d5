"""What happens to the information in a network's weights while the network learns."""
