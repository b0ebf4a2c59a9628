"""The recipe of `unet("fast")`, as `train` has it: v, cosine schedule, Muon, batches of 128, one cycle of the learning rate."""

from ddpm_widgets import fashion_mnist, train, unet


def recipe(budget, seed):
    images = budget.images(unet("fast"))
    dls = fashion_mnist(128, seed=seed).subset(images // 2, n_valid=128)
    return train(dls, "fast", epochs=2, cbs=[budget], seed=seed, progress=False).ema_model
