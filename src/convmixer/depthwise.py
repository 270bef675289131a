r"""
---
title: The depthwise convolution
summary: >
  A depthwise convolution whose weights get their gradient in a shorter way on a CPU.
---

# A faster depthwise convolution

Nearly all of ConvMixer's work is in its pointwise convolutions, and yet on a CPU the
depthwise ones take a large part of a training step. The reason is one of their three
computations. The output and the gradient of the input are fast; the gradient of the
*weights* takes PyTorch about as long as both together, and longer in `bfloat16`.

This page computes the same gradient by [another convolution](#weight_gradient), and
builds it into [a layer](#DepthwiseConv2d) that replaces `nn.Conv2d`. Weights, outputs
and the names in a checkpoint do not change. `benchmarks/training.py` measures the gain,
and the tests compare every gradient with PyTorch's own.
"""

import torch
import torch.nn.functional as F
from torch import nn


def weight_gradient(
    x: torch.Tensor, output_gradient: torch.Tensor, kernel_size: int
) -> torch.Tensor:
    r"""
    ## The gradient of the weights, as a convolution

    One channel of one image gives $y_{ij} = \sum_{uv} w_{uv} \, x_{i+u,\,j+v}$, so its
    part of the gradient is

    $$\frac{\partial L}{\partial w_{uv}} =
    \sum_{ij} \frac{\partial L}{\partial y_{ij}} \, x_{i+u,\,j+v}$$

    This is a convolution again: it slides the gradient of the output over the image.
    Every channel of every image is one group of it, and the sum over the images comes
    last.

    * `x` is the layer's input, `[B, h, H/p, W/p]`
    * `output_gradient` is the gradient of its output, of the same shape
    * `kernel_size` is the side of the window, $k$, which is odd

    Returns the gradient of the weights, `[h, 1, k, k]`.
    """
    images, width, *size = x.shape
    gradient = F.conv2d(
        x.reshape(1, images * width, *size),
        output_gradient.reshape(images * width, 1, *size),
        padding=kernel_size // 2,
        groups=images * width,
    )
    return gradient.view(images, width, kernel_size, kernel_size).sum(0).unsqueeze(1)


class DepthwiseConvolution(torch.autograd.Function):
    """
    ## The convolution as an autograd function

    Autograd needs two functions: the forward pass, and the way back for the gradients.
    With a third, for derivatives that go forward, every transform of `torch.func` works
    as well, such as `vmap(grad(...))`, which gives each image a gradient of its own.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(
        x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        """
        Takes `[B, h, H/p, W/p]` and weights `[h, 1, k, k]`, returns `[B, h, H/p, W/p]`.
        """
        padding = weight.shape[-1] // 2
        return F.conv2d(x, weight, bias, padding=padding, groups=len(weight))

    @staticmethod
    def setup_context(
        ctx: torch.autograd.function.FunctionCtx,
        inputs: tuple[torch.Tensor | None, ...],
        output: torch.Tensor,
    ) -> None:
        """
        Keeps what both ways need.
        """
        x, weight, _ = inputs
        ctx.save_for_backward(x, weight)
        ctx.save_for_forward(x, weight)

    @staticmethod
    def jvp(
        ctx: torch.autograd.function.FunctionCtx,
        x_change: torch.Tensor,
        weight_change: torch.Tensor,
        bias_change: torch.Tensor | None,
    ) -> torch.Tensor:
        """
        Returns how the output changes along with the inputs. A convolution is linear in
        the images, and linear in the weights.
        """
        x, weight = ctx.saved_tensors
        change = DepthwiseConvolution.forward(x_change, weight, bias_change)
        return change + DepthwiseConvolution.forward(x, weight_change, None)

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, output_gradient: torch.Tensor
    ) -> tuple[torch.Tensor | None, ...]:
        """
        Returns the gradients of `x`, `weight` and `bias`. That of `x` is PyTorch's own,
        and a gradient that nobody needs is not computed.
        """
        x, weight = ctx.saved_tensors
        of_x = of_weight = of_bias = None
        if ctx.needs_input_grad[0]:
            padding = weight.shape[-1] // 2
            of_x = torch.nn.grad.conv2d_input(
                x.shape, weight, output_gradient, padding=padding, groups=len(weight)
            )
        if ctx.needs_input_grad[1]:
            gradient = weight_gradient(x, output_gradient, weight.shape[-1])
            # In the memory layout of the weights, as training on several devices
            # requires
            of_weight = gradient.new_empty_strided(gradient.shape, weight.stride())
            of_weight.copy_(gradient)
        if ctx.needs_input_grad[2]:
            of_bias = output_gradient.sum(dim=(0, 2, 3))
        return of_x, of_weight, of_bias


class DepthwiseConv2d(nn.Conv2d):
    """
    ## A depthwise layer with the faster gradient

    * `width` is the number of channels, $h$, each of which is convolved alone
    * `kernel_size` is the side of the window, $k$

    The residual around it needs an output as large as its input, so `"same"` pads
    height and width by $k - 1$ zeros each. For an even $k$ the odd one goes to the
    right and the bottom, and PyTorch warns that it may copy the input.
    """

    def __init__(self, width: int, kernel_size: int):
        super().__init__(width, width, kernel_size, groups=width, padding="same")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """
        Takes and returns `[B, h, H/p, W/p]`.
        """
        if not self.uses_fast_gradient(x):
            return super().forward(x)
        # Autocast lowers the precision of PyTorch's own operations, and does not know
        # ours.
        if torch.is_autocast_enabled("cpu"):
            dtype = torch.get_autocast_dtype("cpu")
            x, weight, bias = x.to(dtype), self.weight.to(dtype), self.bias.to(dtype)
        else:
            weight, bias = self.weight, self.bias
        return DepthwiseConvolution.apply(x, weight, bias)

    def uses_fast_gradient(self, x: torch.Tensor) -> bool:
        """
        Whether the faster gradient pays off: only in training and on a CPU. A GPU has
        fast kernels of its own, a compiler should see the plain convolution, and an
        even window is padded unevenly. What is no batch of images goes PyTorch's way
        too, or is refused in its words.
        """
        return (
            torch.is_grad_enabled()
            and self.weight.requires_grad
            and x.device.type == "cpu"
            and self.kernel_size[0] % 2 == 1
            and x.dim() == 4
            and x.shape[1] == self.in_channels
            and x.numel() > 0
            and not torch.compiler.is_compiling()
            and not torch.jit.is_tracing()
        )
