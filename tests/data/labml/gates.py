"""
---
title: Gates of a small network
summary: Notes in every notation that labml's authors use, written for the tests.
---

# Gates of a small network

This is a [PyTorch](https://pytorch.org) implementation of a gate. It isn't "large",
and   its
notes hold 2 < 3 & more.

The gate is $g$, with $$g = \sigma(W x + b)$$ for an input $x$.

\begin{align}
h_t &= g \odot h_{t-1} \\
y_t &= W h_t
\end{align}

* The first kind of item, in *italics*
* The second, in **bold**, with `code`

1. One, which stays text there
2. Two

```python
gate = Gate(4)
```

![A gate](gate.png)
"""

from torch import nn


class Gate(nn.Module):
    """
    ## A gate

    $W$ has the shape `[in, out]`.
    See [the forward pass](#Gate.forward).
    """

    def __init__(self, size: int):
        """
        :param size: is the number of features
        """
        super().__init__()
        # $W$
        self.weight = nn.Linear(size, size)

    #
    # What stands above a documented method
    def forward(self, x):
        """
        goes with its docstring, and $x$ has the shape `[batch, in]`.
        """
        # Multiply by the gate.
        # This comment has two lines
        return self.weight(x).sigmoid() * x


# ---A small print---
#
# ### The last heading
if __name__ == "__main__":
    print(Gate(4))
