"""Run in a kernel before a lesson, where another test runs that lesson in full: what costs most becomes cheap.

Every cell still runs, with its assertions, on the images that stand in for the data. But a U-Net answers without computing its
layers, a convolution looks at one pixel, fewer garments are drawn, and a training ends after ten epochs.
"""

from torch import nn

from ddpm_widgets import garments, record
from ddpm_widgets.learner import Learner
from ddpm_widgets.unets import UNet


def answer(self, x_t, t, labels=None):
    "What predicts best where the images are Gaussian noise too: 0 for v, and about x_t for the noise."
    in_graph = 0 * self.unet.conv_out.bias.sum()  # so that a loss has gradients
    target = self.diffusion.target if getattr(self, "diffusion", None) else "eps"
    return (0 if target == "v" else 1) * x_t + in_graph


def shade(self, x):
    "What a convolution of the same size answers to a picture whose channels are equal and whose neighbouring pixels are, nearly."
    down, right = self.stride
    y = x.mean(1, keepdim=True)[..., ::down, ::right] * self.weight.sum((1, 2, 3))[:, None, None]
    return y if self.bias is None else y + self.bias[:, None, None]


UNet.forward = answer
nn.Conv2d.forward = shade
record.multiply_adds = lambda model, *inputs: 1e8  # a network without layers to compute has none
batch_size, _, _, *others = garments.__defaults__
garments.__defaults__ = (batch_size, 12_800, 2_500, *others)  # n and n_valid: what the lessons' subsets need


def fit(self, n_epochs=1, *args, whole=Learner.fit, **options):
    whole(self, min(n_epochs, 10), *args, **options)


Learner.fit = fit
