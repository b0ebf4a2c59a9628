"""`batch_64` with a learning rate that is flat after a short rise, and falls to 0 in the last third (Hägele et al. 2024, arXiv 2405.18392)."""

from torch.optim.lr_scheduler import LambdaLR

from ddpm_widgets import LRSchedule, fashion_mnist, train, unet


def recipe(budget, seed):
    images = budget.images(unet("fast"))
    dls = fashion_mnist(64, seed=seed).subset(images // 2, n_valid=128)
    rate = lambda k, total: min((k + 1) / (0.02 * total), 1, (total - k) / (0.35 * total))  # noqa: E731
    schedule = LRSchedule(lambda opt, total: LambdaLR(opt, lambda k: rate(k, total)))
    return train(dls, "fast", epochs=2, cbs=[budget, schedule], seed=seed, progress=False).ema_model
