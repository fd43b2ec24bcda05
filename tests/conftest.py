"""One torch thread in every test, as in the notebooks' kernels."""

import torch

torch.set_num_threads(1)
