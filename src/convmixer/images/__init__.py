"""Where images come from: CIFAR-10, folders, single files."""
