"""Code that a kernel runs before a lesson whose full run is another test's: what takes long is answered at once, or done on less.

Every cell still runs, with all its assertions, on the images that stand in for the data. But a U-Net does not compute its layers,
fewer garments are drawn, and a training has ten epochs at most. What is left of the cost is what the lesson itself does.
"""

from ddpm_widgets import garments
from ddpm_widgets.learner import Learner
from ddpm_widgets.unets import UNet


def answer(self, x_t, t):
    "The best guess for images that are Gaussian noise themselves: a target of v is 0, and the noise is roughly x_t."
    in_graph = 0 * self.unet.conv_out.bias.sum()  # so that a loss has gradients
    target = self.diffusion.target if getattr(self, "diffusion", None) else "eps"
    return (0 if target == "v" else 1) * x_t + in_graph


UNet.forward = answer
batch_size, _, _, *others = garments.__defaults__
garments.__defaults__ = (batch_size, 12_800, 2_500, *others)  # n and n_valid: what the lessons' subsets need


def fit(self, n_epochs=1, *args, whole=Learner.fit, **options):
    whole(self, min(n_epochs, 10), *args, **options)


Learner.fit = fit
