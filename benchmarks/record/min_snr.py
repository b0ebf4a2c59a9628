"""`batch_64` with the loss weighted by min-SNR-γ, γ = 5 (Hang et al. 2023, arXiv 2303.09556)."""

from ddpm_widgets import fashion_mnist, train, unet


def recipe(budget, seed):
    images = budget.images(unet("fast"))
    dls = fashion_mnist(64, seed=seed).subset(images // 2, n_valid=128)
    return train(dls, "fast", epochs=2, min_snr=5, cbs=[budget], seed=seed, progress=False).ema_model
