"""A CUDA device that PyTorch only pretends to have, beside a real CPU, and what goes between."""

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes
from torch.utils._pytree import tree_leaves

# Operations whose operands may be on different devices, since they are the copies
COPIES = (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)


class PretendedCuda(TorchDispatchMode):
    """
    What has to do with the GPU is pretended, the rest is computed. Notes what is copied to the
    GPU; a wait for it, or an operand left on the CPU, raises.
    """

    def __init__(self):
        super().__init__()
        self.fake = FakeTensorMode(allow_non_fake_inputs=True)
        self.copies: list[torch.Size] = []

    def __enter__(self):
        self.fake.__enter__()
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        self.fake.__exit__(*error)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        leaves = tree_leaves((args, kwargs or {}))
        tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        named = any(isinstance(leaf, torch.device) and leaf.type == "cuda" for leaf in leaves)
        if not named and not any(isinstance(tensor, FakeTensor) for tensor in tensors):
            with _disable_current_modes():
                return func(*args, **(kwargs or {}))
        result = func(*args, **(kwargs or {}))
        # Numbers travel with the operation. Everything else on the CPU has to be copied.
        left = [one for one in tensors if one.device.type == "cpu" and one.dim() > 0]
        if func in COPIES:
            scalars = [one for one in tensors[-1:] if one.device.type == "cpu" and one.dim() == 0]
            left += scalars
        if isinstance(result, torch.Tensor) and result.device.type == "cuda":
            self.copies += [one.shape for one in left]
        return result

    def tensor(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor that is there already."""
        return torch.empty(tensor.shape, dtype=tensor.dtype, device="cuda")
