"""The answers that the checks are held against, as readers write them: a table for each check.

`right` are right answers in several styles. In `wrong` each row has words that the hint must hold, and the answer: a source of its
own, or the first right answer with words replaced (`FROM`: another right answer, by its number).
"""

ANSWERS: dict[str, dict[str, list]] = {}

ANSWERS["check_dropout"] = {
    "right": [
        """
def dropout(x, p, training):
    if not training:
        return x
    mask = torch.rand(x.shape) > p
    return mask * x / (1 - p)
""",
        "dropout = torch.nn.functional.dropout\n",
        """
def dropout(x, p, training):
    if training:
        keep = torch.bernoulli(torch.full_like(x, 1 - p))
        return x * keep / (1 - p)
    return x
""",
        """
rng = np.random.default_rng()

def dropout(x, p, training):
    if not training or p == 0:
        return x
    mask = torch.from_numpy(rng.random(tuple(x.shape)) >= p)
    return torch.where(mask, x / (1 - p), torch.zeros_like(x))
""",
        """
g = torch.Generator().manual_seed(42)

def dropout(x, p, training):
    if not training: return x
    drop = torch.rand(x.shape, generator=g) < p
    return x.masked_fill(drop, 0) / (1 - p)
""",
        """
def dropout(x, p, training):
    keep_prob = 1.0 - p
    mask = (torch.rand_like(x) < keep_prob).float() if training else torch.full_like(x, keep_prob)
    return mask * x / keep_prob
""",
        """
class Dropout(torch.nn.Module):
    def forward(self, x, p, training):
        self.train(training)
        return torch.nn.Dropout(p).train(training)(x)

def dropout(x, p, training):
    return Dropout()(x, p, training)
""",
    ],
    "wrong": [
        ("everything comes back", {"mask * x / (1 - p)": "x"}),
        ("the right share is dropped, but", {"mask * x / (1 - p)": "mask * x"}),
        ("what is kept becomes smaller", {"/ (1 - p)": "* (1 - p)"}),
        ("what is kept grows, but", {"/ (1 - p)": "/ p"}),
        ("the mask is the wrong way round", {"> p": "< p"}),
        ("the mask is the wrong way round", {"> p": "< p", "/ (1 - p)": ""}),
        ("the mask is the wrong way round", {"> p": "< p", "/ (1 - p)": "/ p"}),
        ("it drops in evaluation too", {"if not training": "if False"}),
        ("it drops in evaluation and not", {"if not training": "if training"}),
        ("that is dropout as it was first", {"return x\n": "return x * (1 - p)\n", "mask * x / (1 - p)": "mask * x"}),
        ("all images of the batch lose", {"x.shape": "x.shape[1:]"}),
        (
            "it drops in evaluation too",
            """
def dropout(x, p, training):
    return torch.nn.functional.dropout(x, p)
""",
        ),
        (
            "it drops in evaluation too",
            """
def dropout(x, p, training):
    return torch.nn.Dropout(p)(x)
""",
        ),
        ("drawn with randn", {"torch.rand(x.shape)": "torch.randn(x.shape)"}),
        ("drawn with randn", {"torch.rand(x.shape)": "torch.randn_like(x)"}),
        ("one number decides", {"torch.rand(x.shape)": "torch.rand(1)"}),
        ("one number decides", {"torch.rand(x.shape)": "np.random.rand()"}),
        ("a seed is set inside", {"    mask =": "    torch.manual_seed(0)\n    mask ="}),
        (
            "a seed is set inside",
            """
def dropout(x, p, training):
    if not training:
        return x
    rng = np.random.default_rng(0)
    return x * torch.from_numpy(rng.random(tuple(x.shape)) > p) / (1 - p)
""",
        ),
        ("whole images are", {"torch.rand(x.shape)": "torch.rand(len(x), 1, 1, 1)"}),
        (
            "whole images are",
            """
def dropout(x, p, training):
    return torch.nn.functional.dropout2d(x, p, training)
""",
        ),
        ("whole columns", {"torch.rand(x.shape)": "torch.rand(x.shape[-1])"}),
        ("two things are wrong", {"> p": "< p", "if not training": "if training"}),
        ("two things are wrong", {"/ (1 - p)": "", "if not training": "if False"}),
        ("all images of the batch lose", {"x.shape": "x.shape[1:]", "/ (1 - p)": ""}),
        (
            "evaluation scales x too",
            """
def dropout(x, p, training):
    mask = torch.rand(x.shape) > p if training else 1
    return mask * x / (1 - p)
""",
        ),
        ("evaluation makes x smaller", {"return x\n": "return x * (1 - p)\n"}),
        (
            "it writes into x",
            """
def dropout(x, p, training):
    if not training:
        return x
    x[torch.rand(x.shape) < p] = 0
    return x / (1 - p)
""",
        ),
        (
            "stops at `return x.drop(p)`",
            """
def dropout(x, p, training):
    return x.drop(p)
""",
        ),
        ("it returns nothing", {"return mask * x / (1 - p)": "mask * x / (1 - p)"}),
        (
            "yours takes (x, p=0.5)",
            """
def dropout(x, p=0.5):
    return x
""",
        ),
        (
            "the mask is the wrong way",
            """
def dropout(x, p, training):
    if not training:
        return x
    return x * torch.bernoulli(torch.full_like(x, p)) / (1 - p)
""",
        ),
        (
            "the right share is dropped, but",
            """
def dropout(x, p, training):
    if not training:
        return x
    y = x.flatten().clone()
    y[torch.randperm(x.numel())[: int(p * x.numel())]] = 0
    return y.view_as(x)
""",
        ),
    ],
}

ANSWERS["check_sample_heights"] = {
    "right": [
        """
def sample_heights(n):
    child = torch.rand(n) < 0.6
    mean = torch.where(child, 128, 171)
    std = torch.where(child, 6, 9)
    return mean + std * torch.randn(n)
""",
        """
rng = np.random.default_rng(1)

def sample_heights(n):
    child = rng.choice([True, False], n, p=[0.6, 0.4])
    return np.where(child, rng.normal(128, 6, n), rng.normal(171, 9, n))
""",
        """
rng = np.random.default_rng()

def sample_heights(n):
    child = rng.random(n) < 0.6
    return torch.from_numpy(np.where(child, rng.normal(128, 6, n), rng.normal(171, 9, n)))
""",
        """
def sample_heights(n):
    groups = torch.distributions.Categorical(torch.tensor([0.6, 0.4]))
    people = torch.distributions.Normal(torch.tensor([128.0, 171.0]), torch.tensor([6.0, 9.0]))
    return torch.distributions.MixtureSameFamily(groups, people).sample((n,))
""",
        """
import random

def sample_heights(n):
    return [random.gauss(128, 6) if random.random() < 0.6 else random.gauss(171, 9) for _ in range(n)]
""",
        """
def sample_heights(n):
    k = int(torch.distributions.Binomial(n, torch.tensor(0.6)).sample())
    both = torch.cat([torch.normal(128.0, 6.0, (k,)), torch.normal(171.0, 9.0, (n - k,))])
    return both[torch.randperm(n)]
""",
        """
g = torch.Generator().manual_seed(3)

def sample_heights(n):
    adult = torch.bernoulli(torch.full((n,), 0.4), generator=g).long()
    mean, std = torch.tensor([128.0, 171.0])[adult], torch.tensor([6.0, 9.0])[adult]
    return mean + std * torch.randn(n, generator=g)
""",
    ],
    "wrong": [
        ("everybody is as tall", {"mean + std * torch.randn(n)": "torch.full((n,), 145.2)"}),
        ("one bell, with the right", {"mean + std * torch.randn(n)": "torch.normal(145.2, 22.3, (n,))"}),
        (
            "each person is a blend",
            {"mean + std": "0.6 * torch.normal(128, 6, (n,)) + 0.4 * torch.normal(171, 9, (n,)) + 0"},
        ),
        ("all of them come from one", {"torch.rand(n) < 0.6": "torch.tensor(True)"}),
        ("all of them come from one", {"torch.rand(n) < 0.6": "torch.tensor(False)"}),
        ("the shares have changed", {"< 0.6": "> 0.6"}),
        ("children and adults come in equal", {"0.6": "0.5"}),
        ("the groups are far too wide", {"std * torch": "std**2 * torch"}),
        ("the groups are too narrow", {"std * torch": "std.sqrt() * torch"}),
        ("nobody is smaller", {"torch.randn(n)": "torch.rand(n)"}),
        (
            "in every crowd exactly six",
            """
def sample_heights(n):
    k = int(0.6 * n)
    return torch.cat([128 + 6 * torch.randn(k), 171 + 9 * torch.randn(n - k)])
""",
        ),
        (
            "in every crowd exactly six",
            """
def sample_heights(n):
    k = int(0.6 * n)
    h = torch.cat([128 + 6 * torch.randn(k), 171 + 9 * torch.randn(n - k)])
    return h[torch.randperm(n)]
""",
        ),
        (
            "in every crowd exactly six",
            """
def sample_heights(n):
    k = round(0.6 * n)
    return np.random.permutation(np.concatenate([np.random.normal(128, 6, k), np.random.normal(171, 9, n - k)]))
""",
        ),
        (
            "all children come first",
            """
def sample_heights(n):
    k = int((torch.rand(n) < 0.6).sum())
    return torch.cat([128 + 6 * torch.randn(k), 171 + 9 * torch.randn(n - k)])
""",
        ),
        (
            "should have (3,)",
            """
def sample_heights(n):
    child = torch.rand(n, 1) < 0.6
    return torch.where(child, 128 + 6 * torch.randn(n), 171 + 9 * torch.randn(n))
""",
        ),
        (
            "should have (3,)",
            """
def sample_heights(n):
    return torch.normal(145.2, 22.3, (n, 1))
""",
        ),
        (
            "should have (3,)",
            """
def sample_heights(n):
    return 128 + 6 * torch.randn(1)
""",
        ),
        ("a seed is set inside", {"    child =": "    torch.manual_seed(0)\n    child ="}),
        (
            "a seed is set inside",
            {
                "child = torch.rand(n) < 0.6": "g = torch.Generator().manual_seed(0)\n    child = torch.rand(n, generator=g) < 0.6",
                "torch.randn(n)": "torch.randn(n, generator=g)",
            },
        ),
        ("randn chooses the group", {"torch.rand(n) < 0.6": "torch.randn(n) < 0.6"}),
        ("the two standard deviations have changed", {"child, 6, 9": "child, 9, 6"}),
        ("both groups vary by 9", {"std * torch.randn(n)": "9 * torch.randn(n)"}),
        ("both groups vary by 6", {"std * torch.randn(n)": "6 * torch.randn(n)"}),
        ("only 1 cm", {"std * torch.randn(n)": "torch.randn(n)"}),
        ("everybody is equally tall", {" + std * torch.randn(n)": ".float()"}),
        ("the means have changed", {"< 0.6": "> 0.6", "child, 6, 9": "child, 9, 6"}),
        ("the means have changed", {"child, 128, 171": "child, 171, 128"}),
        (
            "all of them come from one group",
            """
def sample_heights(n):
    if torch.rand(1) < 0.6:
        return 128 + 6 * torch.randn(n)
    return 171 + 9 * torch.randn(n)
""",
        ),
        (
            "each person is a blend",
            """
def sample_heights(n):
    return 0.6 * np.random.normal(128, 6, n) + 0.4 * np.random.normal(171, 9, n)
""",
        ),
        (
            "standard deviation of those below",
            """
def sample_heights(n):
    child = torch.rand(n) < 0.6
    return torch.where(child, 128 + 6 * torch.randn(1), 171 + 9 * torch.randn(1))
""",
        ),
        ("two things are wrong", {"< 0.6": "< 0.5", "child, 6, 9": "child, 9, 6"}),
        (
            "yours takes ()",
            """
def sample_heights():
    return 128 + 6 * torch.randn(10)
""",
        ),
    ],
}

ANSWERS["check_alpha_bar"] = {
    "right": [
        """
def my_alpha_bar(betas):
    return (1 - betas).cumprod(0)
""",
        """
def my_alpha_bar(betas):
    alphas = 1.0 - betas
    return torch.cumprod(alphas, dim=0)
""",
        """
def my_alpha_bar(betas):
    return np.cumprod(1 - betas.numpy())
""",
        """
def my_alpha_bar(betas):
    out, product = [], 1.0
    for beta in betas:
        product = product * (1 - beta)
        out.append(product)
    return torch.stack(out)
""",
        """
def my_alpha_bar(betas):
    return torch.log1p(-betas).cumsum(0).exp()
""",
        """
def my_alpha_bar(betas):
    return torch.tensor([(1 - betas[: t + 1]).prod() for t in range(len(betas))])
""",
    ],
    "wrong": [
        (
            "the betas come back",
            """
def my_alpha_bar(betas):
    return betas
""",
        ),
        ("a bar is missing", {".cumprod(0)": ""}),
        ("that is one number, the product", {".cumprod(0)": ".prod()"}),
        ("the factors are added up. Steps", {"cumprod": "cumsum"}),
        ("added up to one number", {".cumprod(0)": ".sum()"}),
        ("β itself is multiplied up", {"(1 - betas)": "betas"}),
        ("you take 1 minus the product", {"(1 - betas).cumprod(0)": "1 - betas.cumprod(0)"}),
        ("1 minus the sum", {"(1 - betas).cumprod(0)": "1 - betas.cumsum(0)"}),
        ("that is √ᾱ_t", {"(1 - betas)": "(1 - betas).sqrt()"}),
        ("that is √ᾱ_t", {".cumprod(0)": ".cumprod(0).sqrt()"}),
        ("that is 1-ᾱ_t", {"return ": "return 1 - "}),
        (
            "everything comes one step late",
            """
def my_alpha_bar(betas):
    ab = (1 - betas).cumprod(0)
    return torch.cat([torch.ones(1), ab[:-1]])
""",
        ),
        (
            "everything comes one step late",
            """
def my_alpha_bar(betas):
    return torch.tensor([(1 - betas[:t]).prod() for t in range(len(betas))])
""",
        ),
        (
            "one number too many",
            """
def my_alpha_bar(betas):
    out = [torch.tensor(1.0)]
    for beta in betas:
        out.append(out[-1] * (1 - beta))
    return torch.stack(out)
""",
        ),
        ("the product runs from the last", {"(1 - betas)": "(1 - betas).flip(0)"}),
        (
            "the product runs from the last",
            """
def my_alpha_bar(betas):
    return torch.tensor([(1 - betas[t:]).prod() for t in range(len(betas))])
""",
        ),
        (
            "multiplied by itself t times",
            """
def my_alpha_bar(betas):
    t = torch.arange(len(betas))
    return (1 - betas) ** t
""",
        ),
        (
            "multiplied by itself t times",
            """
def my_alpha_bar(betas):
    return (1 - betas) ** torch.arange(1, len(betas) + 1)
""",
        ),
        ("the image would grow", {"1 - betas": "1 + betas"}),
        ("it returns nothing", {"return ": ""}),
        ("stops at `return (1 - betas).cumprod()` with TypeError", {"cumprod(0)": "cumprod()"}),
        ("the factor is 1-√β", {"(1 - betas)": "(1 - betas.sqrt())"}),
    ],
}

ANSWERS["check_betas"] = {
    "right": [
        """
def my_betas(alpha_bar):
    before = torch.cat([torch.ones(1), alpha_bar[:-1]])
    return 1 - alpha_bar / before
""",
        """
def my_betas(alpha_bar):
    alphas = alpha_bar.clone()
    alphas[1:] = alpha_bar[1:] / alpha_bar[:-1]
    return 1 - alphas
""",
        """
def my_betas(alpha_bar):
    before, betas = 1.0, []
    for ab in alpha_bar.tolist():
        betas.append(1 - ab / before)
        before = ab
    return betas
""",
        """
def my_betas(alpha_bar):
    before = torch.nn.functional.pad(alpha_bar, (1, 0), value=1.0)[:-1]
    return (before - alpha_bar) / before
""",
        """
def my_betas(alpha_bar):
    log = alpha_bar.double().log()
    return -torch.expm1(log.diff(prepend=torch.zeros(1, dtype=log.dtype)))
""",
    ],
    "wrong": [
        (
            "ᾱ comes back",
            """
def my_betas(alpha_bar):
    return alpha_bar
""",
        ),
        ("that is α_t", {"1 - alpha_bar / before": "alpha_bar / before"}),
        ("that is 1-ᾱ_t", {" / before": ""}),
        ("the fraction stands on its head", {"alpha_bar / before": "before / alpha_bar"}),
        ("you subtract neighbours", {"1 - alpha_bar / before": "before - alpha_bar"}),
        (
            "At t=0 you divide by the last",
            """
def my_betas(alpha_bar):
    return 1 - alpha_bar / alpha_bar.roll(1)
""",
        ),
        (
            "At t=0 you divide by the last",
            """
def my_betas(alpha_bar):
    t = torch.arange(len(alpha_bar))
    return 1 - alpha_bar[t] / alpha_bar[t - 1]
""",
        ),
        ("At t=0 you get 0", {"torch.ones(1)": "alpha_bar[:1]"}),
        (
            "one number too few",
            """
def my_betas(alpha_bar):
    return 1 - alpha_bar[1:] / alpha_bar[:-1]
""",
        ),
        (
            "everything comes one step early",
            """
def my_betas(alpha_bar):
    ratio = alpha_bar[1:] / alpha_bar[:-1]
    return 1 - torch.cat([ratio, torch.ones(1)])
""",
        ),
        ("a root too many", {"alpha_bar / before": "(alpha_bar / before).sqrt()"}),
        ("that is √β_t", {"1 - alpha_bar / before": "(1 - alpha_bar / before).sqrt()"}),
        (
            "stops at `return 1 - alpha_bar / alpha_bar[:-1]`",
            """
def my_betas(alpha_bar):
    return 1 - alpha_bar / alpha_bar[:-1]
""",
        ),
    ],
}

ANSWERS["check_noisify"] = {
    "right": [
        """
def noisify(x0, alpha_bar, t):
    eps = torch.randn_like(x0)
    ab = alpha_bar[t].reshape(-1, 1, 1, 1)
    x_t = ab.sqrt() * x0 + (1 - ab).sqrt() * eps
    return x_t, eps
""",
        """
g = torch.Generator().manual_seed(5)

def noisify(x0, alpha_bar, t):
    n = torch.normal(0, 1, (7,))  # other draws than the check's own
    eps = torch.randn(*x0.shape, generator=g)
    return torch.stack([alpha_bar[i] ** 0.5 * x + (1 - alpha_bar[i]) ** 0.5 * e for x, i, e in zip(x0, t, eps)]), eps
""",
        """
rng = np.random.default_rng()

def my_noisify(x0, alpha_bar, t):
    eps = torch.from_numpy(rng.standard_normal(tuple(x0.shape))).float()
    ab = alpha_bar[t][:, None, None, None]
    return ab.sqrt() * x0 + (1 - ab).sqrt() * eps, eps
""",
        """
def my_noisify(x0, alpha_bar, t):
    eps = torch.from_numpy(np.random.randn(*x0.shape))
    a = alpha_bar.gather(0, t).view(-1, 1, 1, 1)
    x_t = torch.sqrt(a) * x0 + torch.sqrt(1.0 - a) * eps
    return [x_t, eps]
""",
        """
g = torch.Generator().manual_seed(7)

def my_noisify(x0, alpha_bar, t):
    eps = torch.randn(x0.shape, generator=g)
    signal, noise = alpha_bar[t] ** 0.5, (1 - alpha_bar[t]) ** 0.5
    return torch.einsum("n,nchw->nchw", signal, x0) + torch.einsum("n,nchw->nchw", noise, eps), eps
""",
        """
def my_noisify(x0, alpha_bar, t):
    eps = torch.normal(torch.zeros_like(x0), torch.ones_like(x0))
    ab = alpha_bar[t].unsqueeze(-1).unsqueeze(-1).unsqueeze(-1)
    return torch.lerp(x0, x0, 0.5) * ab.sqrt() + eps * (1 - ab).sqrt(), eps
""",
        """
def my_noisify(x0, alpha_bar, t):
    eps = torch.empty_like(x0).normal_()
    out = []
    for i in range(len(x0)):
        ab = alpha_bar[t[i]]
        out.append(ab.sqrt() * x0[i] + (1 - ab).sqrt() * eps[i])
    return torch.stack(out), eps
""",
        """
def my_noisify(x0, alpha_bar, t):
    eps = torch.randn_like(x0)
    ab = alpha_bar[t]
    x_t = (ab.sqrt() * x0.permute(1, 2, 3, 0) + (1 - ab).sqrt() * eps.permute(1, 2, 3, 0)).permute(3, 0, 1, 2)
    return x_t, eps
""",
    ],
    "wrong": [
        ("x_t is still the clean image", {"return x_t": "return x0"}),
        ("the weights are ᾱ_t and 1-ᾱ_t. These", {"ab.sqrt()": "ab", "(1 - ab).sqrt()": "(1 - ab)"}),
        ("the noise has its right weight", {"= ab.sqrt()": "= ab"}),
        ("the image has its right weight", {"(1 - ab).sqrt()": "(1 - ab)"}),
        ("the weight of the noise is 1-√ᾱ_t", {"(1 - ab).sqrt()": "(1 - ab.sqrt())"}),
        ("the image keeps its full size", {"ab.sqrt() * x0": "x0"}),
        ("the noise comes in at full strength", {"(1 - ab).sqrt() * eps": "eps"}),
        ("the two weights have changed", {"ab.sqrt() * x0 + (1 - ab).sqrt()": "(1 - ab).sqrt() * x0 + ab.sqrt()"}),
        ("x_t holds the opposite", {"x0 + (": "x0 - ("}),
        ("you read ᾱ one step too early", {"alpha_bar[t]": "alpha_bar[t - 1]"}),
        ("your eps is never negative", {"randn_like": "rand_like"}),
        (
            "all images get the same noise",
            {"torch.randn_like(x0)": "torch.randn(x0.shape[1:]).repeat(len(x0), 1, 1, 1)"},
        ),
        ("the eps that you return is not", {"return x_t, eps": "return x_t, torch.randn_like(x0)"}),
        ("x_t and eps come back in the wrong", {"return x_t, eps": "return eps, x_t"}),
        ("your n numbers meet the images at their last", {".reshape(-1, 1, 1, 1)": ""}),
        ("your n numbers meet the images at their rows", {".reshape(-1, 1, 1, 1)": ".reshape(-1, 1)"}),
        ("your n numbers meet the images at the channel axis", {".reshape(-1, 1, 1, 1)": ".reshape(-1, 1, 1)"}),
        (
            "x_t is still the clean image",
            """
def my_noisify(x0, alpha_bar, t):
    eps = torch.randn_like(x0)
    ab = alpha_bar[t].reshape(-1, 1, 1, 1)
    return x0, eps
""",
        ),
        ("Check the brackets", {"(1 - ab).sqrt()": "(1 - torch.sqrt(ab))"}),
        ("ᾱ_t is squared", {"(1 - ab).sqrt()": "(1 - ab**2).sqrt()"}),
        ("the image is made fainter, but no noise", {" + (1 - ab).sqrt() * eps": ""}),
        ("x_t holds noise only", {"ab.sqrt() * x0 + ": ""}),
        ("uniform between -1 and 1", {"torch.randn_like(x0)": "2 * torch.rand_like(x0) - 1"}),
        ("each image gets a single random", {"torch.randn_like(x0)": "torch.randn(len(x0), 1, 1, 1).expand_as(x0)"}),
        ("all images get the same noise", {"torch.randn_like(x0)": "torch.randn_like(x0[0]).expand_as(x0)"}),
        ("a seed is set inside", {"    eps =": "    torch.manual_seed(42)\n    eps ="}),
        (
            "a seed is set inside",
            {"torch.randn_like(x0)": "torch.randn(x0.shape, generator=torch.Generator().manual_seed(0))"},
        ),
        (
            "already multiplied by its weight",
            {
                "eps = torch.randn_like(x0)\n    ab = alpha_bar[t].reshape(-1, 1, 1, 1)": "ab = alpha_bar[t].reshape(-1, 1, 1, 1)\n    eps = (1 - ab).sqrt() * torch.randn_like(x0)",
                "(1 - ab).sqrt() * eps\n": "eps\n",
            },
        ),
        ("already multiplied by its weight", {"return x_t, eps": "return x_t, (1 - ab).sqrt() * eps"}),
        ("you return x_t - x0", {"return x_t, eps": "return x_t, x_t - x0"}),
        ("you return x0 as the second", {"return x_t, eps": "return x_t, x0"}),
        ("x_t is clamped", {"return x_t, eps": "return x_t.clamp(-1, 1), eps"}),
        ("every image gets the timestep of the first", {"alpha_bar[t].reshape(-1, 1, 1, 1)": "alpha_bar[t[0]]"}),
        ("a running product already", {"alpha_bar[t]": "alpha_bar.cumprod(0)[t]"}),
        ("every image gets the last", {"alpha_bar[t].reshape(-1, 1, 1, 1)": "alpha_bar[-1]"}),
        ("it returns one thing, and should return 2", {"return x_t, eps": "return x_t"}),
        (
            "it writes into x0",
            """
def my_noisify(x0, alpha_bar, t):
    eps = torch.randn_like(x0)
    ab = alpha_bar[t].reshape(-1, 1, 1, 1)
    x0 *= ab.sqrt()
    return x0 + (1 - ab).sqrt() * eps, eps
""",
        ),
        ("two things are wrong", {".reshape(-1, 1, 1, 1)": "", "ab.sqrt() * x0": "ab * x0"}),
        ("two things are wrong", {".reshape(-1, 1, 1, 1)": "", "(1 - ab).sqrt()": "(1 - ab)", "ab.sqrt()": "ab"}),
        ("two things are wrong", {".reshape(-1, 1, 1, 1)": ".reshape(-1, 1)", "(1 - ab).sqrt()": "(1 - ab)"}),
        ("two things are wrong", {"randn_like": "rand_like", "ab.sqrt() * x0": "x0"}),
        ("two things are wrong", {"randn_like": "rand_like", ".reshape(-1, 1, 1, 1)": ""}),
        ("two things are wrong", {"return x_t, eps": "return eps, x_t", "(1 - ab).sqrt()": "(1 - ab)"}),
        (
            "the weights are ᾱ_t and 1-ᾱ_t",
            """
def my_noisify(x0, alpha_bar, t):
    eps = torch.randn_like(x0)
    ab = alpha_bar[t].view(-1, 1, 1, 1)
    return torch.lerp(eps, x0, ab), eps
""",
        ),
        ("stops at `ab = alpha_bar(t)`", {"alpha_bar[t].reshape(-1, 1, 1, 1)": "alpha_bar(t)"}),
        ("stops at `x_t =", {"ab.sqrt() * x0": "sqrt(ab) * x0"}),
        ("stops at `x_t =", {"ab.sqrt() * x0": "np.sqrt(ab, x0) * x0"}),
    ],
}

ANSWERS["check_x0_from_eps"] = {
    "right": [
        """
def undo(x_t, eps, alpha_bar, t):
    ab = alpha_bar[t].reshape(-1, 1, 1, 1)
    return (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()
""",
        """
def undo(x_t, eps, alpha_bar, t):
    ab = alpha_bar.double().index_select(0, t)[:, None, None, None]
    return (ab**-0.5 * x_t - (1 / ab - 1) ** 0.5 * eps).clamp(-1, 1)
""",
        """
def undo(x_t, eps, alpha_bar, t):
    ab = alpha_bar[t].view(-1, 1, 1, 1)
    noise = torch.sqrt(1 - ab) * eps
    image = x_t - noise
    return image / torch.sqrt(ab)
""",
        """
def undo(x_t, eps, alpha_bar, t):
    a, b = alpha_bar[t].sqrt()[:, None, None, None], (1 - alpha_bar[t]).sqrt()[:, None, None, None]
    return x_t / a - b / a * eps
""",
        """
def undo(x_t, eps, alpha_bar, t):
    return torch.stack([(x - (1 - alpha_bar[i]) ** 0.5 * e) / alpha_bar[i] ** 0.5 for x, e, i in zip(x_t, eps, t)])
""",
        """
def undo(x_t, eps, alpha_bar, t):
    ab = alpha_bar[t].numpy().reshape(-1, 1, 1, 1)
    return (x_t.numpy() - np.sqrt(1 - ab) * eps.numpy()) / np.sqrt(ab)
""",
    ],
    "wrong": [
        ("x_t comes back as it was", {"(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "x_t"}),
        ("the noise is gone, but the image is still as faint", {"/ ab.sqrt()": ""}),
        ("the image has its full size again", {"- (1 - ab).sqrt() * eps": ""}),
        ("too much noise is taken", {"(1 - ab).sqrt() * ": ""}),
        ("ᾱ_t and 1-ᾱ_t are shares", {"ab.sqrt()": "ab", "(1 - ab).sqrt()": "(1 - ab)"}),
        ("the right noise is taken away", {"/ ab.sqrt()": "/ ab"}),
        ("you divide by the right number", {"(1 - ab).sqrt()": "(1 - ab)"}),
        ("the noise is added a second", {"x_t - ": "x_t + "}),
        ("the noise is gone, and the image is fainter", {"/ ab": "* ab"}),
        ("you read ᾱ one step too early", {"alpha_bar[t]": "alpha_bar[t - 1]"}),
        ("everything below 0 is gone", {"return (": "return torch.clamp((", "/ ab.sqrt()": "/ ab.sqrt(), 0, 1)"}),
        ("your n numbers meet the images at their last", {".reshape(-1, 1, 1, 1)": ""}),
        ("your n numbers meet the images at their rows", {".reshape(-1, 1, 1, 1)": ".reshape(-1, 1)"}),
        ("your n numbers meet the images at the channel axis", {".reshape(-1, 1, 1, 1)": ".reshape(-1, 1, 1)"}),
        (
            "all of ε is subtracted, and the image stays",
            {"return (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "return x_t - eps"},
        ),
        (
            "only the noise is divided",
            {"(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "x_t - (1 - ab).sqrt() * eps / ab.sqrt()"},
        ),
        (
            "only the noise is divided",
            {"(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "x_t - ((1 - ab).sqrt() * eps) / ab.sqrt()"},
        ),
        ("you subtract (1-√ᾱ_t)", {"(1 - ab).sqrt()": "(1 - ab.sqrt())"}),
        ("the two weights have changed", {"(1 - ab).sqrt()": "ab.sqrt()", "/ ab.sqrt()": "/ (1 - ab).sqrt()"}),
        ("you divide by the weight of the noise", {"/ ab.sqrt()": "/ (1 - ab).sqrt()"}),
        ("ε is multiplied by the weight of the image", {"(1 - ab).sqrt() *": "ab.sqrt() *"}),
        ("fresh noise is subtracted", {"* eps)": "* torch.randn_like(x_t))"}),
        ("every image gets the timestep of the first", {"alpha_bar[t].reshape(-1, 1, 1, 1)": "alpha_bar[t[0]]"}),
        ("two things are wrong", {"/ ab.sqrt()": "/ ab", ".reshape(-1, 1, 1, 1)": ""}),
        ("two things are wrong", {"x_t - ": "x_t + ", "/ ab.sqrt()": ""}),
        ("two things are wrong", {"(1 - ab).sqrt()": "(1 - ab)", ".reshape(-1, 1, 1, 1)": ""}),
        ("two things are wrong", {"(1 - ab).sqrt() * ": "", "/ ab.sqrt()": "/ ab"}),
        ("holds NaN", {"(1 - ab).sqrt()": "(ab - 1).sqrt()"}),
        (
            "it writes into x_t",
            """
def undo(x_t, eps, alpha_bar, t):
    ab = alpha_bar[t].reshape(-1, 1, 1, 1)
    x_t -= (1 - ab).sqrt() * eps
    return x_t / ab.sqrt()
""",
        ),
    ],
}

ANSWERS["check_training_loss"] = {
    "right": [
        """
def my_loss(model, x0, schedule):
    t = torch.randint(schedule.T, (len(x0),))
    eps = torch.randn_like(x0)
    ab = schedule.alpha_bar[t].reshape(-1, 1, 1, 1)
    x_t = ab.sqrt() * x0 + (1 - ab).sqrt() * eps
    return ((model(x_t, t) - eps) ** 2).mean()
""",
        """
def my_loss(model, x0, schedule):
    (x_t, t), eps = ddpm_widgets.noisify(x0, schedule)
    return torch.nn.functional.mse_loss(model(x_t, t), eps)
""",
        """
rng = np.random.default_rng()

def my_loss(model, x0, schedule):
    t = torch.from_numpy(rng.integers(0, schedule.T, len(x0)))
    eps = torch.from_numpy(rng.standard_normal(tuple(x0.shape)).astype(np.float32))
    x_t = schedule.sqrt_alpha_bar[t][:, None, None, None] * x0 + schedule.sqrt_one_minus_alpha_bar[t][:, None, None, None] * eps
    return (eps - model(x_t, t)).pow(2).mean()
""",
        """
def my_loss(model, x0, schedule):
    n = x0.shape[0]
    t = (torch.rand(n) * schedule.T).long()
    eps = torch.randn(n, *x0.shape[1:])
    ab = schedule.alpha_bar[t].view(n, 1, 1, 1)
    pred = model(x0 * ab**0.5 + eps * (1 - ab) ** 0.5, t)
    return (pred - eps).square().sum() / eps.numel()
""",
        """
g = torch.Generator().manual_seed(1)

def my_loss(model, x0, schedule):
    t = torch.randint(0, schedule.T, (x0.shape[0],), generator=g)
    (x_t, t), eps = ddpm_widgets.noisify(x0, schedule, t=t, generator=g)
    loss = torch.nn.MSELoss()
    return loss(model(x_t, t), eps)
""",
        """
def my_loss(model, x0, schedule):
    return ddpm_widgets.ddpm.training_loss(model, x0, schedule.betas)
""",
    ],
    "wrong": [
        ("is compared with the clean image", {"- eps)": "- x0)"}),
        ("is compared with x_t", {"- eps)": "- x_t)"}),
        ("already multiplied by its weight", {"- eps)": "- (1 - ab).sqrt() * eps)"}),
        ("fresh noise, which nobody", {"- eps)": "- torch.randn_like(x0))"}),
        (
            "fresh noise, which nobody",
            """
def my_loss(model, x0, schedule):
    (x_t, t), _ = ddpm_widgets.noisify(x0, schedule)
    eps = torch.randn_like(x0)
    return ((model(x_t, t) - eps) ** 2).mean()
""",
        ),
        ("are added: the error", {"- eps)": "+ eps)"}),
        ("nothing is compared with it", {"(model(x_t, t) - eps)": "model(x_t, t)"}),
        ("sees the clean image", {"model(x_t, t)": "model(x0, t)"}),
        ("sees the noise alone", {"model(x_t, t)": "model(eps, t)"}),
        ("the image keeps its full size", {"ab.sqrt() * x0": "x0"}),
        ("full strength", {"(1 - ab).sqrt() * eps\n": "eps\n"}),
        ("roots are missing", {"ab.sqrt()": "ab", "(1 - ab).sqrt()": "(1 - ab)"}),
        ("the root has to cover", {"(1 - ab).sqrt()": "(1 - ab.sqrt())"}),
        ("the noise has the weight 1-ᾱ_t", {"(1 - ab).sqrt()": "(1 - ab)"}),
        ("the image has the weight ᾱ_t", {"= ab.sqrt()": "= ab"}),
        ("have changed places", {"ab.sqrt() * x0 + (1 - ab).sqrt() * eps": "(1 - ab).sqrt() * x0 + ab.sqrt() * eps"}),
        ("drawn by rand", {"randn_like": "rand_like"}),
        ("all images get the same noise", {"torch.randn_like(x0)": "torch.randn(x0.shape[1:])"}),
        ("are summed. Take their mean", {".mean()": ".sum()"}),
        ("averaged over the images only", {".mean()": ".sum() / len(x0)"}),
        ("averaged over the images only", {".mean()": ".sum((1, 2, 3)).mean()"}),
        (
            "mean absolute error",
            """
def my_loss(model, x0, schedule):
    (x_t, t), eps = ddpm_widgets.noisify(x0, schedule)
    return (model(x_t, t) - eps).abs().mean()
""",
        ),
        (
            "mean absolute error",
            """
def my_loss(model, x0, schedule):
    (x_t, t), eps = ddpm_widgets.noisify(x0, schedule)
    return torch.nn.functional.l1_loss(model(x_t, t), eps)
""",
        ),
        ("no root in equation 14", {".mean()": ".mean().sqrt()"}),
        ("taken first and then squared", {"((model(x_t, t) - eps) ** 2).mean()": "(model(x_t, t) - eps).mean() ** 2"}),
        ("is not squared", {" ** 2": ""}),
        ("come back one by one", {".mean()": ""}),
        ("without .item()", {".mean()": ".mean().item()"}),
        ("no gradient reaches", {"model(x_t, t)": "model(x_t, t).detach()"}),
        (
            "no gradient reaches",
            {
                "return ((model(x_t, t) - eps) ** 2).mean()": "with torch.no_grad():\n        return ((model(x_t, t) - eps) ** 2).mean()"
            },
        ),
        ("no gradient reaches", {"def my": "@torch.no_grad()\ndef my"}),
        (
            "get the same timestep",
            {
                "(len(x0),)": "(1,)",
                "= schedule.alpha_bar[t]": "= schedule.alpha_bar[t]",
                "model(x_t, t)": "model(x_t, t.expand(len(x0)))",
            },
        ),
        (
            "get the same timestep",
            {"torch.randint(schedule.T, (len(x0),))": "torch.full((len(x0),), int(torch.randint(schedule.T, ())))"},
        ),
        ("t=0 is never drawn", {"randint(schedule.T": "randint(1, schedule.T"}),
        ("the last timestep is never", {"randint(schedule.T": "randint(0, schedule.T - 1"}),
        ("t is always the last", {"torch.randint(schedule.T, (len(x0),))": "torch.full((len(x0),), schedule.T - 1)"}),
        ("follow each other in order", {"torch.randint(schedule.T, (len(x0),))": "torch.arange(len(x0)) % schedule.T"}),
        ("other timesteps than those", {"model(x_t, t)": "model(x_t, torch.randint(schedule.T, (len(x0),)))"}),
        ("other timesteps than those", {"model(x_t, t)": "model(x_t, torch.zeros(len(x0)))"}),
        ("other timesteps than those", {"model(x_t, t)": "model(x_t, t[torch.randperm(len(t))])"}),
        ("t has the shape (n, 1)", {"model(x_t, t)": "model(x_t, t[:, None])"}),
        ("should have (3,)", {"model(x_t, t)": "model(x_t, t[0])"}),
        ("evaluation mode", {"    t =": "    model.eval()\n    t ="}),
        ("a seed is set inside", {"    t =": "    torch.manual_seed(0)\n    t ="}),
        (
            "it calls backward itself",
            {
                "return ((model(x_t, t) - eps) ** 2).mean()": "loss = ((model(x_t, t) - eps) ** 2).mean()\n    loss.backward()\n    return loss"
            },
        ),
        ("it returns nothing", {"return ((": "((", "mean()": "mean().backward()"}),
        ("the network is asked 0 times", {"model(x_t, t)": "x_t"}),
        (
            "t must hold whole numbers",
            """
def my_loss(model, x0, schedule):
    t = torch.rand(len(x0)) * (schedule.T - 1)
    ab = schedule.alpha_bar[t.long()].reshape(-1, 1, 1, 1)
    eps = torch.randn_like(x0)
    return ((model(ab.sqrt() * x0 + (1 - ab).sqrt() * eps, t) - eps) ** 2).mean()
""",
        ),
        ("two things are wrong", {".mean()": ".sum()", "- eps)": "- x0)"}),
        ("two things are wrong", {"randn_like": "rand_like", ".mean()": ".sum()"}),
        ("two things are wrong", {"(1 - ab).sqrt()": "(1 - ab)", "randint(schedule.T": "randint(1, schedule.T"}),
        ("stops at `ab = ", {"schedule.alpha_bar[t]": "schedule.alphabar[t]"}),
        (
            "the share of t in the first quarter",
            """
def my_loss(model, x0, schedule):
    (x_t, t), eps = ddpm_widgets.noisify(x0, schedule, t=3)
    return torch.nn.functional.mse_loss(model(x_t, t), eps)
""",
        ),
    ],
}

ANSWERS["check_largest_loss"] = {
    "right": [
        """
class LargestLoss:
    largest, step = 0.0, None

    def after_step(self, learn):
        loss = learn.loss.item()
        if loss > self.largest:
            self.largest = loss
            self.step = learn.steps
""",
        """
class LargestLoss(ddpm_widgets.Callback):
    def __init__(self):
        self.seen = []

    def after_step(self, learn):
        self.seen.append((learn.loss.detach(), learn.steps))
        self.largest, self.step = max(self.seen)
""",
        """
class LargestLoss:
    largest, step = 0.0, None

    def after_step(self, learn):
        if float(learn.loss) > self.largest:
            self.largest, self.step = float(learn.loss), learn.steps
""",
        """
class LargestLoss:
    def before_fit(self, learn):
        self.largest, self.step = -float("inf"), None

    def after_step(self, learn):
        loss = learn.loss.detach().cpu().numpy()
        if loss > self.largest:
            self.largest, self.step = loss.item(), learn.steps
""",
        """
from ddpm_widgets import TrainCB

class LargestLoss(TrainCB):
    largest, step = 0.0, None

    def after_step(self, learn):
        if learn.loss > self.largest:
            self.largest = learn.loss.detach()
            self.step = learn.steps
""",
        """
class LargestLoss:
    def __init__(self):
        self.losses, self.steps = [], []

    def after_step(self, learn):
        self.losses.append(learn.loss.item())
        self.steps.append(learn.steps)

    @property
    def largest(self):
        return max(self.losses)

    @property
    def step(self):
        return self.steps[self.losses.index(self.largest)]
""",
    ],
    "wrong": [
        ("nothing has been kept", {"        loss = learn.loss.item()\n": "        return\n"}),
        ("nothing has been kept", {"loss > self.largest": "loss < self.largest"}),
        ("you keep the loss of the last", {"if loss > self.largest": "if True"}),
        ("that is the smallest loss", {"= 0.0,": "= float('inf'),", "loss > self.largest": "loss < self.largest"}),
        ("you keep the first loss", {"loss > self.largest": "not self.largest"}),
        ("the step", {"learn.steps": "learn.iter"}),
        ("the step", {"learn.steps": "learn.steps - 1"}),
        ("the loss is right, but the step moves", {"            self.step =": "        self.step ="}),
        ("the step is set, the loss is not", {"self.largest = loss": "largest = loss"}),
        ("the loss is kept, its step is not", {"self.step =": "step ="}),
        ("right numbers, but `largest` is still", {"learn.loss.item()": "learn.loss"}),
        (
            "you count the steps yourself, from 1",
            """
class LargestLoss:
    largest, step, n = 0.0, None, 0

    def after_step(self, learn):
        self.n += 1
        if learn.loss.item() > self.largest:
            self.largest, self.step = learn.loss.item(), self.n
""",
        ),
        (
            "you count the steps yourself, from 1",
            """
class LargestLoss:
    def __init__(self):
        self.losses, self.step = [], None

    def after_step(self, learn):
        self.losses.append(learn.loss.item())
        self.largest = max(self.losses)
        self.step = self.losses.index(self.largest) + 1
""",
        ),
        (
            "you count the steps yourself, from 0",
            """
class LargestLoss:
    def __init__(self):
        self.losses = []

    def after_step(self, learn):
        self.losses.append(learn.loss.item())
        self.largest = max(self.losses)
        self.step = self.losses.index(self.largest)
""",
        ),
        ("the step is one too large", {"learn.steps": "learn.steps + 1"}),
        ("`step` holds the epoch", {"learn.steps": "learn.epoch"}),
        ("the losses are added up", {"self.largest = loss": "self.largest += loss"}),
        ("compared to a fixed number", {"loss > self.largest": "loss > 0.5"}),
        ("has no method after_step", {"after_step": "after_loss"}),
        ("has no method after_step", {"after_step": "after_batch"}),
        (
            "nothing has been kept",
            """
class LargestLoss:
    largest, step = 0.0, None

    def after_step(self, learn):
        largest, step = max(self.largest, learn.loss.item()), learn.steps
""",
        ),
        ("two things are wrong", {"learn.loss.item()": "learn.loss", "learn.steps": "learn.iter"}),
        ("two things are wrong", {"learn.loss.item()": "learn.loss", "loss > self.largest": "True"}),
        (
            "stops at `if learn.loss > largest:`",
            """
class LargestLoss:
    largest, step = 0.0, None

    def after_step(self, learn):
        if learn.loss > largest:
            self.largest, self.step = learn.loss.item(), learn.steps
""",
        ),
        ("stops at `loss = learn.loss.items()`", {"learn.loss.item()": "learn.loss.items()"}),
        ("pass LargestLoss itself", "LargestLoss = 3\n"),
    ],
}

ANSWERS["check_mended_callback"] = {
    "right": [
        """
linear = ddpm_widgets.linear_schedule()

class Mended(ddpm_widgets.TrainCB):
    def before_batch(self, learn):
        x0, _ = learn.batch
        t = torch.randint(1000, (len(x0),))
        eps = torch.randn_like(x0)
        ab = linear.alpha_bar[t].reshape(-1, 1, 1, 1)
        x_t = ab.sqrt() * x0 + (1 - ab).sqrt() * eps
        learn.batch = (x_t, t), eps

    def predict(self, learn):
        learn.preds = learn.model(*learn.batch[0])
""",
        """
class Mended(ddpm_widgets.TrainCB):
    def before_batch(self, learn):
        learn.batch = ddpm_widgets.noisify(learn.batch[0], ddpm_widgets.linear_schedule())

    def predict(self, learn):
        learn.preds = learn.model(*learn.batch[0])
""",
        """
linear = ddpm_widgets.linear_schedule()

class Mended:
    def __init__(self):
        self.g = torch.Generator().manual_seed(0)

    def before_batch(self, learn):
        x0 = learn.batch[0]
        t = torch.randint(0, linear.T, (x0.shape[0],), generator=self.g)
        learn.batch = ddpm_widgets.noisify(x0, linear, t=t)

    def predict(self, learn):
        (x_t, t), _ = learn.batch
        learn.preds = learn.model(x_t, t)
""",
        """
linear = ddpm_widgets.linear_schedule()
rng = np.random.default_rng()

class Mended(ddpm_widgets.TrainCB):
    def before_batch(self, learn):
        x0, _ = learn.batch
        t = torch.from_numpy(rng.integers(0, 1000, len(x0)))
        noise = torch.from_numpy(rng.standard_normal(tuple(x0.shape)).astype("float32"))
        a, b = (rate[t][:, None, None, None] for rate in (linear.sqrt_alpha_bar, linear.sqrt_one_minus_alpha_bar))
        learn.batch = (a * x0 + b * noise, t), noise

    def predict(self, learn):
        learn.preds = learn.model(*learn.batch[0])
""",
    ],
    "wrong": [
        ("fresh noise, which nobody", {"(1 - ab).sqrt() * eps": "(1 - ab).sqrt() * torch.randn_like(x0)"}),
        ("fresh noise, which nobody", {"(x_t, t), eps": "(x_t, t), torch.randn_like(x0)"}),
        ("compared with the clean image", {"(x_t, t), eps": "(x_t, t), x0"}),
        ("compared with x_t", {"(x_t, t), eps": "(x_t, t), x_t"}),
        ("already multiplied", {"(x_t, t), eps": "(x_t, t), (1 - ab).sqrt() * eps"}),
        ("sees the clean image", {"(x_t, t), eps": "(x0, t), eps"}),
        ("the noise alone", {"(x_t, t), eps": "(eps, t), eps"}),
        ("the weight 1-ᾱ_t", {"(1 - ab).sqrt()": "(1 - ab)"}),
        ("roots are missing", {"ab.sqrt()": "ab", "(1 - ab).sqrt()": "(1 - ab)"}),
        ("the image has the weight ᾱ_t", {"= ab.sqrt()": "= ab"}),
        ("full strength", {"(1 - ab).sqrt() * eps": "eps"}),
        ("keeps its full size", {"ab.sqrt() * x0": "x0"}),
        ("changed places", {"ab.sqrt() * x0 + (1 - ab).sqrt() * eps": "(1 - ab).sqrt() * x0 + ab.sqrt() * eps"}),
        ("the same timestep", {"torch.randint(1000, (len(x0),))": "torch.randint(1000, (1,)).expand(len(x0))"}),
        ("always the last", {"torch.randint(1000, (len(x0),))": "torch.full((len(x0),), 999)"}),
        (
            "other timesteps than",
            {
                "learn.model(*learn.batch[0])": "learn.model(learn.batch[0][0], torch.randint(1000, (len(learn.batch[0][1]),)))"
            },
        ),
        ("other timesteps than", {"(x_t, t), eps": "(x_t, t * 0), eps"}),
        ("drawn by rand", {"randn_like": "rand_like"}),
        ("a seed is set inside", {"        t = ": "        torch.manual_seed(0)\n        t = "}),
        ("are added", {"(x_t, t), eps": "(x_t, t), -eps"}),
        ("two things are wrong", {"(1 - ab).sqrt()": "(1 - ab)", "(x_t, t), eps": "(x_t, t), x0"}),
    ],
}

ANSWERS["check_posterior_mean"] = {
    "right": [
        """
def my_mean(x_t, x0, t, schedule):
    ab, prev = schedule.alpha_bar[t], schedule.alpha_bar_prev[t]
    of_x0 = prev.sqrt() * schedule.betas[t] / (1 - ab)
    of_x_t = schedule.alphas[t].sqrt() * (1 - prev) / (1 - ab)
    return of_x0 * x0 + of_x_t * x_t
""",
        """
def my_mean(x_t, x0, t, s):
    prev = s.alpha_bar[t - 1] if t > 0 else torch.tensor(1.0)
    return (prev**0.5 * s.betas[t] * x0 + (1 - s.betas[t]) ** 0.5 * (1 - prev) * x_t) / (1 - s.alpha_bar[t])
""",
        """
def my_mean(x_t, x0, t, s):
    eps = (x_t - s.alpha_bar[t].sqrt() * x0) / (1 - s.alpha_bar[t]).sqrt()
    return (x_t - s.betas[t] / (1 - s.alpha_bar[t]).sqrt() * eps) / s.alphas[t].sqrt()
""",
        """
def my_mean(x_t, x0, t, schedule):
    ab, prev, b = (float(v[t]) for v in (schedule.alpha_bar, schedule.alpha_bar_prev, schedule.betas))
    a = prev**0.5 * b / (1 - ab)
    return x0 * a + x_t * ((1 - b) ** 0.5 * (1 - prev) / (1 - ab))
""",
    ],
    "wrong": [
        ("both weights use ᾱ_t", {"schedule.alpha_bar_prev[t]": "schedule.alpha_bar[t]"}),
        ("At t=0 alpha_bar[t-1]", {"schedule.alpha_bar_prev[t]": "schedule.alpha_bar[t - 1]"}),
        ("have changed places", {"of_x0 * x0 + of_x_t * x_t": "of_x_t * x0 + of_x0 * x_t"}),
        ("stands ᾱ_{t-1}: its root", {"prev.sqrt()": "prev"}),
        ("the factor √ᾱ_{t-1} is missing", {"prev.sqrt() * ": ""}),
        ("the factor β_t is missing", {" * schedule.betas[t]": ""}),
        ("stands √α_t", {"prev.sqrt()": "schedule.alphas[t].sqrt()"}),
        ("stands √ᾱ_t: it should be √ᾱ_{t-1}", {"prev.sqrt()": "ab.sqrt()"}),
        ("the weight of x̂0 is not divided", {"schedule.betas[t] / (1 - ab)": "schedule.betas[t]"}),
        ("stands α_t: its root", {"alphas[t].sqrt()": "alphas[t]"}),
        ("the factor √α_t", {"schedule.alphas[t].sqrt() * ": ""}),
        ("stands √ᾱ_t: it should be √α_t", {"schedule.alphas[t].sqrt()": "ab.sqrt()"}),
        ("the weight of x_t is not divided", {"(1 - prev) / (1 - ab)": "(1 - prev)"}),
        ("1 minus it is missing", {"(1 - prev)": "prev"}),
        ("brackets are missing below the line:", {"/ (1 - ab)": "/ 1 - ab"}),
        ("x̂0 is missing from", {"of_x0 * x0 + ": ""}),
        ("x_t is missing from", {" + of_x_t * x_t": ""}),
        ("without their weights", {"of_x0 * x0 + of_x_t * x_t": "x0 + x_t"}),
        ("x0 comes back", {"return of_x0 * x0 + of_x_t * x_t": "return x0"}),
        ("x̂0 enters the blend whole", {"of_x0 * x0": "x0"}),
        ("x_t enters the blend whole", {"of_x_t * x_t": "x_t"}),
        ("two things are wrong", {"prev.sqrt()": "prev", "alphas[t].sqrt()": "alphas[t]"}),
        ("two things are wrong", {"prev.sqrt()": "prev", "schedule.alpha_bar_prev[t]": "schedule.alpha_bar[t - 1]"}),
        ("two things are wrong", {"schedule.alphas[t].sqrt()": "ab.sqrt()", "prev.sqrt() * ": ""}),
        ("stops at `ab, prev =", {"alpha_bar_prev": "alpha_bar_previous"}),
    ],
}

ANSWERS["check_sampler_step"] = {
    "right": [
        """
def step(x_t, eps, t, z, s):
    mean = (x_t - s.betas[t] / (1 - s.alpha_bar[t]).sqrt() * eps) / s.alphas[t].sqrt()
    return mean + s.betas[t].sqrt() * z if t > 0 else mean
""",
        """
def step(x_t, eps, t, z, s):
    ab, prev = s.alpha_bar[t], s.alpha_bar[t - 1] if t else torch.tensor(1.0)
    x0 = (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()
    x0 = x0.clamp(-1, 1)
    of_x0, of_x_t = prev.sqrt() * s.betas[t] / (1 - ab), s.alphas[t].sqrt() * (1 - prev) / (1 - ab)
    return of_x0 * x0 + of_x_t * x_t + s.sigmas[t] * z * bool(t)
""",
        """
def my_step(x_t, eps, t, z, schedule):
    ab, prev = schedule.alpha_bar[t], schedule.alpha_bar_prev[t]
    x0 = (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()
    mean = prev.sqrt() * schedule.betas[t] / (1 - ab) * x0 + schedule.alphas[t].sqrt() * (1 - prev) / (1 - ab) * x_t
    return mean + schedule.sigmas[t] * z if t > 0 else mean
""",
        """
def my_mean(x_t, x0, t, s):
    prev, ab = s.alpha_bar_prev[t], s.alpha_bar[t]
    return prev.sqrt() * s.betas[t] / (1 - ab) * x0 + s.alphas[t].sqrt() * (1 - prev) / (1 - ab) * x_t

def my_step(x_t, eps, t, z, s):
    x0 = (x_t - s.sqrt_one_minus_alpha_bar[t] * eps) / s.sqrt_alpha_bar[t]
    x = my_mean(x_t, x0.clamp(-1, 1), t, s)
    if t == 0:
        return x
    return x + s.betas[t].sqrt() * z
""",
        """
def my_step(x_t, eps, t, z, s):
    noise = z * s.sigmas[t] if t != 0 else torch.zeros_like(z)
    return 1 / s.alphas[t] ** 0.5 * (x_t - (1 - s.alphas[t]) / (1 - s.alpha_bar[t]) ** 0.5 * eps) + noise
""",
        """
def my_step(x_t, eps, t, z, s):
    a, ab, b = s.alphas[t].numpy(), s.alpha_bar[t].numpy(), s.betas[t].numpy()
    mean = (x_t.numpy() - b / np.sqrt(1 - ab) * eps.numpy()) / np.sqrt(a)
    return mean + (t > 0) * np.sqrt(b) * z.numpy()
""",
    ],
    "wrong": [
        ("x_t comes back", {"mean =": "return x_t\n    mean ="}),
        ("right down to t=1. At t=0 you add noise", {"if t > 0 else mean": ""}),
        ("the mean is right, and the noise z is never", {"+ s.betas[t].sqrt() * z": ""}),
        ("z is multiplied by β_t", {"+ s.betas[t].sqrt()": "+ s.betas[t]"}),
        ("this uses √β̃_t", {"+ s.betas[t].sqrt()": "+ s.posterior_sigmas[t]"}),
        ("the noise that the network sees is added", {"x_t - ": "x_t + "}),
        ("the noise that the network sees is added", {"FROM": 1, "x_t - (1": "x_t + (1"}),
        (
            "the noise that the network sees is added",
            {"FROM": 1, "x_t - (1": "x_t + (1", "    x0 = x0.clamp(-1, 1)\n": ""},
        ),
        ("ε̂ has the wrong weight", {"(1 - s.alpha_bar[t]).sqrt()": "(1 - s.alpha_bar[t])"}),
        ("a root is missing: the noise in x_t", {" / (1 - s.alpha_bar[t]).sqrt()": ""}),
        ("all of ε̂ is taken away", {"s.betas[t] / (1 - s.alpha_bar[t]).sqrt() * eps": "eps"}),
        ("the mean is divided by α_t. ", {"s.alphas[t].sqrt()": "s.alphas[t]"}),
        ("the mean is divided by √ᾱ_t", {"s.alphas[t].sqrt()": "s.alpha_bar[t].sqrt()"}),
        ("the noise is taken away, but the step in", {"/ s.alphas[t].sqrt()": ""}),
        (
            "guess x̂0 itself",
            {
                "s.betas[t] / (1 - s.alpha_bar[t]).sqrt()": "(1 - s.alpha_bar[t]).sqrt()",
                "s.alphas[t]": "s.alpha_bar[t]",
            },
        ),
        ("both weights use ᾱ_t", {"FROM": 1, "s.alpha_bar[t - 1] if t else torch.tensor(1.0)": "s.alpha_bar[t]"}),
        ("right down to t=1. At t=0 alpha_bar[t-1]", {"FROM": 1, "if t else torch.tensor(1.0)": ""}),
        ("the weights of the guess and of x_t", {"FROM": 1, "of_x0 * x0 + of_x_t * x_t": "of_x_t * x0 + of_x0 * x_t"}),
        ("the guess is clamped to [0, 1]", {"FROM": 1, "clamp(-1, 1)": "clamp(0, 1)"}),
        ("the guess x̂0 is divided by ᾱ_t", {"FROM": 1, "/ ab.sqrt()": "/ ab"}),
        ("the guess x̂0 is divided by ᾱ_t", {"FROM": 1, "/ ab.sqrt()": "/ ab", "    x0 = x0.clamp(-1, 1)\n": ""}),
        (
            "that is the first line",
            """
def my_step(x_t, eps, t, z, schedule):
    ab = schedule.alpha_bar[t]
    x0 = (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()
    return x0  # the blend and the noise: and this one
""",
        ),
        (
            "that is the first line",
            """
def my_step(x_t, eps, t, z, schedule):
    x0 = (x_t - schedule.sqrt_one_minus_alpha_bar[t] * eps) / schedule.sqrt_alpha_bar[t]
    return x0.clamp(-1, 1)
""",
        ),
        ("the blend is right, but x_t stands", {"FROM": 2, "(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "x_t"}),
        (
            "the network's answer is not used",
            """
def my_step(x_t, eps, t, z, schedule):
    if t == 0:
        return x_t
    return x_t + schedule.sigmas[t] * z
""",
        ),
        (
            "you add noise to the guess",
            {
                "FROM": 2,
                "return mean + schedule.sigmas[t] * z if t > 0 else mean": "return x0 + schedule.sigmas[t] * z if t > 0 else x0",
            },
        ),
        ("noise of your own", {"FROM": 2, "* z": "* torch.randn_like(x_t)"}),
        ("noise of your own", {"s.betas[t].sqrt() * z": "s.betas[t].sqrt() * torch.randn(x_t.shape)"}),
        ("z comes in at full strength", {"FROM": 2, "schedule.sigmas[t] * z": "z"}),
        ("z is multiplied by β_t", {"FROM": 2, "schedule.sigmas[t] * z": "schedule.betas[t] * z"}),
        ("√σ_t", {"FROM": 2, "schedule.sigmas[t] * z": "schedule.sigmas[t].sqrt() * z"}),
        ("the noise of all steps together", {"FROM": 2, "schedule.sigmas[t] * z": "(1 - ab).sqrt() * z"}),
        ("z is subtracted", {"FROM": 2, "+ schedule.sigmas[t] * z": "- schedule.sigmas[t] * z"}),
        ("at t=1 the noise is missing", {"FROM": 2, "t > 0": "t > 1"}),
        ("At t=0 you add noise", {"FROM": 2, " if t > 0 else mean": ""}),
        ("At t=0 you add noise", {"FROM": 2, "t > 0": "t >= 0"}),
        ("the noise z is never", {"FROM": 2, " + schedule.sigmas[t] * z if t > 0 else mean": ""}),
        (
            "the guess uses α_t",
            {
                "FROM": 2,
                "(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "(x_t - (1 - schedule.alphas[t]).sqrt() * eps) / schedule.alphas[t].sqrt()",
            },
        ),
        (
            "the guess uses α_t",
            {
                "FROM": 2,
                "(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "((x_t - schedule.betas[t].sqrt() * eps) / schedule.alphas[t].sqrt()).clamp(-1, 1)",
            },
        ),
        (
            "put brackets around",
            {"FROM": 2, "(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "x_t - (1 - ab).sqrt() * eps / ab.sqrt()"},
        ),
        (
            "put brackets around",
            {
                "(x_t - s.betas[t] / (1 - s.alpha_bar[t]).sqrt() * eps) / s.alphas[t].sqrt()": "x_t - s.betas[t] / (1 - s.alpha_bar[t]).sqrt() * eps / s.alphas[t].sqrt()"
            },
        ),
        ("the guess is not divided", {"FROM": 2, "* eps) / ab.sqrt()": "* eps)"}),
        ("the root covers all", {"FROM": 2, "(1 - ab).sqrt() * eps": "(1 - ab.sqrt()) * eps"}),
        ("the root covers all", {"(1 - s.alpha_bar[t]).sqrt()": "(1 - s.alpha_bar[t].sqrt())"}),
        (
            "both roots are missing",
            {"FROM": 2, "(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "(x_t - (1 - ab) * eps) / ab"},
        ),
        ("both weights of equation 4", {"FROM": 2, "(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "x_t - eps"}),
        ("a root is missing: the noise in x_t", {"FROM": 2, "(1 - ab).sqrt() * eps": "(1 - ab) * eps"}),
        (
            "a root is missing: the noise in x_t",
            {
                "FROM": 2,
                "(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "((x_t - (1 - ab) * eps) / ab.sqrt()).clamp(-1, 1)",
            },
        ),
        ("ε̂ has the wrong weight", {"FROM": 2, "(1 - ab).sqrt() * eps": "eps"}),
        (
            "the two weights have changed",
            {"FROM": 2, "(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "(x_t - ab.sqrt() * eps) / (1 - ab).sqrt()"},
        ),
        ("brackets are missing below the line", {"FROM": 2, "/ (1 - ab)": "/ 1 - ab"}),
        (
            "brackets are missing below the line",
            {"s.betas[t] / (1 - s.alpha_bar[t]).sqrt()": "s.betas[t] / 1 - s.alpha_bar[t]"},
        ),
        ("ε̂ is divided by √(1-α_t)", {"(1 - s.alpha_bar[t]).sqrt()": "(1 - s.alphas[t]).sqrt()"}),
        ("has √β_t above the line", {"s.betas[t] / (1": "s.betas[t].sqrt() / (1"}),
        ("multiplied by √α_t", {"/ s.alphas[t].sqrt()": "* s.alphas[t].sqrt()"}),
        ("stands √ᾱ_t: it should be √α_t", {"FROM": 2, "schedule.alphas[t].sqrt()": "ab.sqrt()"}),
        ("in the weight of x̂0 the factor √ᾱ_{t-1}", {"FROM": 2, "mean = prev.sqrt() * ": "mean = "}),
        ("stands ᾱ_{t-1}: its root", {"FROM": 2, "mean = prev.sqrt()": "mean = prev"}),
        ("stands α_t: its root", {"FROM": 2, "schedule.alphas[t].sqrt()": "schedule.alphas[t]"}),
        (
            "two things are wrong",
            {"FROM": 2, " if t > 0 else mean": "", "schedule.sigmas[t] * z": "schedule.betas[t] * z"},
        ),
        (
            "two things are wrong",
            {"FROM": 2, "(1 - ab).sqrt() * eps": "(1 - ab) * eps", "schedule.sigmas[t] * z": "schedule.betas[t] * z"},
        ),
        (
            "two things are wrong",
            {"(1 - s.alpha_bar[t]).sqrt()": "(1 - s.alpha_bar[t])", "s.alphas[t].sqrt()": "s.alphas[t]"},
        ),
        ("two things are wrong", {"x_t - ": "x_t + ", " if t > 0 else mean": ""}),
        ("two things are wrong", {"FROM": 2, "x_t - (": "x_t + (", "schedule.sigmas[t] * z": "z"}),
        (
            "two things are wrong",
            {
                "FROM": 2,
                "schedule.alpha_bar_prev[t]": "schedule.alpha_bar[t - 1]",
                "schedule.alphas[t].sqrt()": "schedule.alphas[t]",
            },
        ),
        (
            "two things are wrong",
            {"FROM": 2, "x0 + schedule": "x0 + schedule", "/ ab.sqrt()": "/ ab", " if t > 0 else mean": ""},
        ),
        ("stops at `x0 = ", {"FROM": 2, "ab.sqrt()\n": "sqrt(ab)\n"}),
        (
            "called as my_step(x_t, eps, t, z, schedule), and yours takes (x_t, eps, t, schedule)",
            {
                "FROM": 2,
                "t, z, schedule)": "t, schedule)",
                "schedule.sigmas[t] * z": "schedule.sigmas[t] * torch.randn_like(x_t)",
            },
        ),
        (
            "that is DDIM's step",
            """
def my_step(x_t, eps, t, z, s):
    x0 = (x_t - (1 - s.alpha_bar[t]).sqrt() * eps) / s.alpha_bar[t].sqrt()
    return s.alpha_bar_prev[t].sqrt() * x0 + (1 - s.alpha_bar_prev[t]).sqrt() * eps
""",
        ),
        ("no noise is taken away", {"FROM": 2, "(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "x_t / ab.sqrt()"}),
    ],
}

ANSWERS["check_sampler"] = {
    "right": [
        """
@torch.no_grad()
def sample(model, s, n):
    model.eval()
    x = torch.randn(n, 1, 32, 32)
    for t in reversed(range(s.T)):
        eps = model(x, torch.full((n,), t))
        x = (x - s.betas[t] / (1 - s.alpha_bar[t]).sqrt() * eps) / s.alphas[t].sqrt()
        if t > 0:
            z = torch.randn(x.shape)
            x = x + s.sigmas[t] * z
    return x
""",
        """
def sample(model, schedule, n):
    return ddpm_widgets.sample(model, schedule, n, shape=(1, 32, 32), progress=False)
""",
        """
def stands_alone(model, schedule, n):
    model.eval()
    x = torch.randn(n, 1, 32, 32)
    with torch.no_grad():
        for t in range(schedule.T - 1, -1, -1):
            eps = model(x, torch.tensor([t] * n))
            x0 = ((x - schedule.sqrt_one_minus_alpha_bar[t] * eps) / schedule.sqrt_alpha_bar[t]).clamp(-1, 1)
            ab, prev = schedule.alpha_bar[t], schedule.alpha_bar_prev[t]
            x = prev.sqrt() * schedule.betas[t] / (1 - ab) * x0 + schedule.alphas[t].sqrt() * (1 - prev) / (1 - ab) * x
            if t:
                x = x + schedule.sigmas[t] * torch.randn_like(x)
    return x.clamp(-1, 1)
""",
        """
rng = np.random.default_rng()

@torch.inference_mode()
def stands_alone(model, schedule, n):
    model.train(False)
    x = torch.from_numpy(rng.standard_normal((n, 1, 32, 32))).float()
    for t in torch.arange(schedule.T).flip(0):
        eps = model(x, t.repeat(n))
        x = (x - schedule.betas[t] / (1 - schedule.alpha_bar[t]) ** 0.5 * eps) / schedule.alphas[t] ** 0.5
        z = torch.from_numpy(rng.standard_normal((n, 1, 32, 32))).float()
        x = x + (t > 0) * schedule.betas[t] ** 0.5 * z
    return x
""",
        """
g = torch.Generator().manual_seed(11)

def stands_alone(model, schedule, n):
    was, x = model.training, torch.randn(n, 1, 32, 32, generator=g)
    model.eval()
    t = schedule.T - 1
    while t >= 0:
        eps = model(x, torch.ones(n, dtype=torch.long) * t).detach()
        x = (x - schedule.betas[t] / schedule.sqrt_one_minus_alpha_bar[t] * eps) / schedule.alphas[t].sqrt()
        x = x + (schedule.sigmas[t] * torch.randn(x.shape, generator=g) if t > 0 else 0)
        t -= 1
    model.train(was)
    return x
""",
        """
def my_step(x_t, eps, t, z, s):
    mean = (x_t - s.betas[t] / (1 - s.alpha_bar[t]).sqrt() * eps) / s.alphas[t].sqrt()
    return mean + s.sigmas[t] * z if t > 0 else mean

@torch.no_grad()
def stands_alone(model, schedule, n):
    model.eval()
    x = torch.randn(n, 1, 32, 32)
    for t in reversed(range(schedule.T)):
        eps = model(x, torch.full((n,), t))
        x = my_step(x, eps, t, torch.randn_like(x), schedule)
    return x
""",
    ],
    "wrong": [
        ("the network is never asked", {"reversed(range(s.T))": "[]"}),
        ("the network is still in training", {"model.eval()": "model"}),
        ("the pictures are right, but PyTorch", {"@torch.no_grad()\n": ""}),
        ("the steps are right, but the network", {"@torch.no_grad()\n": "", "model.eval()": ""}),
        ("the timesteps run upwards", {"reversed(range(s.T))": "range(s.T)"}),
        ("the last step is missing", {"reversed(range(s.T))": "range(s.T - 1, 0, -1)"}),
        ("the first step is missing", {"reversed(range(s.T))": "reversed(range(s.T - 1))"}),
        ("right down to t=1", {"if t > 0": "if True"}),
        ("no step adds noise", {"if t > 0": "if False"}),
        ("the noise of each step is multiplied", {"s.sigmas[t]": "s.betas[t]"}),
        ("this uses √β̃_t", {"s.sigmas[t]": "s.posterior_sigmas[t]"}),
        (
            "every step adds the same",
            {"            z = torch.randn(x.shape)\n": "", "    for": "    z = torch.randn(x.shape)\n    for"},
        ),
        ("all images get the same", {"z = torch.randn(x.shape)": "z = torch.randn(1, 1, 32, 32)"}),
        ("you start from uniform", {"torch.randn(n,": "torch.rand(n,"}),
        ("you start from an even grey", {"torch.randn(n,": "torch.zeros(n,"}),
        ("t has the shape (n, 1)", {"torch.full((n,), t)": "torch.full((n, 1), t)"}),
        ("t has the shape (1,)", {"torch.full((n,), t)": "torch.tensor([t])"}),
        ("t has the shape (n, 1, 1, 1)", {"torch.full((n,), t)": "torch.full((n, 1, 1, 1), t)"}),
        ("clamped to [0, 1] at the end", {"    return x\n": "    return x.clamp(0, 1)\n"}),
        ("shifted to [0, 1]", {"    return x\n": "    return (x + 1) / 2\n"}),
        ("shifted to [0, 1]", {"    return x\n": "    return x * 0.5 + 0.5\n"}),
        ("shifted to [0, 1]", {"    return x\n": "    return ((x + 1) / 2).clamp(0, 1)\n"}),
        (
            "all images start from the same",
            {"torch.randn(n, 1, 32, 32)": "torch.randn(1, 1, 32, 32).repeat(n, 1, 1, 1)"},
        ),
        (
            "all images start from the same",
            {"torch.randn(n, 1, 32, 32)": "torch.randn(1, 32, 32).expand(n, 1, 32, 32)"},
        ),
        ("a seed is set inside", {"    x = torch.randn(n,": "    torch.manual_seed(0)\n    x = torch.randn(n,"}),
        (
            "a seed is set inside",
            {"torch.randn(n, 1, 32, 32)": "torch.randn(n, 1, 32, 32, generator=torch.Generator().manual_seed(0))"},
        ),
        ("every step adds the same", {"            z =": "            torch.manual_seed(t * 0)\n            z ="}),
        (
            "every x_t is clamped",
            {
                "            x = x + s.sigmas[t] * z\n": "            x = x + s.sigmas[t] * z\n        x = x.clamp(-1, 1)\n"
            },
        ),
        ("only one step is taken", {"reversed(range(s.T))": "[s.T - 1]"}),
        (
            "the network is asked, but nothing",
            {
                "        x = (x - s.betas[t] / (1 - s.alpha_bar[t]).sqrt() * eps) / s.alphas[t].sqrt()\n        if t > 0:\n            z = torch.randn(x.shape)\n            x = x + s.sigmas[t] * z\n": ""
            },
        ),
        (
            "each step jumps to the guess x̂0.",
            {
                "        x = (x - s.betas[t] / (1 - s.alpha_bar[t]).sqrt() * eps) / s.alphas[t].sqrt()\n        if t > 0:\n            z = torch.randn(x.shape)\n            x = x + s.sigmas[t] * z\n": "        x = (x - (1 - s.alpha_bar[t]).sqrt() * eps) / s.alpha_bar[t].sqrt()\n"
            },
        ),
        (
            "each step jumps to the guess x̂0 and",
            {
                "s.betas[t] / (1 - s.alpha_bar[t]).sqrt()": "(1 - s.alpha_bar[t]).sqrt()",
                "s.alphas[t]": "s.alpha_bar[t]",
            },
        ),
        (
            "each step subtracts all",
            {
                "        x = (x - s.betas[t] / (1 - s.alpha_bar[t]).sqrt() * eps) / s.alphas[t].sqrt()\n        if t > 0:\n            z = torch.randn(x.shape)\n            x = x + s.sigmas[t] * z\n": "        x = x - eps\n"
            },
        ),
        ("z is drawn by rand", {"torch.randn(x.shape)": "torch.rand(x.shape)"}),
        ("at full strength", {"s.sigmas[t] * z": "z"}),
        ("at t=1 the noise", {"if t > 0": "if t > 1"}),
        ("no step adds noise", {"s.sigmas[t] * z": "s.sigmas[t] * 0"}),
        ("the result has the shape (3, 32, 32)", {"    return x\n": "    return x[:, 0]\n"}),
        ("the result has the shape (3, 32, 32)", {"    return x\n": "    return x.squeeze()\n"}),
        ("it returns nothing", {"    return x\n": ""}),
        ("should have (3, 1, 32, 32)", {"torch.randn(n, 1, 32, 32)": "torch.randn(n, 1, 28, 28)"}),
        ("should have (3, 1, 32, 32)", {"torch.randn(n, 1, 32, 32)": "torch.randn(n, 3, 32, 32)"}),
        ("it asks the network 6 times", {"reversed(range(s.T))": "reversed(range(1, s.T - 1))"}),
        ("two things are wrong", {"model.eval()": "model", "if t > 0": "if True"}),
        ("two things are wrong", {"@torch.no_grad()\n": "", "torch.randn(n,": "torch.rand(n,"}),
        ("two things are wrong", {"model.eval()": "model", "s.sigmas[t]": "s.betas[t]"}),
        ("two things are wrong", {"@torch.no_grad()\n": "", "    return x\n": "    return (x + 1) / 2\n"}),
        ("stops at `eps = model(x, t, n)`", {"model(x, torch.full((n,), t))": "model(x, t, n)"}),
        ("stops at `eps = model(x)`", {"model(x, torch.full((n,), t))": "model(x)"}),
        ("stops at `x = (x", {"s.alphas[t].sqrt()": "math.sqrt(s.alphas[t])"}),
    ],
}

ANSWERS["check_posterior_sigmas"] = {
    "right": [
        """
def small_sigmas(linear):
    ab, prev, beta = linear.alpha_bar, linear.alpha_bar_prev, linear.betas
    return ((1 - prev) / (1 - ab) * beta).sqrt()
""",
        """
def small_sigmas(schedule):
    out = [0.0]
    for t in range(1, schedule.T):
        out.append((schedule.betas[t] * (1 - schedule.alpha_bar[t - 1]) / (1 - schedule.alpha_bar[t])).item() ** 0.5)
    return out
""",
        """
def small_sigmas(schedule):
    return schedule.posterior_sigmas
""",
        """
def small_sigmas(schedule):
    variance = (1 - schedule.alpha_bar_prev) * schedule.betas / (1 - schedule.alpha_bar)
    return torch.sqrt(variance)
""",
        """
def small_sigmas(schedule):
    before = torch.cat([torch.ones(1), schedule.alpha_bar[:-1]])
    return ((1 - before) / (1 - schedule.alpha_bar)) ** 0.5 * schedule.betas**0.5
""",
        """
def small_sigmas(schedule):
    s = schedule
    return (s.betas.numpy() * (1 - s.alpha_bar_prev.numpy()) / (1 - s.alpha_bar.numpy())) ** 0.5
""",
        """
def small_sigmas(schedule):
    one_over = 1 / (1 - schedule.alpha_bar_prev) + schedule.alphas / schedule.betas
    return one_over ** -0.5
""",
        """
def small_sigmas(schedule):
    image, noisy = 1 - schedule.alpha_bar_prev, schedule.betas / schedule.alphas
    return (image * noisy / (image + noisy)).sqrt()
""",
    ],
    "wrong": [
        ("that is √β_t, the larger", {"((1 - prev) / (1 - ab) * beta)": "beta"}),
        ("that is √β_t, the larger", {"1 - prev": "1 - ab"}),
        ("that is β̃_t itself", {".sqrt()": ""}),
        ("that is β_t: a variance", {"((1 - prev) / (1 - ab) * beta).sqrt()": "beta"}),
        ("the fraction is right, but β_t", {" * beta": ""}),
        ("the root covers the fraction", {"* beta).sqrt()": ").sqrt() * beta"}),
        ("the root covers β_t", {"* beta).sqrt()": ") * beta.sqrt()"}),
        ("the fraction stands on its head", {"(1 - prev) / (1 - ab)": "(1 - ab) / (1 - prev)"}),
        ("right from t=1 on. At t=0", {"linear.alpha_bar_prev": "linear.alpha_bar[torch.arange(linear.T) - 1]"}),
        ("below the line stands 1-α_t", {"1 - ab": "1 - linear.alphas"}),
        ("the fraction is of ᾱ", {"(1 - prev) / (1 - ab)": "prev / ab"}),
        ("the fraction alone", {" * beta).sqrt()": ")"}),
        ("you divide by β_t", {"* beta": "/ beta"}),
        ("β_t is added", {"* beta": "+ beta"}),
        ("above the line stands 1-α_t", {"1 - prev": "1 - linear.alphas"}),
        ("above the line stands ᾱ_{t-1}", {"(1 - prev)": "prev"}),
        ("below the line stands ᾱ_t", {"(1 - ab)": "ab"}),
        ("multiplied by α_t", {"* beta": "* linear.alphas"}),
        ("that is β̃_t squared", {".sqrt()": "**2"}),
        ("two things are wrong", {"1 - ab": "1 - linear.alphas", ".sqrt()": ""}),
        (
            "two things are wrong",
            {"linear.alpha_bar_prev": "linear.alpha_bar[torch.arange(linear.T) - 1]", ".sqrt()": ""},
        ),
        ("holds NaN", {"(1 - prev)": "(prev - 1)"}),
        ("holds NaN", {"(1 - prev) / (1 - ab)": "1 - prev / 1 - ab"}),
        ("stops at `return ((1 - prev)", {"* beta": "* betas"}),
        (
            "should have (12,)",
            """
def small_sigmas(schedule):
    t = schedule.T - 1
    return ((1 - schedule.alpha_bar_prev[t]) / (1 - schedule.alpha_bar[t]) * schedule.betas[t]).sqrt()
""",
        ),
        (
            "under the root stands √β_t",
            """
def small_sigmas(s):
    return ((1 - s.alpha_bar_prev) / (1 - s.alpha_bar)).sqrt() * s.sigmas.sqrt()
""",
        ),
        ("the two variances are added", {"((1 - prev) / (1 - ab) * beta)": "(1 - prev + beta / linear.alphas)"}),
        ("one over the variance", {"((1 - prev) / (1 - ab) * beta).sqrt()": "1 / (1 - prev) + linear.alphas / beta"}),
        ("one over the variance", {"((1 - prev) / (1 - ab) * beta)": "(1 / (1 - prev) + linear.alphas / beta)"}),
        (
            "that is β̃_t itself",
            {"((1 - prev) / (1 - ab) * beta).sqrt()": "1 / (1 / (1 - prev) + linear.alphas / beta)"},
        ),
        ("it is β_t/α_t", {"((1 - prev) / (1 - ab) * beta)": "(1 / (1 / (1 - prev) + 1 / beta))"}),
        (
            "you take the variance 1-ᾱ_t",
            {"((1 - prev) / (1 - ab) * beta)": "(1 / (1 / (1 - ab) + linear.alphas / beta))"},
        ),
        ("the two variances are multiplied", {"((1 - prev) / (1 - ab) * beta)": "((1 - prev) * beta / linear.alphas)"}),
        (
            "one over the standard deviations",
            """
def small_sigmas(schedule):
    image = (1 - schedule.alpha_bar_prev).sqrt()
    noisy = (schedule.betas / schedule.alphas).sqrt()
    return 1 / (1 / image + 1 / noisy)
""",
        ),
    ],
}

ANSWERS["check_step_change"] = {
    "right": [
        """
def step_change(x):
    moved = x[1:] - x[:-1]
    return moved.pow(2).mean((1, 2, 3, 4)).sqrt()
""",
        """
def step_change(x):
    return [float(np.sqrt(np.mean((b.numpy() - a.numpy()) ** 2))) for a, b in zip(x, x[1:])]
""",
        """
def step_change(x):
    return (x[1:] - x[:-1]).flatten(1).square().mean(1).sqrt()
""",
        """
def step_change(x):
    d = torch.diff(x, dim=0)
    return torch.linalg.vector_norm(d, dim=(1, 2, 3, 4)) / d[0].numel() ** 0.5
""",
        """
def step_change(x):
    return torch.stack([torch.nn.functional.mse_loss(b, a).sqrt() for a, b in zip(x, x[1:])])
""",
        """
def step_change(x):
    moved = x[:-1] - x[1:]
    return (moved * moved).mean(dim=[1, 2, 3, 4]) ** 0.5
""",
    ],
    "wrong": [
        ("changes up and changes down", {".pow(2)": "", ".sqrt()": ""}),
        ("that is the mean of the absolute", {".pow(2)": ".abs()", ".sqrt()": ""}),
        ("that is the mean of the absolute", {".pow(2)": ".pow(2).sqrt()", ")).sqrt()": "))"}),
        ("that is the mean square", {".sqrt()": ""}),
        ("that is the root of the sum", {".mean(": ".sum("}),
        ("that is the standard deviation", {".pow(2).mean((1, 2, 3, 4)).sqrt()": ".std((1, 2, 3, 4))"}),
        ("that is how far each picture is from the first", {"x[:-1]": "x[0]"}),
        ("that is how far each picture is from the last", {"x[1:] - x[:-1]": "x[-1] - x[:-1]"}),
        (
            "you subtract two sizes",
            """
def step_change(x):
    size = x.pow(2).mean((1, 2, 3, 4)).sqrt()
    return size[1:] - size[:-1]
""",
        ),
        ("that is the size of each picture", {"x[1:] - x[:-1]": "x"}),
        ("you have one number for each step and each", {"(1, 2, 3, 4)": "(2, 3, 4)"}),
        ("you have one number for all", {"(1, 2, 3, 4)": ""}),
        ("one number too many", {"x[1:] - x[:-1]": "torch.cat([torch.zeros_like(x[:1]), x[1:] - x[:-1]])"}),
        ("first and then squared", {"moved.pow(2).mean((1, 2, 3, 4)).sqrt()": "moved.mean((1, 2, 3, 4)).pow(2)"}),
        (
            "changes up and changes down",
            """
def step_change(x):
    return (x[1:] - x[:-1]).mean((1, 2, 3, 4)).abs()
""",
        ),
        ("that is the sum of the squares", {".mean(": ".sum(", ".sqrt()": ""}),
        ("the largest change of any", {".pow(2).mean((1, 2, 3, 4)).sqrt()": ".abs().amax((1, 2, 3, 4))"}),
        ("two steps apart", {"x[1:] - x[:-1]": "x[2:] - x[:-2]"}),
        ("neighbours are added", {"x[1:] - x[:-1]": "x[1:] + x[:-1]"}),
        ("take the root for each image", {".mean((1, 2, 3, 4)).sqrt()": ".mean((2, 3, 4)).sqrt().mean(1)"}),
        ("neighbouring images", {"x[1:] - x[:-1]": "x[:, 1:] - x[:, :-1]"}),
        ("neighbouring pixels", {"x[1:] - x[:-1]": "x.diff()"}),
        ("one number for each image, and want", {"(1, 2, 3, 4)": "(0, 2, 3, 4)"}),
        ("two things are wrong", {"x[:-1]": "x[0]", ".sqrt()": ""}),
        ("two things are wrong", {"x[:-1]": "x[0]", "(1, 2, 3, 4)": "(2, 3, 4)"}),
        (
            "the list of changes has the shape",
            """
def step_change(x):
    return x[1:] - x[:-1]
""",
        ),
        ("stops at `moved = x[1:] - x`", {"x[1:] - x[:-1]": "x[1:] - x"}),
        ("of absolute changes", {".pow(2)": ".abs()"}),
    ],
}

ANSWERS["check_wrapped_predict"] = {
    "right": [
        """
class Wrapped(torch.nn.Module):
    def __init__(self, unet):
        super().__init__()
        self.unet = unet

    def forward(self, batch):
        x_t, t = batch
        return self.unet(x_t, t).sample
""",
        """
def wrap(net):
    class Pair(torch.nn.Sequential):
        def forward(self, pair):
            return self[0](*pair, return_dict=False)[0]

    return Pair(net)
""",
        """
class Wrapped(torch.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, batch):
        return self.net(*batch)["sample"]
""",
        """
class Wrapped(torch.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, batch):
        return self.net(batch[0], batch[1])[0]
""",
        """
class Wrapped(torch.nn.Module):
    def __init__(self, net):
        super(Wrapped, self).__init__()
        self.inner = torch.nn.ModuleList([net])

    def forward(self, xt):
        x, t = xt
        out = self.inner[0](sample=x, timestep=t)
        return out.to_tuple()[0]
""",
        """
class Wrapped(torch.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.add_module("net", net)

    def forward(self, batch):
        (out,) = self.net(*batch, return_dict=False)
        return out
""",
    ],
    "wrong": [
        ("the noisy images come back", {"self.unet(x_t, t).sample": "x_t"}),
        ("it returns the object", {".sample": ""}),
        ("the network gets one argument", {"self.unet(x_t, t)": "self.unet(batch)"}),
        ("forward takes two arguments", {"self, batch": "self, x_t, t", "        x_t, t = batch\n": ""}),
        ("the network is told t=0", {"self.unet(x_t, t)": "self.unet(x_t, 0)"}),
        ("x_t and t have changed", {"self.unet(x_t, t)": "self.unet(t, x_t)"}),
        ("right answers, but the wrapper has no", {"= unet": "= [unet]", "self.unet(": "self.unet[0]("}),
        ("nn.Module has to be initialised", {"        super().__init__()\n": ""}),
        ("right answers, but no gradient", {"    def forward": "    @torch.no_grad()\n    def forward"}),
        ("right answers, but no gradient", {".sample": ".sample.detach()"}),
        ("the pair comes back", {"self.unet(x_t, t).sample": "batch"}),
        ("return the tensor alone", {".sample": ".to_tuple()"}),
        ("return the tensor alone", {"self.unet(x_t, t).sample": "self.unet(x_t, t, return_dict=False)"}),
        ("the network gets one argument", {"self.unet(x_t, t)": "self.unet(x_t)"}),
        ("gets the timestep of the first", {"self.unet(x_t, t)": "self.unet(x_t, t[0])"}),
        ("only the first image", {".sample": ".sample[0]"}),
        ("and no 'samples'", {".sample": ".samples"}),
        (
            "it makes no nn.Module",
            """
def Wrapped(net):
    return lambda batch: net(*batch).sample
""",
        ),
        ("stops at `return unet(x_t, t).sample`", {"self.unet(x_t": "unet(x_t"}),
        ("it returns nothing", {"return self.unet": "self.unet"}),
        (
            "right answers, but no gradient",
            {"return self.unet(x_t, t).sample": "with torch.no_grad():\n            return self.unet(x_t, t).sample"},
        ),
        ("two things are wrong", {"self.unet(x_t, t)": "self.unet[0](x_t, 0)", "= unet": "= [unet]"}),
        (
            "has no parameters",
            """
class Wrapped(torch.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.ask = lambda x, t: net(x, t).sample

    def forward(self, batch):
        return self.ask(*batch)
""",
        ),
    ],
}

ANSWERS["check_v_target"] = {
    "right": [
        """
def v_target(x0, eps, alpha_bar, t):
    ab = alpha_bar[t].reshape(-1, 1, 1, 1)
    return ab.sqrt() * eps - (1 - ab).sqrt() * x0
""",
        """
def v_target(x0, eps, alpha_bar, t):
    angle = alpha_bar[t].sqrt().arccos().view(len(t), 1, 1, 1)
    return angle.cos() * eps - angle.sin() * x0
""",
        """
def v_target(x0, eps, alpha_bar, t):
    a, b = alpha_bar[t].sqrt().view(-1, 1, 1, 1), (1 - alpha_bar[t]).sqrt().view(-1, 1, 1, 1)
    return a * eps - b * x0
""",
        """
def v_target(x0, eps, alpha_bar, t):
    return torch.stack([alpha_bar[i] ** 0.5 * e - (1 - alpha_bar[i]) ** 0.5 * x for x, e, i in zip(x0, eps, t)])
""",
        """
def v_target(x0, eps, alpha_bar, t):
    ab = alpha_bar[t][:, None, None, None].numpy()
    return np.sqrt(ab) * eps.numpy() - np.sqrt(1 - ab) * x0.numpy()
""",
    ],
    "wrong": [
        ("that is still ε itself", {"return": "return eps #"}),
        ("that is x0 itself", {"return": "return x0 #"}),
        ("check the sign of x0", {"eps - (": "eps + ("}),
        (
            "that is -v",
            {"return ab.sqrt() * eps - (1 - ab).sqrt() * x0": "return (1 - ab).sqrt() * x0 - ab.sqrt() * eps"},
        ),
        (
            "the weights have changed places",
            {"ab.sqrt() * eps - (1 - ab).sqrt() * x0": "(1 - ab).sqrt() * eps - ab.sqrt() * x0"},
        ),
        ("that is x_t.", {"ab.sqrt() * eps - (1 - ab).sqrt() * x0": "ab.sqrt() * x0 + (1 - ab).sqrt() * eps"}),
        ("the weights are ᾱ_t and 1-ᾱ_t", {"ab.sqrt()": "ab", "(1 - ab).sqrt()": "(1 - ab)"}),
        ("the weight of ε is ᾱ_t", {"return ab.sqrt()": "return ab"}),
        ("the weight of x0 is 1-ᾱ_t", {"(1 - ab).sqrt()": "(1 - ab)"}),
        ("you read ᾱ one step too early", {"alpha_bar[t]": "alpha_bar[t - 1]"}),
        ("your n numbers meet the images at their last", {".reshape(-1, 1, 1, 1)": ""}),
        ("your n numbers meet the images at their rows", {".reshape(-1, 1, 1, 1)": ".reshape(-1, 1)"}),
        ("your n numbers meet the images at the channel axis", {".reshape(-1, 1, 1, 1)": ".reshape(-1, 1, 1)"}),
        ("changed their roles", {"ab.sqrt() * eps - (1 - ab).sqrt() * x0": "ab.sqrt() * x0 - (1 - ab).sqrt() * eps"}),
        ("that is ε - x0", {"ab.sqrt() * eps - (1 - ab).sqrt() * x0": "eps - x0"}),
        ("the weight of x0 is 1-√ᾱ_t", {"(1 - ab).sqrt()": "(1 - ab.sqrt())"}),
        ("ε has no weight", {"ab.sqrt() * eps": "eps"}),
        ("x0 has no weight", {"(1 - ab).sqrt() * x0": "x0"}),
        ("x0 is missing", {" - (1 - ab).sqrt() * x0": ""}),
        ("ε is missing", {"ab.sqrt() * eps - ": "-"}),
        ("every image gets the timestep", {"alpha_bar[t].reshape(-1, 1, 1, 1)": "alpha_bar[t[0]]"}),
        ("two things are wrong", {"eps - (": "eps + (", ".reshape(-1, 1, 1, 1)": ""}),
        ("two things are wrong", {"return ab.sqrt()": "return ab", ".reshape(-1, 1, 1, 1)": ""}),
        ("two things are wrong", {"(1 - ab).sqrt()": "(1 - ab)", ".reshape(-1, 1, 1, 1)": ".reshape(-1, 1)"}),
    ],
}

ANSWERS["check_from_v"] = {
    "right": [
        """
def from_v(x_t, v, alpha_bar, t):
    ab = alpha_bar[t].reshape(-1, 1, 1, 1)
    x0 = ab.sqrt() * x_t - (1 - ab).sqrt() * v
    eps = (1 - ab).sqrt() * x_t + ab.sqrt() * v
    return x0, eps
""",
        """
def from_v(x_t, v, alpha_bar, t):
    phi = alpha_bar[t].sqrt().arccos()[:, None, None, None]
    return phi.cos() * x_t - phi.sin() * v, phi.sin() * x_t + phi.cos() * v
""",
        """
def from_v(x_t, v, alpha_bar, t):
    signal, noise = alpha_bar[t].view(-1, 1, 1, 1) ** 0.5, (1 - alpha_bar[t]).view(-1, 1, 1, 1) ** 0.5
    x0 = signal * x_t - noise * v
    return [x0, (x_t - signal * x0) / noise]
""",
        """
def from_v(x_t, v, alpha_bar, t):
    ab = alpha_bar[t].double().view(-1, 1, 1, 1)
    eps = (1 - ab).sqrt() * x_t + ab.sqrt() * v
    return ((x_t - (1 - ab).sqrt() * eps) / ab.sqrt()).clamp(-1, 1), eps
""",
    ],
    "wrong": [
        ("in x̂0 the sign of v", {"x_t - (1": "x_t + (1"}),
        ("in ε̂ the sign of v", {"x_t + ab": "x_t - ab"}),
        ("the signs of v are wrong in both", {"x_t - (1": "x_t + (1", "x_t + ab": "x_t - ab"}),
        ("the roots are missing.", {"ab.sqrt()": "ab", "(1 - ab).sqrt()": "(1 - ab)"}),
        ("in x̂0 the weights are", {"ab.sqrt() * x_t": "ab * x_t", "- (1 - ab).sqrt() * v": "- (1 - ab) * v"}),
        ("in x̂0 the weight of x_t is ᾱ_t", {"x0 = ab.sqrt()": "x0 = ab"}),
        ("in ε̂ the weight of v is ᾱ_t", {"+ ab.sqrt() * v": "+ ab * v"}),
        ("in x̂0 the weight of v is 1-ᾱ_t", {"- (1 - ab).sqrt() * v": "- (1 - ab) * v"}),
        ("in ε̂ the weight of x_t is 1-ᾱ_t", {"eps = (1 - ab).sqrt()": "eps = (1 - ab)"}),
        ("in x̂0 the weight of v is 1-√ᾱ_t", {"- (1 - ab).sqrt() * v": "- (1 - ab.sqrt()) * v"}),
        ("in x̂0 the two weights", {"ab.sqrt() * x_t - (1 - ab).sqrt() * v": "(1 - ab).sqrt() * x_t - ab.sqrt() * v"}),
        ("in ε̂ the two weights", {"(1 - ab).sqrt() * x_t + ab.sqrt() * v": "ab.sqrt() * x_t + (1 - ab).sqrt() * v"}),
        ("as if v were", {"ab.sqrt() * x_t - (1 - ab).sqrt() * v": "(x_t - (1 - ab).sqrt() * v) / ab.sqrt()"}),
        ("v itself comes back", {"eps = (1 - ab).sqrt() * x_t + ab.sqrt() * v": "eps = v"}),
        ("ε̂ is x_t - x̂0", {"(1 - ab).sqrt() * x_t + ab.sqrt() * v": "x_t - x0"}),
        ("wrong order", {"return x0, eps": "return eps, x0"}),
        (
            "x_t and v come back",
            """
def from_v(x_t, v, alpha_bar, t):
    return x_t, v
""",
        ),
        ("meet the images at their last", {".reshape(-1, 1, 1, 1)": ""}),
        ("meet the images at their rows", {".reshape(-1, 1, 1, 1)": ".reshape(-1, 1)"}),
        ("one step too early", {"alpha_bar[t]": "alpha_bar[t - 1]"}),
        ("should return 2: x0, eps", {"return x0, eps": "return x0"}),
        ("two things are wrong", {"x_t - (1": "x_t + (1", ".reshape(-1, 1, 1, 1)": ""}),
        ("two things are wrong", {"return x0, eps": "return eps, x0", "x_t + ab": "x_t - ab"}),
    ],
}

ANSWERS["check_spacing"] = {
    "right": [
        """
def spacing(T, steps):
    stride = T // steps
    return range(T - 1, -1, -stride)
""",
        """
def spacing(T, steps):
    return ddpm_widgets.respace(ddpm_widgets.cosine_schedule(T), steps).timesteps
""",
        """
def spacing(T, steps):
    return list(range(T - 1, -1, -(T // steps)))
""",
        """
def spacing(T, steps):
    return list(range(T // steps - 1, T, T // steps))
""",
        """
def spacing(T, steps):
    return (np.arange(T, 0, -T / steps).round() - 1).astype(int)
""",
        """
def spacing(T, steps):
    return [T - 1 - i * (T // steps) for i in range(steps)]
""",
        """
def spacing(T, steps):
    return torch.arange(T).flip(0)[:: T // steps]
""",
        """
def spacing(T, steps):
    return np.linspace(T, 0, steps, endpoint=False).astype(int) - 1
""",
    ],
    "wrong": [
        ("those are all the timesteps", {"-stride": "-1"}),
        ("the strides are equal, but the last", {"T - 1, -1, -stride": "0, T, stride"}),
        ("one of your timesteps is T", {"T - 1, -1, -stride": "T, 0, -stride"}),
        (
            "both ends are there, so the strides are a little too long. From",
            {"range(T - 1, -1, -stride)": "np.linspace(0, T - 1, steps).round()"},
        ),
        (
            "both ends are there, so the strides are a little too long, and",
            {"range(T - 1, -1, -stride)": "np.linspace(0, T - 1, steps).astype(int)"},
        ),
        ("one step is missing at the end", {"T - 1, -1": "T - 1, stride"}),
        ("those are the first few", {"T - 1, -1, -stride": "steps"}),
        ("those are the last few", {"T - 1, -1, -stride": "T - steps, T"}),
        ("t=0 is missing when all", {"T - 1, -1": "T - 1, 0"}),
        ("one step is missing at the end", {"T - 1, -1": "T - 1, stride - 1"}),
        (
            "not in order",
            """
def spacing(T, steps):
    return np.random.permutation(np.arange(T - 1, -1, -(T // steps)))
""",
        ),
        (
            "one timestep too many",
            """
def spacing(T, steps):
    return list(range(0, T, T // steps)) + [T - 1]
""",
        ),
        (
            "the last stride is longer",
            """
def spacing(T, steps):
    t = list(range(0, T, T // steps))
    t[-1] = T - 1
    return t
""",
        ),
        ("you take `steps` for the length", {"-stride": "-steps"}),
        ("the first step is missing", {"T - 1, -1, -stride": "stride - 1, T - 1, stride"}),
        (
            "drawn at random",
            """
def spacing(T, steps):
    return torch.randint(T, (steps,))
""",
        ),
        (
            "drawn at random",
            """
def spacing(T, steps):
    return sorted(np.random.choice(T, steps, replace=False))[::-1]
""",
        ),
        (
            "the strides are equal, but the last",
            """
def spacing(T, steps):
    return np.arange(0, T, T // steps)[::-1].copy()
""",
        ),
        (
            "the strides are equal, but the last",
            """
def spacing(T, steps):
    return [i * T // steps for i in range(steps)]
""",
        ),
        (
            "rounding down makes them uneven",
            """
def spacing(T, steps):
    return np.linspace(T - 1, 0, steps).astype(int)
""",
        ),
        (
            "rounding down makes them uneven",
            """
def spacing(T, steps):
    return [int(i * (T - 1) / (steps - 1)) for i in range(steps)]
""",
        ),
        (
            "must be whole numbers",
            """
def spacing(T, steps):
    return torch.linspace(0, T - 1, steps)
""",
        ),
        (
            "one of your timesteps is T",
            """
def spacing(T, steps):
    stride = T // steps
    return [stride * (i + 1) for i in range(steps)]
""",
        ),
        ("stops at `return range(", {"T // steps": "T / steps"}),
        (
            "the last timestep is 100",
            """
def spacing(T, steps):
    return np.linspace(0, T, steps).astype(int)
""",
        ),
    ],
}

ANSWERS["check_ddim_step"] = {
    "right": [
        """
def ddim_step(x_t, eps, ab, ab_prev):
    x0 = (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()
    return ab_prev.sqrt() * x0 + (1 - ab_prev).sqrt() * eps
""",
        """
def ddim_step(x, e, a, b):
    x0 = ((x - (1 - a) ** 0.5 * e) / a**0.5).clamp(-1, 1)
    keep = ((1 - b) / (1 - a)) ** 0.5
    return keep * x + (b**0.5 - a**0.5 * keep) * x0
""",
        """
def ddim_step(x_t, eps, ab, ab_prev):
    x0 = (x_t - torch.sqrt(1 - ab) * eps) / torch.sqrt(ab)
    x0 = x0.clip(-1, 1)
    return torch.sqrt(ab_prev) * x0 + torch.sqrt(1 - ab_prev) * eps
""",
        """
def ddim_step(x_t, eps, ab, ab_prev):
    signal, noise = ab**0.5, (1 - ab) ** 0.5
    return (x_t - noise * eps) * (ab_prev / ab) ** 0.5 + (1 - ab_prev) ** 0.5 * eps
""",
        """
def ddim_step(x_t, eps, ab, ab_prev):
    a, b = float(ab), float(ab_prev)
    x0 = (x_t.numpy() - np.sqrt(1 - a) * eps.numpy()) / np.sqrt(a)
    return np.sqrt(b) * x0 + np.sqrt(1 - b) * eps.numpy()
""",
    ],
    "wrong": [
        ("x_t comes back", {"return": "return x_t #"}),
        ("only the guess is left", {"+ (1 - ab_prev).sqrt() * eps": ""}),
        ("that is the first line", {"return": "return x0 #"}),
        ("as much noise is put back", {"1 - ab_prev": "1 - ab"}),
        ("the guess gets the weight that it has here", {"return ab_prev.sqrt()": "return ab.sqrt()"}),
        ("the guess keeps its full", {"ab_prev.sqrt() * x0": "x0"}),
        ("1-ᾱ is a variance", {"(1 - ab_prev).sqrt()": "(1 - ab_prev)"}),
        (
            "the weights are ᾱ and 1-ᾱ",
            {"(1 - ab_prev).sqrt()": "(1 - ab_prev)", "return ab_prev.sqrt()": "return ab_prev"},
        ),
        ("the guess x̂0 is divided", {"/ ab.sqrt()": "/ ab"}),
        ("in the guess 1-ᾱ stands", {"(1 - ab).sqrt()": "(1 - ab)"}),
        ("the noise that the network sees is added", {"x_t - ": "x_t + "}),
        ("the guess is right, and then", {"x0 + (": "x0 - ("}),
        ("the noise you put back is freshly", {".sqrt() * eps\n": ".sqrt() * torch.randn(x_t.shape)\n"}),
        (
            "that is the mean of DDPM",
            """
def ddim_step(x_t, eps, ab, ab_prev):
    alpha = ab / ab_prev
    x0 = (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()
    of_x0 = ab_prev.sqrt() * (1 - alpha) / (1 - ab)
    return of_x0 * x0 + alpha.sqrt() * (1 - ab_prev) / (1 - ab) * x_t
""",
        ),
        ("ab and ab_prev have changed", {"ab, ab_prev)": "ab_prev, ab)"}),
        ("the guess is clamped to [0, 1]", {"/ ab.sqrt()\n": "/ ab.sqrt()\n    x0 = x0.clip(0, 1)\n"}),
        (
            "that is the first line",
            """
def ddim_step(x_t, eps, ab, ab_prev):
    x0 = (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()
    return x0
""",
        ),
        (
            "that is the first line",
            """
def ddim_step(x_t, eps, ab, ab_prev):
    x0 = (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()
    return x0.clamp(-1, 1)
""",
        ),
        ("x_t stands where the guess", {"x0 = (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "x0 = x_t"}),
        ("the guess is multiplied by ᾱ_prev", {"return ab_prev.sqrt()": "return ab_prev"}),
        ("put back at full strength", {"(1 - ab_prev).sqrt() * eps": "eps"}),
        ("ε̂ is multiplied by 1-√ᾱ_prev", {"(1 - ab_prev).sqrt()": "(1 - ab_prev.sqrt())"}),
        (
            "the weights have changed places",
            {"ab_prev.sqrt() * x0 + (1 - ab_prev).sqrt() * eps": "(1 - ab_prev).sqrt() * x0 + ab_prev.sqrt() * eps"},
        ),
        ("only noise is left", {"ab_prev.sqrt() * x0 + ": ""}),
        (
            "put brackets around",
            {"(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "x_t - (1 - ab).sqrt() * eps / ab.sqrt()"},
        ),
        ("the guess is not divided", {"* eps) / ab.sqrt()": "* eps)"}),
        ("its weight √(1-ᾱ) is missing", {"(1 - ab).sqrt() * eps": "eps"}),
        ("in the guess stands 1-√ᾱ", {"(1 - ab).sqrt()": "(1 - ab.sqrt())"}),
        (
            "in the guess the two weights",
            {"(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "(x_t - ab.sqrt() * eps) / (1 - ab).sqrt()"},
        ),
        ("both roots are missing", {"(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "(x_t - (1 - ab) * eps) / ab"}),
        (
            "look at which ᾱ they use",
            {"ab_prev.sqrt() * x0 + (1 - ab_prev).sqrt()": "ab.sqrt() * x0 + (1 - ab).sqrt()"},
        ),
        ("freshly drawn", {"(1 - ab_prev).sqrt() * eps": "(1 - ab_prev).sqrt() * torch.randn_like(eps)"}),
        ("two things are wrong", {"(1 - ab).sqrt()": "(1 - ab)", "(1 - ab_prev).sqrt()": "(1 - ab_prev)"}),
        ("two things are wrong", {"/ ab.sqrt()": "/ ab", "1 - ab_prev": "1 - ab"}),
        ("two things are wrong", {"x_t - ": "x_t + ", "+ (1 - ab_prev).sqrt() * eps": ""}),
        ("two things are wrong", {"/ ab.sqrt()": "/ ab", "ab_prev.sqrt() * x0": "x0"}),
        ("stops at `return", {"ab_prev.sqrt() *": "ab_prev.root() *"}),
        ("no noise is taken away", {"(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "x_t / ab.sqrt()"}),
    ],
}

ANSWERS["check_solver_step"] = {
    "right": [
        """
def solver_step(x_t, x0, x0_before, ab_before, ab, ab_next):
    lam_before, lam, lam_next = (0.5 * torch.log(a / (1 - a)) for a in (ab_before, ab, ab_next))
    h, h_before = lam_next - lam, lam - lam_before
    D = x0 + h / (2 * h_before) * (x0 - x0_before)
    return (1 - ab_next).sqrt() / (1 - ab).sqrt() * x_t + ab_next.sqrt() * (1 - torch.exp(-h)) * D
""",
        """
def lam(ab):
    return (ab.sqrt() / (1 - ab).sqrt()).log()

def solver_step(x_t, x0, before, ab_before, ab, ab_next):
    r = (lam(ab) - lam(ab_before)) / (lam(ab_next) - lam(ab))
    D = (1 + 1 / (2 * r)) * x0 - 1 / (2 * r) * before
    return ((1 - ab_next) / (1 - ab)) ** 0.5 * x_t - ab_next**0.5 * torch.expm1(lam(ab) - lam(ab_next)) * D
""",
        """
def solver_step(x_t, x0, x0_before, ab_before, ab, ab_next):
    a, b, c = float(ab_before), float(ab), float(ab_next)
    half = lambda p: np.log(p / (1 - p)) / 2
    h, k = half(c) - half(b), half(b) - half(a)
    y = x_t / (1 - b) ** 0.5
    y = y + (np.exp(half(c)) - np.exp(half(b))) * (x0 + h / k / 2 * (x0 - x0_before))
    return y * (1 - c) ** 0.5
""",
        """
def solver_step(x_t, x0, x0_before, ab_before, ab, ab_next):
    snr = lambda a: a / (1 - a)
    h = (snr(ab_next) / snr(ab)).log() / 2
    h_before = (snr(ab) / snr(ab_before)).log() / 2
    forecast = torch.lerp(x0_before, x0, 1 + h / h_before / 2)
    weight = ab_next.sqrt() - ((1 - ab_next) / (1 - ab) * ab).sqrt()
    return x_t * ((1 - ab_next) / (1 - ab)).sqrt() + weight * forecast
""",
    ],
    "wrong": [
        ("that is DDIM", {"h / (2 * h_before) * (x0 - x0_before)": "0"}),
        ("that is DDIM", {"(1 - torch.exp(-h)) * D": "(1 - torch.exp(-h)) * x0"}),
        ("that is D, the forecast", {"    return ": "    return D #"}),
        ("a factor ½ is missing", {"(2 * h_before)": "h_before"}),
        ("h and h' have changed places: h, the", {"h / (2 * h_before)": "h_before / (2 * h)"}),
        ("and the factor ½ is missing", {"h / (2 * h_before)": "h_before / h"}),
        ("brackets are missing", {"h / (2 * h_before)": "h / 2 * h_before"}),
        ("is not divided by h'", {"h / (2 * h_before)": "h / 2"}),
        ("h/h' is missing", {"h / (2 * h_before)": "0.5"}),
        ("the movement is added whole", {"h / (2 * h_before) * ": ""}),
        ("in the wrong direction", {"(x0 - x0_before)": "(x0_before - x0)"}),
        ("in the wrong direction", {"D = x0 + ": "D = x0 - "}),
        ("the two guesses are added", {"(x0 - x0_before)": "(x0 + x0_before)"}),
        ("D starts from x0_before", {"D = x0 +": "D = x0_before +"}),
        ("D is only the movement", {"D = x0 +": "D ="}),
        ("the whole log-SNR", {"0.5 * torch.log": "torch.log"}),
        ("the sign of h is wrong", {"a / (1 - a)": "(1 - a) / a"}),
        ("the sign of h is wrong", {"exp(-h)": "exp(h)"}),
        (
            "the sign of h is wrong",
            {"h, h_before = lam_next - lam, lam - lam_before": "h, h_before = lam - lam_next, lam_before - lam"},
        ),
        ("λ is log √ᾱ", {"a / (1 - a)": "a"}),
        (
            "measured in ᾱ",
            {"(0.5 * torch.log(a / (1 - a)) for a in (ab_before, ab, ab_next))": "(ab_before, ab, ab_next)"},
        ),
        ("the sign: it is 1 - e", {"1 - torch.exp(-h)": "torch.exp(-h) - 1"}),
        ("1 minus is missing", {"(1 - torch.exp(-h))": "torch.exp(-h)"}),
        ("h stands where", {"(1 - torch.exp(-h))": "h"}),
        ("the factor 1 - e^(-h) is missing", {" * (1 - torch.exp(-h))": ""}),
        ("√ᾱ of where you are", {"ab_next.sqrt() * (1 - torch": "ab.sqrt() * (1 - torch"}),
        ("ᾱ of where you go: its root", {"ab_next.sqrt() * (1 - torch": "ab_next * (1 - torch"}),
        ("lacks the factor √ᾱ", {"ab_next.sqrt() * (1 - torch": "(1 - torch"}),
        ("stands on its head", {"(1 - ab_next).sqrt() / (1 - ab).sqrt()": "(1 - ab).sqrt() / (1 - ab_next).sqrt()"}),
        ("lacks its roots", {"(1 - ab_next).sqrt() / (1 - ab).sqrt()": "(1 - ab_next) / (1 - ab)"}),
        ("by the weights of the image", {"(1 - ab_next).sqrt() / (1 - ab).sqrt()": "ab_next.sqrt() / ab.sqrt()"}),
        ("x_t keeps its full size", {"(1 - ab_next).sqrt() / (1 - ab).sqrt() * ": ""}),
        ("x_t is missing", {"(1 - ab_next).sqrt() / (1 - ab).sqrt() * x_t + ": ""}),
        (
            "that is the guess itself",
            """
def solver_step(x_t, x0, x0_before, ab_before, ab, ab_next):
    return x0
""",
        ),
        (
            "two things are wrong",
            {"0.5 * torch.log": "torch.log", "ab_next.sqrt() * (1 - torch": "ab_next * (1 - torch"},
        ),
        (
            "two things are wrong",
            {"(2 * h_before)": "h_before", "ab_next.sqrt() * (1 - torch": "ab.sqrt() * (1 - torch"},
        ),
        (
            "two things are wrong",
            {"(1 - ab_next).sqrt() / (1 - ab).sqrt()": "(1 - ab_next) / (1 - ab)", "D = x0 +": "D ="},
        ),
    ],
}

ANSWERS["check_frechet_distance"] = {
    "right": [
        """
def frechet_distance(a, b):
    d = a.mean(0) - b.mean(0)
    ca, cb = torch.cov(a.T), torch.cov(b.T)
    values = torch.linalg.eigvals(ca @ cb)
    return (d**2).sum() + torch.trace(ca) + torch.trace(cb) - 2 * values.sqrt().real.sum()
""",
        """
def frechet_distance(a, b):
    a, b = a.numpy(), b.numpy()
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eig(ca @ cb)
    root = (vectors * np.sqrt(values)) @ np.linalg.inv(vectors)
    return np.linalg.norm(a.mean(0) - b.mean(0)) ** 2 + np.trace(ca + cb - 2 * root)
""",
        """
def root(c):
    stretch, axes = torch.linalg.eigh(c)
    return axes * stretch.clamp(min=0).sqrt() @ axes.T

def frechet_distance(a, b):
    means = ((a.mean(0) - b.mean(0)) ** 2).sum()
    ca, cb = a.T.cov(), b.T.cov()
    half = root(ca)
    return means + (ca + cb - 2 * root(half @ cb @ half)).trace()
""",
        """
def frechet_distance(a, b):
    ca, cb = np.cov(a.numpy().T), np.cov(b.numpy().T)
    stretch, axes = np.linalg.eigh(ca)
    half = axes * np.sqrt(stretch) @ axes.T
    middle = np.sqrt(np.linalg.eigvalsh(half @ cb @ half))
    return float(((a.mean(0) - b.mean(0)) ** 2).sum()) + np.trace(ca) + np.trace(cb) - 2 * middle.sum()
""",
        """
def frechet_distance(a, b):
    x, y = a - a.mean(0), b - b.mean(0)
    ca, cb = x.T @ x / (len(a) - 1), y.T @ y / (len(b) - 1)
    singular = torch.linalg.svdvals(torch.linalg.cholesky(ca).T @ torch.linalg.cholesky(cb))
    return (a.mean(0) - b.mean(0)).pow(2).sum() + ca.diagonal().sum() + cb.diagonal().sum() - 2 * singular.sum()
""",
        """
def frechet_distance(a, b):
    return ddpm_widgets.fid(a, b)
""",
    ],
    "wrong": [
        ("only the means are compared", {" + torch.trace(ca) + torch.trace(cb) - 2 * values.sqrt().real.sum()": ""}),
        ("only the shapes are compared", {"(d**2).sum() + ": ""}),
        ("the distance of the means is not", {"(d**2).sum()": "d.norm()"}),
        ("the squared differences of the means", {"(d**2).sum()": "(d**2).mean()"}),
        ("the differences of the means are summed", {"(d**2).sum()": "d.sum()"}),
        ("the product of the covariances has no root", {"values.sqrt().real.sum()": "torch.trace(ca @ cb)"}),
        ("you take the root of each number", {"values.sqrt().real.sum()": "torch.trace((ca @ cb).abs().sqrt())"}),
        ("you take the trace first", {"values.sqrt().real.sum()": "values.sum().sqrt().real"}),
        ("the mixed term has a factor", {"- 2 *": "-"}),
        ("the mixed term has the wrong sign", {"- 2 *": "+ 2 *"}),
        (
            "the covariances are divided by n. ",
            {"torch.cov(a.T), torch.cov(b.T)": "a.T.cov(correction=0), b.T.cov(correction=0)"},
        ),
        (
            "the covariances are taken without",
            {"torch.cov(a.T), torch.cov(b.T)": "a.T @ a / (len(a) - 1), b.T @ b / (len(b) - 1)"},
        ),
        ("standard deviations stand", {"torch.cov(a.T), torch.cov(b.T)": "torch.diag(a.std(0)), torch.diag(b.std(0))"}),
        ("only the variance of each", {"torch.cov(a.T), torch.cov(b.T)": "torch.diag(a.var(0)), torch.diag(b.var(0))"}),
        ("correlations stand", {"torch.cov(a.T), torch.cov(b.T)": "torch.corrcoef(a.T), torch.corrcoef(b.T)"}),
        ("that is the root of what", {"return ": "return (", "real.sum()": "real.sum()).sqrt()"}),
        ("`root` is for symmetric matrices, and C_r·C_g", {"FROM": 2, "root(half @ cb @ half)": "root(ca @ cb)"}),
        ("is needed on both sides", {"FROM": 2, "root(half @ cb @ half)": "root(half @ cb)"}),
        ("you multiply two roots", {"FROM": 2, "root(half @ cb @ half)": "half @ root(cb)"}),
        ("has no root around it", {"FROM": 2, "root(half @ cb @ half)": "half @ cb @ half"}),
        ("the mixed term is missing", {"FROM": 2, " - 2 * root(half @ cb @ half)": ""}),
        ("knows only one", {"FROM": 2, "root(half @ cb @ half)": "root(ca)"}),
        ("the trace of one of the two", {" + torch.trace(cb)": ""}),
        ("the traces of the two", {" + torch.trace(ca) + torch.trace(cb)": ""}),
        ("whole covariances are summed", {"torch.trace(ca) + torch.trace(cb)": "ca.sum() + cb.sum()"}),
        ("the distance has the shape (4, 4)", {"FROM": 2, ".trace()": ""}),
        ("all features are averaged into one", {"a.mean(0) - b.mean(0)": "a.mean() - b.mean()"}),
        ("the mixed term has a factor", {"FROM": 2, "- 2 * root": "- root"}),
        (
            "you take the trace first",
            {
                "FROM": 2,
                "(ca + cb - 2 * root(half @ cb @ half)).trace()": "ca.trace() + cb.trace() - 2 * (ca @ cb).trace().sqrt()",
            },
        ),
        (
            "the covariances are divided by n",
            {
                "FROM": 2,
                "a.T.cov(), b.T.cov()": "(a - a.mean(0)).T @ (a - a.mean(0)) / len(a), (b - b.mean(0)).T @ (b - b.mean(0)) / len(b)",
            },
        ),
        ("stops at `ca, cb", {"FROM": 2, "a.T.cov(), b.T.cov()": "a.T.cov, cov(b)"}),
        ("stops at `return means", {"FROM": 2, "a.T.cov(), b.T.cov()": "a.cov(), b.cov()"}),
        (
            "only the means",
            """
def frechet_distance(a, b):
    means = ((a.mean(0) - b.mean(0)) ** 2).sum()
    return means
""",
        ),
        ("two things are wrong", {"(d**2).sum()": "d.norm()", "- 2 *": "-"}),
        (
            "two things are wrong",
            {
                "torch.cov(a.T), torch.cov(b.T)": "torch.diag(a.var(0)), torch.diag(b.var(0))",
                "(d**2).sum()": "(d**2).mean()",
            },
        ),
        (
            "two things are wrong",
            {"FROM": 2, "root(half @ cb @ half)": "root(ca @ cb)", ".sum()\n    ca": ".mean()\n    ca"},
        ),
        (
            "holds NaN",
            """
def frechet_distance(a, b):
    ca, cb = a.T.cov(), b.T.cov()
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + (ca.sqrt() - cb.sqrt()).square().sum()
""",
        ),
    ],
}

ANSWERS["check_kernel_distance"] = {
    "right": [
        """
def kernel_distance(a, b):
    def k(x, y):
        return (x @ y.T / x.shape[1] + 1) ** 3

    def pairs(x):
        n = len(x)
        return (k(x, x).sum() - k(x, x).diag().sum()) / (n * (n - 1))

    return pairs(a) + pairs(b) - 2 * k(a, b).mean()
""",
        """
def kernel_distance(a, b):
    def k(x, y):
        return (sum(x * y) / len(x) + 1) ** 3

    a, b = a.numpy(), b.numpy()
    within = [np.mean([k(x, y) for i, x in enumerate(s) for j, y in enumerate(s) if i != j]) for s in (a, b)]
    return sum(within) - 2 * np.mean([k(x, y) for x in a for y in b])
""",
        """
def kernel_distance(a, b):
    def kernel(x, y):
        return (x @ y.T / x.shape[1] + 1) ** 3

    def others(k):
        return (k.sum() - k.trace()) / (len(k) * (len(k) - 1))

    return others(kernel(a, a)) + others(kernel(b, b)) - 2 * kernel(a, b).mean()
""",
        """
def kernel_distance(a, b):
    k = lambda x, y: torch.pow(torch.einsum("id,jd->ij", x, y) / x.shape[-1] + 1.0, 3)
    off = lambda m: m[~torch.eye(len(m), dtype=bool)].mean()
    return off(k(a, a)) + off(k(b, b)) - k(a, b).mean() * 2
""",
        """
def kernel_distance(a, b):
    a, b, d = a.numpy(), b.numpy(), a.shape[1]
    kaa, kbb, kab = (a @ a.T / d + 1) ** 3, (b @ b.T / d + 1) ** 3, (a @ b.T / d + 1) ** 3
    n, m = len(a), len(b)
    return 2 * np.triu(kaa, 1).sum() / n / (n - 1) + 2 * np.triu(kbb, 1).sum() / m / (m - 1) - 2 * kab.sum() / n / m
""",
        """
def kernel_distance(a, b):
    return ddpm_widgets.kid(a, b, subset_size=20, subsets=1) if len(a) == len(b) else kernel_distance_by_hand(a, b)

def kernel_distance_by_hand(a, b):
    k = lambda x, y: (x @ y.T / x.shape[1] + 1) ** 3
    within = sum((k(s, s).fill_diagonal_(0)).sum() / (len(s) * (len(s) - 1)) for s in (a, b))
    return within - 2 * k(a, b).mean()
""",
    ],
    "wrong": [
        ("each sample is also compared", {"(k(x, x).sum() - k(x, x).diag().sum()) / (n * (n - 1))": "k(x, x).mean()"}),
        ("the pairs of a sample with itself", {"(n * (n - 1))": "n**2"}),
        ("the pairs between the two sets count", {"- 2 *": "-"}),
        ("the pairs between the two sets are sub", {"- 2 *": "+ 2 *"}),
        ("the product of the features is not", {" / x.shape[1]": ""}),
        ("the 1 in the kernel", {" + 1": ""}),
        ("the kernel is squared", {"** 3": "** 2"}),
        ("the kernel is not taken", {" ** 3": ""}),
        ("the product is divided by the number of samples", {"x.shape[1]": "x.shape[0]"}),
        ("that is a root", {"return pairs": "return (pairs", ".mean()": ".mean()).abs().sqrt()"}),
        ("still in the sum", {" - k(x, x).diag().sum()": ""}),
        ("the pairs within a set are summed", {" / (n * (n - 1))": ""}),
        ("is divided by n: there are", {"/ (n * (n - 1))": "/ n"}),
        ("half of the matrix", {"(k(x, x).sum() - k(x, x).diag().sum())": "k(x, x).triu(1).sum()"}),
        ("the pairs within each set are missing", {"return pairs(a) + pairs(b) - ": "return -"}),
        ("the pairs between the sets are missing", {" - 2 * k(a, b).mean()": ""}),
        ("the pairs between the sets are summed", {"k(a, b).mean()": "k(a, b).sum()"}),
        ("the 1 in the kernel", {"(x @ y.T / x.shape[1] + 1) ** 3": "(x @ y.T / x.shape[1]) ** 3 + 1"}),
        ("the 1 is added to d", {"x @ y.T / x.shape[1] + 1": "x @ y.T / (x.shape[1] + 1)"}),
        ("divided by √d", {"x.shape[1]": "x.shape[1] ** 0.5"}),
        ("all of the kernel is divided", {"(x @ y.T / x.shape[1] + 1) ** 3": "(x @ y.T + 1) ** 3 / x.shape[1]"}),
        ("two things are wrong", {"- 2 *": "-", "** 3": "** 2"}),
        (
            "two things are wrong",
            {"(k(x, x).sum() - k(x, x).diag().sum()) / (n * (n - 1))": "k(x, x).mean()", " / x.shape[1]": ""},
        ),
        ("two things are wrong", {" + 1": "", "(n * (n - 1))": "n**2"}),
        ("stops at `return (x @ y / x.shape[1] + 1) ** 3`", {"x @ y.T": "x @ y"}),
        ("the distance has the shape", {"k(a, b).mean()": "k(a, b)"}),
    ],
}

ANSWERS["check_normalise_images"] = {
    "right": [
        """
def normalise(images):
    x = images.permute(0, 3, 1, 2)
    x = x.float() / 127.5 - 1
    return x
""",
        """
def normalise(images):
    return (images.numpy().transpose(0, 3, 1, 2) / np.float32(255)) * 2 - 1
""",
        """
def normalise(images):
    return images.permute(0, 3, 1, 2).float() / 127.5 - 1
""",
        """
def normalise(images):
    x = images.float().div(255).mul(2).sub(1)
    return x.movedim(-1, 1)
""",
        """
def normalise(images):
    return ((images / 255 - 0.5) / 0.5).permute(0, 3, 1, 2).contiguous()
""",
        """
def normalise(images):
    return torch.stack([torch.from_numpy(i.numpy().transpose(2, 0, 1).astype('float32')) * 2 / 255 - 1 for i in images])
""",
        """
def normalise(images):
    return (images.to(torch.float32) - 127.5).div_(127.5).transpose(1, 3).transpose(2, 3)
""",
    ],
    "wrong": [
        ("the images come back", {"return x": "return images"}),
        ("the images run from 0 to 1", {"127.5 - 1": "255"}),
        ("the images run from -0.5", {"127.5 - 1": "255 - 0.5"}),
        ("the images still run", {" / 127.5 - 1": ""}),
        ("the images run from 0 to 2", {" - 1\n": "\n"}),
        ("255 does not become 1", {"127.5": "128"}),
        ("the arithmetic is done in bytes", {"x.float() / 127.5 - 1": "(2 * x - 255).float() / 255"}),
        ("mean 0 and variance 1, but", {"x.float() / 127.5 - 1": "(x.float() - x.float().mean()) / x.float().std()"}),
        (
            "each image gets mean 0",
            {
                "x = x.float() / 127.5 - 1": "x = x.float().flatten(1)",
                "return x": "return ((x - x.mean(1, True)) / x.std(1, keepdim=True)).view(-1, 3, *images.shape[1:3])",
            },
        ),
        (
            "each image is stretched",
            {
                "x = x.float() / 127.5 - 1": "x = x.float().flatten(1)\n    lo, hi = x.min(1, True)[0], x.max(1, True)[0]",
                "return x": "return (2 * (x - lo) / (hi - lo) - 1).view(-1, 3, *images.shape[1:3])",
            },
        ),
        ("the channels still come last", {".permute(0, 3, 1, 2)": ""}),
        ("right shape, but the pixels", {".permute(0, 3, 1, 2)": ".reshape(-1, 3, images.shape[1], images.shape[2])"}),
        ("height and width have", {"(0, 3, 1, 2)": "(0, 3, 2, 1)"}),
        ("right numbers in float64", {".float()": ".double()"}),
        ("float16 is too coarse", {"return x": "return x.half()"}),
        ("still bytes", {"    x = x.float() / 127.5 - 1\n": ""}),
        ("from -2 to 2", {"x.float() / 127.5 - 1": "(x.float() / 255 - 0.5) / 0.25"}),
        ("from -1 to 0", {"127.5 - 1": "255 - 1"}),
        ("black and white", {"x.float() / 127.5 - 1": "1 - x.float() / 127.5"}),
        ("from -127.5", {"x.float() / 127.5 - 1": "x.float() - 127.5"}),
        ("255 does not become 1", {"x.float() / 127.5 - 1": "(x.float() - 128) / 128"}),
        ("255 does not become 1", {"x.float() / 127.5 - 1": "x.float() / 256 * 2 - 1"}),
        ("0 does not become -1", {"x.float() / 127.5 - 1": "(x.float() - 128) / 127"}),
        ("0 does not become -1", {"x.float() / 127.5 - 1": "(x.float() - 127) / 128"}),
        ("255 becomes more than 1", {"127.5": "127"}),
        ("the arithmetic is done in bytes", {"x.float() / 127.5 - 1": "x * 2 / 255 - 1"}),
        ("the arithmetic is done in bytes", {"x.float() / 127.5 - 1": "(x - 128) / 128"}),
        ("the arithmetic is done in bytes", {"x.float() / 127.5 - 1": "(x - 127) / 127.5"}),
        ("the arithmetic is done in bytes", {"x.float() / 127.5 - 1": "(x // 127).float() - 1"}),
        ("the arithmetic is done in bytes", {"x.float() / 127.5 - 1": "x.to(torch.int8) / 128"}),
        ("the arithmetic is done in bytes", {"x.float() / 127.5 - 1": "(x + x - 255).float() / 255"}),
        ("the arithmetic is done in bytes", {"x.float() / 127.5 - 1": "(2 * x).float() / 255 - 1"}),
        (
            "the arithmetic is done in bytes",
            """
def normalise(images):
    x = images.numpy() * 2 - 255
    return torch.from_numpy(x / 255).permute(0, 3, 1, 2).float()
""",
        ),
        (
            "the arithmetic is done in bytes",
            """
def normalise(images):
    x = (images - 128).float() / 127.5
    return x.permute(0, 3, 1, 2)
""",
        ),
        (
            "taken from the darkest and the brightest",
            {"x.float() / 127.5 - 1": "(x.float() - x.min()) / (x.max() - x.min()) * 2 - 1"},
        ),
        ("taken from the darkest and the brightest", {"x.float() / 127.5 - 1": "x.float() / x.max() * 2 - 1"}),
        (
            "taken from the darkest and the brightest",
            {"x.float() / 127.5 - 1": "2 * (x.float() - x.float().min()) / (x.float().max() - x.float().min()) - 1"},
        ),
        ("taken from the darkest and the brightest", {"x.float() / 127.5 - 1": "x / x.max()"}),
        ("the channels come before", {"(0, 3, 1, 2)": "(3, 0, 1, 2)"}),
        ("red and blue", {".permute(0, 3, 1, 2)": ".permute(0, 3, 1, 2).flip(1)"}),
        ("height and width have changed places, and", {"(0, 3, 1, 2)": "(0, 2, 1, 3)"}),
        ("bfloat16 is too coarse", {"return x": "return x.bfloat16()"}),
        (
            "right shape, but the pixels",
            {".permute(0, 3, 1, 2)": ".view(len(images), 3, images.shape[1], images.shape[2])"},
        ),
        ("two things are wrong", {"127.5 - 1": "255", ".permute(0, 3, 1, 2)": ""}),
        ("two things are wrong", {"127.5 - 1": "255", "(0, 3, 1, 2)": "(0, 3, 2, 1)"}),
        (
            "two things are wrong",
            {"127.5 - 1": "255 - 0.5", ".permute(0, 3, 1, 2)": ".reshape(-1, 3, images.shape[1], images.shape[2])"},
        ),
        ("two things are wrong", {"x.float() / 127.5 - 1": "x * 2 / 255 - 1", ".permute(0, 3, 1, 2)": ""}),
        (
            "it writes into images",
            """
def normalise(images):
    images -= 128
    return (images.float() / 127.5).permute(0, 3, 1, 2)
""",
        ),
        ("stops at `x = images.permute(", {"(0, 3, 1, 2)": "(2, 0, 1)"}),
        (
            "right numbers in float64",
            """
def normalise(images):
    return images.numpy().transpose(0, 3, 1, 2) / 127.5 - 1
""",
        ),
    ],
}

ANSWERS["check_jitter"] = {
    "right": [
        """
def my_jitter(h, weights, p):
    variance = p * (1 - p) / (1 - p) ** 2
    return (variance * (h * weights) ** 2).sum() ** 0.5
""",
        """
def my_jitter(h, weights, p):
    return ((h * weights) ** 2).sum().sqrt() * (p / (1 - p)) ** 0.5
""",
        """
import math

def my_jitter(h, weights, p):
    total = 0.0
    for a, b in zip(h.tolist(), weights.tolist()):
        total += (a * b / (1 - p)) ** 2 * p * (1 - p)
    return math.sqrt(total)
""",
        """
def my_jitter(h, weights, p):
    terms = h.numpy() * weights.numpy()
    return np.sqrt(p / (1 - p)) * np.linalg.norm(terms)
""",
        """
def my_jitter(h, weights, p):
    second = (h * weights).square().sum() / (1 - p)
    return torch.sqrt(second - (h * weights).square().sum())
""",
    ],
    "wrong": [
        ("that is the sum itself", {"(variance * (h * weights) ** 2).sum() ** 0.5": "h @ weights"}),
        ("that is the sum itself", {"(variance * (h * weights) ** 2).sum() ** 0.5": "(h * weights).sum()"}),
        ("that is the mean of the sum", {"(variance * (h * weights) ** 2).sum() ** 0.5": "h @ weights * (1 - p)"}),
        ("that is 0", {"(variance * (h * weights) ** 2).sum() ** 0.5": "0.0"}),
        ("that is the variance", {" ** 0.5": ""}),
        ("before the division by 1-p", {" / (1 - p) ** 2": ""}),
        ("divides a variance by its square", {"/ (1 - p) ** 2": "/ (1 - p)"}),
        ("p/(1-p)² is too much", {"p * (1 - p) / (1 - p) ** 2": "p / (1 - p) ** 2"}),
        ("p and 1-p have changed places", {"p * (1 - p) / (1 - p) ** 2": "(1 - p) / p"}),
        ("the mean of the square", {"p * (1 - p) / (1 - p) ** 2": "(1 - p) / (1 - p) ** 2"}),
        ("p does not come in", {"variance * ": ""}),
        ("p does not come in", {"(variance * (h * weights) ** 2).sum() ** 0.5": "(h * weights).norm()"}),
        ("enters the variance squared", {"(h * weights) ** 2": "(h * weights)"}),
        (
            "standard deviations do not add up",
            {"(variance * (h * weights) ** 2).sum()": "(variance * (h @ weights) ** 2)"},
        ),
        (
            "standard deviations do not add up",
            """
def my_jitter(h, weights, p):
    each = (p / (1 - p)) ** 0.5 * h * weights
    return each.sum()
""",
        ),
        ("h does not come in", {"(h * weights) ** 2": "weights**2"}),
        ("the weights do not come in", {"(h * weights) ** 2": "h**2"}),
        ("h is not squared", {"(h * weights) ** 2": "h * weights**2"}),
        ("take the sum", {".sum()": ".mean()"}),
        (
            "how they differ from each other",
            {"(variance * (h * weights) ** 2).sum() ** 0.5": "variance**0.5 * (h * weights).std()"},
        ),
        ("is a variance already", {"(variance * (h * weights) ** 2).sum() ** 0.5": "variance * (h * weights).norm()"}),
        ("the jitter has the shape (5,), and should have ()", {".sum()": ""}),
        ("it returns nothing", {"return (variance": "(variance"}),
        ("stops at", {"p * (1 - p)": "p(1 - p)"}),
        ("two things are wrong", {" / (1 - p) ** 2": "", " ** 0.5": ""}),
    ],
}

ANSWERS["check_doubt"] = {
    "right": [
        """
def my_doubt(model, x, times):
    for layer in model.modules():
        if isinstance(layer, torch.nn.Dropout):
            layer.train()
    passes = torch.stack([model(x).softmax(1) for _ in range(times)])
    mean = passes.mean(0)
    return mean, passes.std(0)[torch.arange(len(x)), mean.argmax(1)]
""",
        """
@torch.no_grad()
def my_doubt(model, x, times):
    model.train()
    for layer in model.modules():
        if not isinstance(layer, torch.nn.Dropout):
            layer.training = False
    passes = torch.stack([torch.softmax(model(x), dim=-1) for _ in range(times)])
    mean, std = passes.mean(0), passes.std(0)
    return mean, std.gather(1, mean.argmax(1, keepdim=True)).squeeze(1)
""",
        """
def my_doubt(model, x, times):
    for layer in model.modules():
        if type(layer).__name__.startswith("Dropout"):
            layer.train()
    many = x.repeat(times, 1, 1, 1)
    with torch.no_grad():
        passes = model(many).softmax(1).view(times, len(x), -1)
    mean = passes.mean(0)
    best = mean.argmax(1)
    return mean, torch.stack([passes[:, i, best[i]].std() for i in range(len(x))])
""",
        """
def my_doubt(model, x, times):
    model.apply(lambda m: m.train() if isinstance(m, torch.nn.Dropout) else None)
    total = square = 0
    for _ in range(times):
        p = model(x).softmax(1).detach().double()
        total, square = total + p, square + p**2
    mean = total / times
    std = ((square / times - mean**2).clamp(min=0) * times / (times - 1)).sqrt()
    return mean, std[range(len(x)), mean.argmax(1)]
""",
        """
def my_doubt(model, x, times):
    model.eval()
    for layer in model.modules():
        if isinstance(layer, (torch.nn.Dropout, torch.nn.Dropout2d)):
            layer.train()
    passes = np.stack([model(x).softmax(1).detach().numpy() for _ in range(times)])
    mean = passes.mean(0)
    return mean, passes.std(0, ddof=1)[np.arange(len(x)), mean.argmax(1)]
""",
    ],
    "wrong": [
        ("there is no doubt at all", {"layer.train()": "pass"}),
        ("there is no doubt at all", {"layer.train()": "layer.eval()"}),
        (
            "there is no doubt at all",
            """
def my_doubt(model, x, times):
    return model(x).softmax(1), torch.zeros(len(x))
""",
        ),
        ("model.train() changes the batch norm", {"layer.train()": "model.train()"}),
        (
            "model.train() changes the batch norm",
            """
def my_doubt(model, x, times):
    model.train()
    passes = torch.stack([model(x).softmax(1) for _ in range(times)])
    mean = passes.mean(0)
    return mean, passes.std(0).gather(1, mean.argmax(1)[:, None])[:, 0]
""",
        ),
        ("model.train() changes the batch norm", {"isinstance(layer, torch.nn.Dropout)": "True"}),
        ("these are means of scores", {".softmax(1)": ""}),
        ("these are logarithms", {".softmax(1)": ".log_softmax(1)"}),
        ("runs over the images", {".softmax(1)": ".softmax(0)"}),
        ("the scores are averaged", {".softmax(1)": "", "passes.mean(0)": "passes.mean(0).softmax(1)"}),
        ("those of one pass", {"passes.mean(0)": "passes[-1]"}),
        ("the doubt is a variance", {"passes.std(0)": "passes.var(0)"}),
        ("now to one class", {"passes.std(0)[torch.arange(len(x)), mean.argmax(1)]": "passes.max(2).values.std(0)"}),
        ("now to one class", {"passes.std(0)[torch.arange(len(x)), mean.argmax(1)]": "passes.amax(-1).std(0)"}),
        ("that is the class that varies most", {"[torch.arange(len(x)), mean.argmax(1)]": ".amax(1)"}),
        ("a mean over the classes", {"[torch.arange(len(x)), mean.argmax(1)]": ".mean(1)"}),
        ("that of class 0", {"[torch.arange(len(x)), mean.argmax(1)]": "[:, 0]"}),
        ("differ from class to class", {"passes.std(0)[torch.arange(len(x)), mean.argmax(1)]": "mean.std(1)"}),
        ("1 minus the probability", {"passes.std(0)[torch.arange(len(x)), mean.argmax(1)]": "1 - mean.amax(1)"}),
        ("chosen by a single pass", {"mean.argmax(1)]": "passes[0].argmax(1)]"}),
        (
            "all passes have the same mask",
            {
                "    passes =": "    passes = []\n    for _ in range(times):\n        torch.manual_seed(0)\n        passes.append(model(x).softmax(1))\n    passes = torch.stack(passes)\n    other ="
            },
        ),
        ("should have (3,)", {"[torch.arange(len(x)), mean.argmax(1)]": ""}),
        ("should have (3,)", {"[torch.arange(len(x)), mean.argmax(1)]": "[:, mean.argmax(1)]"}),
        ("should have (3, 5)", {"return mean, ": "return mean.amax(1), "}),
        ("it returns one thing", {"return mean, passes": "return passes"}),
        ("the doubt holds NaN", {"range(times)": "range(1)"}),
        ("it returns nothing", {"return mean": "mean"}),
    ],
}

ANSWERS["check_density"] = {
    "right": [
        """
def my_density(x):
    child = torch.exp(-0.5 * ((x - 128) / 6) ** 2) / (6 * (2 * torch.pi) ** 0.5)
    adult = torch.exp(-0.5 * ((x - 171) / 9) ** 2) / (9 * (2 * torch.pi) ** 0.5)
    return 0.6 * child + 0.4 * adult
""",
        """
def my_density(x):
    normal = torch.distributions.Normal
    return 0.6 * normal(128.0, 6.0).log_prob(x).exp() + 0.4 * normal(171.0, 9.0).log_prob(x).exp()
""",
        """
def my_density(x):
    groups = torch.distributions.Categorical(torch.tensor([0.6, 0.4]))
    people = torch.distributions.Normal(torch.tensor([128.0, 171.0]), torch.tensor([6.0, 9.0]))
    return torch.distributions.MixtureSameFamily(groups, people).log_prob(x).exp()
""",
        """
import math

def bell(x, mean, variance):
    return math.exp(-((x - mean) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)

def my_density(x):
    return torch.tensor([0.6 * bell(h, 128, 6**2) + 0.4 * bell(h, 171, 9**2) for h in x.tolist()])
""",
        """
def my_density(x):
    x = x.numpy()[:, None]
    mean, std, share = np.array([128, 171]), np.array([6, 9]), np.array([0.6, 0.4])
    return (share / np.sqrt(2 * np.pi * std**2) * np.exp(-((x - mean) ** 2) / (2 * std**2))).sum(1)
""",
    ],
    "wrong": [
        ("0 everywhere", {"0.6 * child + 0.4 * adult": "0 * x"}),
        ("0 everywhere", {"0.6 * child + 0.4 * adult": "torch.zeros(len(x))"}),
        ("the whole area is 2", {"0.6 * child + 0.4 * adult": "child + adult"}),
        ("both groups count half", {"0.6 * child + 0.4 * adult": "(child + adult) / 2"}),
        ("both groups count half", {"0.6 *": "0.5 *", "0.4 *": "0.5 *"}),
        ("the shares have changed places", {"0.6 *": "0.4 *", "0.4 *": "0.6 *"}),
        ("the adults are missing", {" + 0.4 * adult": ""}),
        ("the children are missing", {"0.6 * child + ": ""}),
        ("the means have changed", {"128": "171", "171": "128"}),
        ("the two standard deviations", {"/ 6)": "/ 9)", "(6 *": "(9 *", "/ 9)": "/ 6)", "(9 *": "(6 *"}),
        ("are variances", {"/ 6)": "/ 6**2)", "(6 *": "(6**2 *", "/ 9)": "/ 9**2)", "(9 *": "(9**2 *"}),
        ("but not the area 1", {" / (6 * (2 * torch.pi) ** 0.5)": "", " / (9 * (2 * torch.pi) ** 0.5)": ""}),
        (
            "by √(2π) alone",
            {
                "(6 * (2 * torch.pi) ** 0.5)": "(2 * torch.pi) ** 0.5",
                "(9 * (2 * torch.pi) ** 0.5)": "(2 * torch.pi) ** 0.5",
            },
        ),
        ("by σ alone", {" / (6 * (2 * torch.pi) ** 0.5)": " / 6", " / (9 * (2 * torch.pi) ** 0.5)": " / 9"}),
        ("it is the root of 2π", {"(2 * torch.pi) ** 0.5": "(2 * torch.pi)"}),
        ("by σ²√(2π)", {"(6 * (2": "(6**2 * (2", "(9 * (2": "(9**2 * (2"}),
        ("divided by 2", {"-0.5 * ": "-"}),
        ("a minus is missing", {"-0.5": "0.5"}),
        ("it is 2σ²", {"((x - 128) / 6) ** 2": "(x - 128) ** 2 / 6", "((x - 171) / 9) ** 2": "(x - 171) ** 2 / 9"}),
        ("a bell is symmetric", {"((x - 128) / 6) ** 2": "(x - 128) / 6", "((x - 171) / 9) ** 2": "(x - 171) / 9"}),
        ("that is log p(x)", {"0.6 * child + 0.4 * adult": "(0.6 * child + 0.4 * adult).log()"}),
        (
            "who are smaller than x",
            """
def my_density(x):
    normal = torch.distributions.Normal
    return 0.6 * normal(128.0, 6.0).cdf(x) + 0.4 * normal(171.0, 9.0).cdf(x)
""",
        ),
        (
            "one bell, with the right mean",
            """
def my_density(x):
    return torch.distributions.Normal(145.2, 22.34).log_prob(x).exp()
""",
        ),
        ("two things are wrong", {"0.6 *": "0.4 *", "0.4 *": "0.6 *", "-0.5 * ": "-"}),
        ("it returns nothing", {"return ": ""}),
        ("should have (3,)", {"0.6 * child + 0.4 * adult": "(0.6 * child + 0.4 * adult).sum()"}),
    ],
}

ANSWERS["check_score"] = {
    "right": [
        """
def my_score(x):
    child = 0.6 * torch.exp(-0.5 * ((x - 128) / 6) ** 2) / 6
    adult = 0.4 * torch.exp(-0.5 * ((x - 171) / 9) ** 2) / 9
    slope = child * (128 - x) / 6**2 + adult * (171 - x) / 9**2
    return slope / (child + adult)
""",
        """
def log_p(x):
    normal = torch.distributions.Normal
    return (0.6 * normal(128.0, 6.0).log_prob(x).exp() + 0.4 * normal(171.0, 9.0).log_prob(x).exp()).log()

def my_score(x):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(log_p(x).sum(), x)[0]
""",
        """
def log_p(x):
    normal = torch.distributions.Normal
    return (0.6 * normal(128.0, 6.0).log_prob(x).exp() + 0.4 * normal(171.0, 9.0).log_prob(x).exp()).log()

def my_score(x, d=0.01):
    return (log_p(x + d) - log_p(x - d)) / (2 * d)
""",
        """
def my_score(x):
    x = x.numpy()[:, None]
    mean, std, share = np.array([128, 171]), np.array([6, 9]), np.array([0.6, 0.4])
    likely = share / std * np.exp(-((x - mean) ** 2) / (2 * std**2))
    belongs = likely / likely.sum(1, keepdims=True)
    return (belongs * (mean - x) / std**2).sum(1)
""",
        """
def my_score(x):
    logs = torch.stack([torch.log(torch.tensor(w / s)) - ((x - m) / s) ** 2 / 2 for w, m, s in ((0.6, 128, 6), (0.4, 171, 9))])
    child, adult = logs.softmax(0)
    return child * (128 - x) / 36 + adult * (171 - x) / 81
""",
    ],
    "wrong": [
        ("0 everywhere", {"slope / (child + adult)": "0 * x"}),
        ("that is the slope of p(x)", {"slope / (child + adult)": "slope / (2 * torch.pi) ** 0.5"}),
        (
            "that is log p(x) itself",
            """
def my_score(x):
    normal = torch.distributions.Normal
    return (0.6 * normal(128.0, 6.0).log_prob(x).exp() + 0.4 * normal(171.0, 9.0).log_prob(x).exp()).log()
""",
        ),
        (
            "that is p(x) itself",
            """
def my_score(x):
    normal = torch.distributions.Normal
    return 0.6 * normal(128.0, 6.0).log_prob(x).exp() + 0.4 * normal(171.0, 9.0).log_prob(x).exp()
""",
        ),
        ("check the sign", {"128 - x": "x - 128", "171 - x": "x - 171"}),
        ("it is σ²", {"/ 6**2": "/ 6", "/ 9**2": "/ 9"}),
        ("is not divided by σ² yet", {" / 6**2": "", " / 9**2": ""}),
        ("twice too much", {"/ 6**2": "* 2 / 6**2", "/ 9**2": "* 2 / 9**2"}),
        (
            "twice too much",
            {"FROM": 2, "(2 * d)": "d"},
        ),
        ("with its share of all people", {"slope / (child + adult)": "0.6 * (128 - x) / 36 + 0.4 * (171 - x) / 81"}),
        ("weigh them", {"slope / (child + adult)": "(128 - x) / 36 + (171 - x) / 81"}),
        ("only the nearer group", {"slope / (child + adult)": "torch.where(x < 147, (128 - x) / 36, (171 - x) / 81)"}),
        ("only the children", {"slope / (child + adult)": "(128 - x) / 36"}),
        ("only the adults", {"slope / (child + adult)": "(171 - x) / 81"}),
        ("one bell with the mean of all", {"slope / (child + adult)": "(145.2 - x) / 22.34**2"}),
        ("share times its density", {"0.6 * ": "", "0.4 * ": ""}),
        ("share times its density", {"** 2) / 6": "** 2)", "** 2) / 9": "** 2)"}),
        ("the shares have changed places", {"0.6 *": "0.4 *", "0.4 *": "0.6 *"}),
        ("the means have changed", {"128": "171", "171": "128"}),
        ("divided by 2", {"-0.5 * ": "-"}),
        (
            "that is the slope of p(x)",
            """
def log_p(x):
    normal = torch.distributions.Normal
    return (0.6 * normal(128.0, 6.0).log_prob(x).exp() + 0.4 * normal(171.0, 9.0).log_prob(x).exp()).log()

def my_score(x):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(log_p(x).exp().sum(), x)[0]
""",
        ),
        ("two things are wrong", {"0.6 *": "0.4 *", "0.4 *": "0.6 *", "128 - x": "x - 128", "171 - x": "x - 171"}),
        ("it returns nothing", {"return slope": "slope"}),
    ],
}

ANSWERS["check_distance_covered"] = {
    "right": [
        """
def distance_covered(x):
    left = (x - x[-1]).pow(2).mean((1, 2, 3, 4)).sqrt()
    return 1 - left / left[0]
""",
        """
def distance_covered(x):
    left = [float(np.sqrt(np.mean((p - x[-1]).numpy() ** 2))) for p in x]
    return [(left[0] - d) / left[0] for d in left]
""",
        """
def distance_covered(x):
    far = torch.linalg.vector_norm((x - x[-1:]).flatten(1), dim=1)
    return (far[0] - far) / far[0]
""",
        """
def distance_covered(x):
    end = x[-1].expand_as(x)
    left = torch.stack([torch.nn.functional.mse_loss(a, b) for a, b in zip(x, end)]) ** 0.5
    return 1 - left.div(left[0])
""",
        """
def distance_covered(x):
    left = torch.cdist(x.flatten(1), x[-1:].flatten(1), compute_mode="donot_use_mm_for_euclid_dist").squeeze(1)
    return 1 - left / left[0]
""",
    ],
    "wrong": [
        ("each step gets the same share", {"1 - left / left[0]": "torch.linspace(0, 1, len(x))"}),
        ("each step gets the same share", {"1 - left / left[0]": "torch.arange(len(x)) / (len(x) - 1)"}),
        ("the share that is still ahead", {"1 - left": "left"}),
        ("not divided by the whole", {" / left[0]": ""}),
        ("you measure from the first", {"x - x[-1]": "x - x[0]", "1 - left / left[0]": "left / left[-1]"}),
        ("how far each picture is from the first", {"x - x[-1]": "x - x[0]", "1 - left / left[0]": "left"}),
        (
            "you add up the lengths",
            """
def distance_covered(x):
    steps = x.diff(dim=0).flatten(1).square().mean(1).sqrt()
    return torch.cat([torch.zeros(1), steps.cumsum(0)]) / steps.sum()
""",
        ),
        (
            "you add up the lengths",
            """
def distance_covered(x):
    steps = (x[1:] - x[:-1]).square().mean((1, 2, 3, 4)).sqrt()
    return steps.cumsum(0) / steps.sum()
""",
        ),
        ("its root is missing", {".sqrt()": ""}),
        ("the mean of the absolute", {".pow(2)": ".abs()", ".sqrt()": ""}),
        ("cancel out", {".pow(2)": "", ".sqrt()": ""}),
        ("that is the standard deviation", {".pow(2).mean((1, 2, 3, 4)).sqrt()": ".std((1, 2, 3, 4))"}),
        ("and each image", {"(1, 2, 3, 4)": "(2, 3, 4)"}),
        ("take the root for each image", {".mean((1, 2, 3, 4)).sqrt()": ".mean((2, 3, 4)).sqrt().mean(1)"}),
        ("by the largest distance", {"left[0]": "left.max()"}),
        (
            "you subtract two sizes",
            """
def distance_covered(x):
    size = x.pow(2).mean((1, 2, 3, 4)).sqrt()
    left = (size - size[-1]).abs()
    return 1 - left / left[0]
""",
        ),
        ("the share that each step covers", {"1 - left / left[0]": "(left[:-1] - left[1:]) / left[0]"}),
        ("the first picture counts too", {"1 - left / left[0]": "1 - left[1:] / left[0]"}),
        ("the last picture counts too", {"1 - left / left[0]": "(1 - left / left[0])[:-1]"}),
        ("in the wrong order", {"return 1 - left / left[0]": "return (1 - left / left[0]).flip(0)"}),
        ("holds NaN", {"left[0]": "left[-1]"}),
        ("two things are wrong", {"1 - left": "left", ".sqrt()": ""}),
        ("it returns nothing", {"return ": ""}),
    ],
}

ANSWERS["check_settled_from"] = {
    "right": [
        """
def settled_from(says):
    same = says == says[-1]
    stays = same.int().flip(0).cumprod(0).flip(0)
    return stays.argmax(0)
""",
        """
def settled_from(says):
    rows = []
    for answers in says.T.tolist():
        row = len(answers) - 1
        while row > 0 and answers[row - 1] == answers[-1]:
            row -= 1
        rows.append(row)
    return rows
""",
        """
def settled_from(says):
    return len(says) - (says == says[-1]).flip(0).cumprod(0).sum(0)
""",
        """
def settled_from(says):
    changed = (says[1:] != says[:-1]).long()
    return (changed * torch.arange(1, len(says))[:, None]).max(0).values
""",
        """
def settled_from(says):
    s = says.numpy()
    return [int(max(np.flatnonzero(s[:, i] != s[-1, i]), default=-1)) + 1 for i in range(s.shape[1])]
""",
    ],
    "wrong": [
        ("appears for the first time", {"same.int().flip(0).cumprod(0).flip(0)": "same.int()"}),
        ("the share of the pictures", {"stays.argmax(0)": "stays.float().mean(1)"}),
        ("one row too early", {"stays.argmax(0)": "stays.argmax(0) - 1"}),
        (
            "one row too early",
            """
def settled_from(says):
    changed = (says[1:] != says[:-1]).long()
    return (changed * torch.arange(len(says) - 1)[:, None]).max(0).values
""",
        ),
        ("for how many rows", {"stays.argmax(0)": "stays.sum(0)"}),
        ("count from the last row", {"stays.argmax(0)": "stays.sum(0) - 1"}),
        ("every row with the last class", {"stays.argmax(0)": "len(says) - same.sum(0)"}),
        ("how often the answer changes", {"stays.argmax(0)": "(says[1:] != says[:-1]).sum(0)"}),
        ("changes first", {"stays.argmax(0)": "(says[1:] != says[:-1]).int().argmax(0) + 1"}),
        ("changes first", {"stays.argmax(0)": "(says[1:] != says[:-1]).int().argmax(0)"}),
        ("`cumprod` has to run", {".flip(0).cumprod(0).flip(0)": ".cumprod(0)"}),
        ("`cumprod` has to run", {".cumprod(0).flip(0)": ".cumprod(0)"}),
        ("compared with the first one", {"says[-1]": "says[0]"}),
        (
            "follow the pictures of one step",
            """
def settled_from(says):
    same = says == says[:, -1:]
    return same.int().flip(1).cumprod(1).flip(1).argmax(1)
""",
        ),
        ("for each row whether it is settled", {"stays.argmax(0)": "stays"}),
        ("for each row whether it is settled", {"stays.argmax(0)": "stays.bool()"}),
        ("all pictures are settled", {"stays.argmax(0)": "stays.argmax(0).max()"}),
        ("one row too late", {"stays.argmax(0)": "stays.argmax(0) + 1"}),
        ("stops at `stays = same.flip(0)", {".int()": "", ".cumprod(0)": ".cumprod()"}),
    ],
}

ANSWERS["check_group_norm"] = {
    "right": [
        """
def group_norm(x, groups):
    n, c, h, w = x.shape
    v = x.reshape(n, groups, -1)
    mean, var = v.mean(-1, keepdim=True), v.var(-1, unbiased=False, keepdim=True)
    out = (v - mean) / (var + 1e-5).sqrt()
    return out.reshape(n, c, h, w)
""",
        "def group_norm(x, groups):\n    return torch.nn.functional.group_norm(x, groups)\n",
        """
def group_norm(x, groups):
    return torch.nn.GroupNorm(groups, x.shape[1], affine=False)(x)
""",
        """
def group_norm(x, groups):
    parts = []
    for part in x.chunk(groups, dim=1):
        mean = part.mean(dim=(1, 2, 3), keepdim=True)
        var = ((part - mean) ** 2).mean(dim=(1, 2, 3), keepdim=True)
        parts.append((part - mean) / torch.sqrt(var + 0.00001))
    return torch.cat(parts, 1)
""",
        """
def group_norm(x, groups):
    v = x.numpy().reshape(len(x), groups, -1)
    v = (v - v.mean(2, keepdims=True)) / np.sqrt(v.var(2, keepdims=True) + 1e-5)
    return torch.from_numpy(v.reshape(x.shape))
""",
        """
def group_norm(x, groups):
    v = x.unflatten(1, (groups, -1))
    var, mean = torch.var_mean(v, dim=(2, 3, 4), correction=0, keepdim=True)
    return ((v - mean) * torch.rsqrt(var + 1e-5)).flatten(1, 2)
""",
    ],
    "wrong": [
        ("x comes back as it was", {"out.reshape(n, c, h, w)": "x"}),
        ("the division by the standard deviation is missing", {" / (var + 1e-5).sqrt()": ""}),
        ("the mean is not subtracted", {"(v - mean)": "v"}),
        ("you divide by the variance", {".sqrt()": ""}),
        ("by one less than there are", {"unbiased=False, ": ""}),
        ("the 0.00001 is missing", {" + 1e-5": ""}),
        ("added to the root", {"(var + 1e-5).sqrt()": "(var.sqrt() + 1e-5)"}),
        (
            "by one less than there are",
            """
def group_norm(x, groups):
    v = x.view(len(x), groups, -1)
    v = (v - v.mean(2, True)) / (v.std(2, keepdim=True) ** 2 + 1e-5) ** 0.5
    return v.view_as(x)
""",
        ),
        (
            "over all pictures of the batch",
            """
def group_norm(x, groups):
    v = x.unflatten(1, (groups, -1))
    mean, var = v.mean((0, 2, 3, 4), True), v.var((0, 2, 3, 4), unbiased=False, keepdim=True)
    return ((v - mean) / (var + 1e-5).sqrt()).reshape(x.shape)
""",
        ),
        (
            "that is batch norm",
            """
def group_norm(x, groups):
    mean, var = x.mean((0, 2, 3), True), x.var((0, 2, 3), unbiased=False, keepdim=True)
    return (x - mean) / (var + 1e-5).sqrt()
""",
        ),
        (
            "that is batch norm",
            """
def group_norm(x, groups):
    return torch.nn.functional.batch_norm(x, None, None, training=True)
""",
        ),
        ("all channels are taken together", {"x.reshape(n, groups, -1)": "x.reshape(n, 1, -1)"}),
        (
            "all channels are taken together",
            """
def group_norm(x, groups):
    return torch.nn.functional.layer_norm(x, x.shape[1:])
""",
        ),
        ("each channel is taken by itself", {"x.reshape(n, groups, -1)": "x.reshape(n, c, -1)"}),
        (
            "each channel is taken by itself",
            """
def group_norm(x, groups):
    return torch.nn.functional.instance_norm(x)
""",
        ),
        (
            "each pixel has a mean of its own",
            """
def group_norm(x, groups):
    v = x.unflatten(1, (groups, -1))
    mean, var = v.mean(2, True), v.var(2, unbiased=False, keepdim=True)
    return ((v - mean) / (var + 1e-5).sqrt()).reshape(x.shape)
""",
        ),
        ("`groups` is the number", {"x.reshape(n, groups, -1)": "x.reshape(n, c // groups, -1)"}),
        (
            "neighbouring channels form",
            """
def group_norm(x, groups):
    v = x.unflatten(1, (-1, groups))
    mean, var = v.mean((1, 3, 4), True), v.var((1, 3, 4), unbiased=False, keepdim=True)
    return ((v - mean) / (var + 1e-5).sqrt()).reshape(x.shape)
""",
        ),
        ("still cut into groups", {"out.reshape(n, c, h, w)": "out"}),
        ("black and white", {"v - mean": "mean - v"}),
        ("two things are wrong", {"unbiased=False, ": "", " + 1e-5": ""}),
        ("two things are wrong", {"(v - mean)": "v", ".sqrt()": ""}),
        ("stops at `v = x.reshape(n, groups, c, h, w)`", {"x.reshape(n, groups, -1)": "x.reshape(n, groups, c, h, w)"}),
    ],
}

ANSWERS["check_paired_difference"] = {
    "right": [
        """
def paired_difference(a, b):
    less = b - a
    error = less.std() / len(less) ** 0.5
    return less.mean(), error
""",
        """
def paired_difference(a, b):
    d = (b - a).numpy()
    return d.mean(), d.std(ddof=1) / np.sqrt(len(d))
""",
        """
def paired_difference(a, b):
    n = len(a)
    less = [float(y - x) for x, y in zip(a, b)]
    mean = sum(less) / n
    return mean, (sum((d - mean) ** 2 for d in less) / (n - 1) / n) ** 0.5
""",
        """
import statistics

def paired_difference(a, b):
    less = (b - a).tolist()
    return statistics.mean(less), statistics.stdev(less) / len(less) ** 0.5
""",
        """
def paired_difference(a, b):
    d = torch.sub(b, a)
    return b.mean() - a.mean(), d.std(correction=0).div((len(d) - 1) ** 0.5)
""",
    ],
    "wrong": [
        ("the error is 0", {"less.std() / len(less) ** 0.5": "0.0"}),
        ("of one difference", {" / len(less) ** 0.5": ""}),
        ("its root is missing", {" ** 0.5": ""}),
        ("so it should be n-1", {"less.std()": "less.std(unbiased=False)"}),
        ("so it should be n-1", {"FROM": 1, "d.std(ddof=1)": "d.std()"}),
        ("where n-1 belongs", {"FROM": 1, "d.std(ddof=1) / np.sqrt(len(d))": "d.std()"}),
        ("nothing in common", {"less.std()": "(a.var() + b.var()).sqrt()"}),
        ("nothing in common", {"less.std() / len(less) ** 0.5": "(a.var() + b.var()).sqrt()"}),
        ("nothing in common", {"less.std()": "(a.std() + b.std())"}),
        ("nothing in common", {"less.std() / len(less) ** 0.5": "torch.cat([a, b]).std() / (2 * len(a)) ** 0.5"}),
        ("of one setting's own mean", {"less.std()": "a.std()"}),
        ("of one setting's own mean", {"less.std()": "b.std()"}),
        ("you subtract two spreads", {"less.std()": "(b.std() - a.std())"}),
        ("you subtract two spreads", {"less.std()": "(b.std() - a.std()).abs()"}),
        ("the sign is wrong", {"b - a": "a - b"}),
        ("the sign is wrong", {"FROM": 4, "b.mean() - a.mean()": "a.mean() - b.mean()"}),
        ("the signs are lost", {"less.mean()": "less.abs().mean()"}),
        ("the variance of the mean", {"less.std() / len(less) ** 0.5": "less.var() / len(less)"}),
        ("you divide the variance by", {"less.std()": "less.var()"}),
        ("the median of the differences", {"less.mean()": "less.median()"}),
        ("the sum of the differences", {"less.mean()": "less.sum()"}),
        ("all the differences", {"less.mean()": "less"}),
        ("relative differences", {"b - a": "(b - a) / a"}),
        ("have changed places", {"less.mean(), error": "error, less.mean()"}),
        ("95 % interval", {"less.std()": "1.96 * less.std()"}),
        ("it returns one thing", {"less.mean(), error": "less.mean()"}),
        ("two things are wrong", {"b - a": "a - b", " / len(less) ** 0.5": ""}),
    ],
}

ANSWERS["check_clock_rate"] = {
    "right": [
        """
from math import cos, pi

def clock_rate(done):
    if done < 0.1:
        return done / 0.1
    return (1 + cos(pi * (done - 0.1) / 0.9)) / 2
""",
        """
def clock_rate(done):
    fall = 0.5 + 0.5 * np.cos(np.pi * (done - 0.1) / 0.9)
    return min(10 * done, fall) if done <= 0.1 else fall
""",
        """
def clock_rate(done):
    x = max(0.0, (done - 0.1) / 0.9)
    return min(done / 0.1, 1.0) * np.cos(np.pi / 2 * x) ** 2
""",
        """
def clock_rate(done):
    if done < 0.1:
        return torch.tensor(done / 0.1)
    return 1 - torch.sin(torch.tensor(torch.pi / 2 * (done - 0.1) / 0.9)) ** 2
""",
        """
def clock_rate(done):
    if done > 0.1:
        down = (done - 0.1) / (1 - 0.1)
        return 0.5 * (1 + np.cos(down * np.pi))
    else:
        return 1 * done / 0.1
""",
    ],
    "wrong": [
        ("the fall is a straight line", {"(1 + cos(pi * (done - 0.1) / 0.9)) / 2": "(1 - done) / 0.9"}),
        (
            "the fall is a straight line",
            """
def clock_rate(done):
    return min(done / 0.1, (1 - done) / 0.9)
""",
        ),
        (
            "the climb is missing",
            """
def clock_rate(done):
    return (1 + np.cos(np.pi * done)) / 2
""",
        ),
        ("the climb is missing", {"return done / 0.1": "return 1.0"}),
        ("the rate stays 0", {"return done / 0.1": "return 0.0"}),
        ("the fall begins at 0", {"(done - 0.1) / 0.9": "done"}),
        (
            "the fall begins at 0",
            """
def clock_rate(done):
    return min(done / 0.1, 0.5 * (1 + np.cos(np.pi * done)))
""",
        ),
        (
            "the fall begins at 0",
            """
def clock_rate(done):
    warm = min(1, done / 0.1)
    return warm * (1 + np.cos(np.pi * done)) / 2
""",
        ),
        ("a quarter of a cosine", {"(1 + cos(pi * (done - 0.1) / 0.9)) / 2": "cos(pi / 2 * (done - 0.1) / 0.9)"}),
        ("goes from 1 to -1", {"(1 + cos(pi * (done - 0.1) / 0.9)) / 2": "cos(pi * (done - 0.1) / 0.9)"}),
        ("π is missing", {"pi * ": ""}),
        ("takes radians", {"pi * (": "180 * ("}),
        ("a whole cosine", {"pi * (": "2 * pi * ("}),
        ("climbs once more", {"1 + cos": "1 - cos"}),
        ("the fall begins at 2", {"0.9)) / 2": "0.9))"}),
        ("does not reach 0", {" / 0.9": ""}),
        ("reaches 0.1 only", {"return done / 0.1": "return done"}),
        ("should be a straight line", {"return done / 0.1": "return (1 - cos(pi * done / 0.1)) / 2"}),
        (
            "climbs on and on",
            """
def clock_rate(done):
    return max(done / 0.1, (1 + np.cos(np.pi * (done - 0.1) / 0.9)) / 2)
""",
        ),
        (
            "goes on to the end",
            """
def clock_rate(done):
    return done / 0.1
""",
        ),
        (
            "nothing falls",
            """
def clock_rate(done):
    return min(1, done / 0.1)
""",
        ),
        ("two things are wrong", {"return done / 0.1": "return done", "1 + cos": "1 - cos"}),
        ("stops at `return (1 + cosine(pi", {"(1 + cos(pi": "(1 + cosine(pi"}),
        ("it returns nothing", {"return (1": "(1"}),
    ],
}

ANSWERS["check_copies"] = {
    "right": [
        """
def copies(made, training, held_out):
    near = torch.cdist(made.flatten(1), training.flatten(1)).min(1).values
    usual = torch.cdist(held_out.flatten(1), training.flatten(1)).min(1).values
    return near < usual.median() / 2
""",
        """
def copies(made, training, held_out):
    def nearest(pictures):
        return ((pictures[:, None] - training[None]) ** 2).mean((2, 3, 4)).sqrt().amin(1)

    return (nearest(made) < 0.5 * nearest(held_out).median()).tolist()
""",
        """
def copies(made, training, held_out):
    near = lambda p: min(float((p - t).square().mean()) ** 0.5 for t in training)
    usual = torch.tensor([near(p) for p in held_out]).median()
    return [near(p) < usual / 2 for p in made]
""",
        """
def copies(made, training, held_out):
    a, b, known = (x.flatten(1) for x in (made, held_out, training))
    limit = torch.cdist(b, known).amin(1).quantile(0.5, interpolation="lower") / 2
    return torch.cdist(a, known).amin(1).lt(limit)
""",
        """
def copies(made, training, held_out):
    d = torch.cdist(torch.cat([made, held_out]).flatten(1), training.flatten(1)).min(dim=1)[0]
    mine, theirs = d[: len(made)], d[len(made) :]
    return 2 * mine < theirs.median()
""",
    ],
    "wrong": [
        ("only exact copies", {"near < usual.median() / 2": "near == 0"}),
        ("those are the distances", {"near < usual.median() / 2": "near"}),
        ("points the wrong way", {"near <": "near >"}),
        ("half of all new pictures", {" / 2": ""}),
        ("from the mean of the distances", {"usual.median()": "usual.mean()"}),
        ("from the smallest distance", {"usual.median()": "usual.min()"}),
        ("from the largest distance", {"usual.median()": "usual.max()"}),
        (
            "the mean distance to all",
            {
                "near = torch.cdist(made.flatten(1), training.flatten(1)).min(1).values": "near = torch.cdist(made.flatten(1), training.flatten(1)).mean(1)"
            },
        ),
        (
            "one answer for each training picture",
            {
                "near = torch.cdist(made.flatten(1), training.flatten(1)).min(1)": "near = torch.cdist(made.flatten(1), training.flatten(1)).min(0)"
            },
        ),
        (
            "which the network has never seen",
            {"torch.cdist(made.flatten(1), training": "torch.cdist(made.flatten(1), held_out"},
        ),
        ("nearest to itself", {"torch.cdist(held_out": "torch.cdist(training"}),
        ("comes from the drawn pictures", {"torch.cdist(held_out": "torch.cdist(made"}),
        ("comes from the drawn pictures", {"usual.median()": "near.median()"}),
        (
            "from all distances of the held-out",
            {
                "usual = torch.cdist(held_out.flatten(1), training.flatten(1)).min(1).values": "usual = torch.cdist(held_out.flatten(1), training.flatten(1))"
            },
        ),
        (
            "the other way round",
            {
                "torch.cdist(held_out.flatten(1), training.flatten(1))": "torch.cdist(training.flatten(1), held_out.flatten(1))"
            },
        ),
        ("you compare squared distances", {"FROM": 1, ".sqrt()": ""}),
        ("one answer for all", {"return near < usual.median() / 2": "return (near < usual.median() / 2).any()"}),
        (
            "one answer for all",
            {"return near < usual.median() / 2": "return (near < usual.median() / 2).float().mean()"},
        ),
        (
            "stops at `return near < usual.median() / 2`",
            {"training.flatten(1)).min(1).values\n    return": "training.flatten(1)).min(1)\n    return"},
        ),
        ("two things are wrong", {"near <": "near >", "usual.median()": "usual.mean()"}),
    ],
}

ANSWERS["check_exact_x0"] = {
    "right": [
        """
def my_x0(x_t, points, ab):
    distance = ((x_t[:, None] - ab.sqrt() * points) ** 2).sum(2)
    weight = torch.softmax(-distance / (2 * (1 - ab)), 1)
    return weight @ points
""",
        """
def my_x0(x_t, points, ab):
    d = torch.cdist(x_t, ab.sqrt() * points)
    w = (-(d**2) / 2 / (1 - ab)).exp()
    w = w / w.sum(1, keepdim=True)
    return w @ points
""",
        """
def my_x0(x_t, points, ab):
    means = []
    for x in x_t:
        w = torch.exp(-((x - ab.sqrt() * points) ** 2).sum(1) / (2 * (1 - ab)))
        means.append((w[:, None] * points).sum(0) / w.sum())
    return torch.stack(means)
""",
        """
def my_x0(x_t, points, ab):
    place = points * ab**0.5
    logits = (x_t @ place.T - (place**2).sum(1) / 2) / (1 - ab)
    return logits.softmax(-1) @ points
""",
    ],
    "wrong": [
        ("comes back as it was", {"weight @ points": "x_t"}),
        ("the mean of all points", {"weight @ points": "points.mean(0).expand(len(x_t), 2)"}),
        ("you return the nearest point", {"weight @ points": "points[distance.argmin(1)]"}),
        ("the distance to the points themselves", {"ab.sqrt() * points) **": "points) **"}),
        ("multiplied by ᾱ: it is √ᾱ", {"ab.sqrt() * points": "ab * points"}),
        ("a minus is missing", {"-distance": "distance"}),
        ("a 2 is missing", {"(2 * (1 - ab))": "(1 - ab)"}),
        ("below the line stands 2σ", {"(2 * (1 - ab))": "(2 * (1 - ab).sqrt())"}),
        ("the variance of the noise is 1-ᾱ", {"(2 * (1 - ab))": "(2 * ab)"}),
        ("makes no difference", {" / (2 * (1 - ab))": ""}),
        ("you multiply by 1-ᾱ", {"(2 * (1 - ab))": "2 * (1 - ab)"}),
        ("leave out the root", {".sum(2)": ".sum(2).sqrt()"}),
        (
            "leave out the root",
            {
                "distance = ((x_t[:, None] - ab.sqrt() * points) ** 2).sum(2)": "distance = torch.cdist(x_t, ab.sqrt() * points)"
            },
        ),
        ("should sum to 1", {", 1)": ", 0)"}),
        ("do not sum to 1", {"torch.softmax(": "torch.exp(", ", 1)": ")"}),
        ("√ᾱ times too small", {"weight @ points": "weight @ (ab.sqrt() * points)"}),
        (
            "which enlarges the noise too",
            {"(x_t[:, None] - ab.sqrt() * points)": "(x_t[:, None] / ab.sqrt() - points)"},
        ),
        ("halves the squared distance", {".sum(2)": ".mean(2)"}),
        ("two things are wrong", {"-distance": "distance", "(2 * (1 - ab))": "(1 - ab)"}),
        ("it stops at", {"x_t[:, None]": "x_t"}),
        ("it returns nothing", {"return weight @ points": "weight @ points"}),
        (
            "weights of their own",
            """
def my_x0(x_t, points, ab):
    d = (x_t[:, None] - ab.sqrt() * points) ** 2
    w = (-d / (2 * (1 - ab))).exp()
    return (w * points).sum(1) / w.sum(1)
""",
        ),
    ],
}

ANSWERS["check_score_from_eps"] = {
    "right": [
        """
def my_score(eps, ab):
    return -eps / (1 - ab[:, None]).sqrt()
""",
        """
def my_score(eps, ab):
    sigma = torch.sqrt(1 - ab).reshape(-1, 1)
    return -eps / sigma
""",
        """
def my_score(eps, ab):
    return torch.stack([-e / (1 - a) ** 0.5 for e, a in zip(eps, ab)])
""",
        """
def my_score(eps, ab):
    return (eps.T * -((1 - ab) ** -0.5)).T
""",
    ],
    "wrong": [
        ("comes back as it was", {"-eps / (1 - ab[:, None]).sqrt()": "eps"}),
        ("the direction is right", {"-eps / (1 - ab[:, None]).sqrt()": "-eps"}),
        ("a minus is missing", {"-eps": "eps"}),
        ("divided by 1-ᾱ, a variance", {".sqrt()": ""}),
        ("multiplied by √(1-ᾱ)", {"-eps / ": "-eps * "}),
        ("multiplied by 1-ᾱ", {"-eps / ": "-eps * ", ".sqrt()": ""}),
        ("divided by √ᾱ", {"(1 - ab[:, None]).sqrt()": "ab[:, None].sqrt()"}),
        ("divided by ᾱ", {"(1 - ab[:, None]).sqrt()": "ab[:, None]"}),
        ("1-√ᾱ stands", {"(1 - ab[:, None]).sqrt()": "(1 - ab[:, None].sqrt())"}),
        ("lines them up", {"ab[:, None]": "ab"}),
        ("all points get the same", {"ab[:, None]": "ab.mean()"}),
        ("all points get the first", {"ab[:, None]": "ab[0]"}),
        ("two things are wrong", {"-eps": "eps", ".sqrt()": ""}),
        ("it returns nothing", {"return ": ""}),
    ],
}

ANSWERS["check_plane_step"] = {
    "right": [
        """
def my_step(x_t, x0, ab, ab_prev):
    eps = (x_t - ab.sqrt() * x0) / (1 - ab).sqrt()
    return ab_prev.sqrt() * x0 + (1 - ab_prev).sqrt() * eps
""",
        """
def my_step(x_t, x0, ab, ab_prev):
    ratio = ((1 - ab_prev) / (1 - ab)) ** 0.5
    return ab_prev**0.5 * x0 + ratio * (x_t - ab**0.5 * x0)
""",
        """
def my_step(x_t, x0, ab, ab_prev):
    signal, noise = ab.sqrt(), (1 - ab).sqrt()
    next_signal, next_noise = ab_prev.sqrt(), (1 - ab_prev).sqrt()
    noise_in_x_t = (x_t - signal * x0) / noise
    return next_signal * x0 + next_noise * noise_in_x_t
""",
        """
def my_step(x_t, x0, ab, ab_prev):
    k = ((1 - ab_prev) / (1 - ab)).sqrt()
    return k * x_t + (ab_prev.sqrt() - k * ab.sqrt()) * x0
""",
    ],
    "wrong": [
        ("x_t comes back", {"ab_prev.sqrt() * x0 + (1 - ab_prev).sqrt() * eps": "x_t"}),
        ("x_t comes back", {"ab_prev.sqrt()": "ab.sqrt()", "(1 - ab_prev)": "(1 - ab)"}),
        ("you jump to the guess", {"ab_prev.sqrt() * x0 + (1 - ab_prev).sqrt() * eps": "x0"}),
        ("x_t stands where the noise", {"sqrt() * eps": "sqrt() * x_t"}),
        ("the division is missing", {"(x_t - ab.sqrt() * x0) / (1 - ab).sqrt()": "x_t - ab.sqrt() * x0"}),
        ("divided by 1-ᾱ", {"/ (1 - ab).sqrt()": "/ (1 - ab)"}),
        ("you subtract all of x̂0", {"(x_t - ab.sqrt() * x0)": "(x_t - x0)"}),
        ("you subtract ᾱ·x̂0", {"(x_t - ab.sqrt() * x0)": "(x_t - ab * x0)"}),
        ("the wrong sign", {"(x_t - ab.sqrt() * x0)": "(ab.sqrt() * x0 - x_t)"}),
        ("the guess is added", {"(x_t - ab": "(x_t + ab"}),
        ("only x̂0 is divided", {"(x_t - ab.sqrt() * x0)": "x_t - ab.sqrt() * x0"}),
        ("in ε̂ stands 1-√ᾱ", {"(1 - ab).sqrt()": "(1 - ab.sqrt())"}),
        ("x̂0 has no weight", {"ab_prev.sqrt() * x0": "x0"}),
        ("x̂0 is multiplied by ᾱ", {"ab_prev.sqrt() * x0": "ab_prev * x0"}),
        ("of the old timestep", {"ab_prev.sqrt() * x0": "ab.sqrt() * x0"}),
        ("ε̂ is multiplied by 1-ᾱ", {"(1 - ab_prev).sqrt()": "(1 - ab_prev)"}),
        ("as much noise is put back", {"(1 - ab_prev)": "(1 - ab)"}),
        ("fresh noise", {"sqrt() * eps": "sqrt() * torch.randn_like(x_t)"}),
        (
            "in the new mix the two rates",
            {"ab_prev.sqrt() * x0 + (1 - ab_prev).sqrt()": "(1 - ab_prev).sqrt() * x0 + ab_prev.sqrt()"},
        ),
        ("two things are wrong", {"/ (1 - ab).sqrt()": "/ (1 - ab)", "ab_prev.sqrt() * x0": "x0"}),
        ("it returns nothing", {"return ": ""}),
    ],
}

ANSWERS["check_waves"] = {
    "right": [
        """
def my_waves(t, dim):
    h = dim // 2
    w = 10_000 ** (-torch.arange(h) / h)
    angles = t[:, None] * w
    return torch.cat([angles.cos(), angles.sin()], dim=1)
""",
        """
import math

def my_waves(t, dim):
    half = dim // 2
    freqs = torch.exp(-math.log(10000) * torch.arange(0, half, dtype=torch.float32) / half)
    args = t[:, None].float() * freqs[None]
    return torch.cat([torch.cos(args), torch.sin(args)], dim=-1)
""",
        """
def my_waves(t, dim):
    angles = torch.outer(t.float(), torch.logspace(0, -4, dim // 2 + 1)[:-1])
    return torch.hstack([angles.cos(), angles.sin()])
""",
        """
def my_waves(t, dim):
    columns = []
    for wave in ("cos", "sin"):
        for i in range(dim // 2):
            columns.append(getattr(torch, wave)(t / 10000 ** (2 * i / dim)))
    return torch.stack(columns, 1)
""",
        """
def my_waves(t, dim):
    out = torch.zeros(len(t), dim)
    for i in range(dim // 2):
        w = 1 / 10000 ** (i / (dim // 2))
        out[:, i] = torch.cos(w * t)
        out[:, dim // 2 + i] = torch.sin(w * t)
    return out
""",
    ],
    "wrong": [
        ("every number is t itself", "def my_waves(t, dim):\n    return t[:, None].expand(len(t), dim)"),
        ("t is not used yet", "def my_waves(t, dim):\n    return torch.zeros(len(t), dim)"),
        ("returns nothing", {"return torch": "torch"}),
        ("the sines come first", {"angles.cos(), angles.sin()": "angles.sin(), angles.cos()"}),
        ("cosines and sines alternate", {"torch.cat([angles.cos(), angles.sin()], dim=1)": "torch.stack([angles.cos(), angles.sin()], 2).reshape(len(t), dim)"}),
        ("sines and cosines alternate", {"torch.cat([angles.cos(), angles.sin()], dim=1)": "torch.stack([angles.sin(), angles.cos()], 2).reshape(len(t), dim)"}),
        ("both halves are cosines", {"angles.sin()": "angles.cos()"}),
        ("both halves are sines", {"angles.cos()": "angles.sin()"}),
        ("Take cos and sin", {"angles.cos(), angles.sin()": "angles, angles"}),
        ("only the cosines", {"torch.cat([angles.cos(), angles.sin()], dim=1)": "angles.cos()"}),
        ("only the sines", {"torch.cat([angles.cos(), angles.sin()], dim=1)": "angles.sin()"}),
        ("divided by h-1", {"arange(h) / h": "arange(h) / (h - 1)"}),
        ("divided by h-1", {"10_000 ** (-torch.arange(h) / h)": "10_000 ** torch.linspace(0, -1, h)"}),
        ("divide i by h", {"arange(h) / h": "arange(h) / dim"}),
        ("twice what it should be", {"arange(h) / h": "arange(h) * 2 / h"}),
        ("the frequencies grow", {"(-torch": "(torch"}),
        ("frequencies grow", {"t[:, None] * w": "t[:, None] / w"}),
        ("i begins at 1", {"torch.arange(h)": "torch.arange(1, h + 1)"}),
        ("not divided by h", {"(-torch.arange(h) / h)": "(-torch.arange(h).float())"}),
        ("powers of e", {"10_000 ** (-torch.arange(h) / h)": "torch.exp(-torch.arange(h) / h)"}),
        ("powers of 10,000", {"10_000": "1_000"}),
        ("powers of 10,000", {"10_000": "100"}),
        ("multiplied by 2π", {"t[:, None] * w": "2 * torch.pi * t[:, None] * w"}),
        ("t is divided by 1,000", {"t[:, None] * w": "t[:, None] / 1000 * w"}),
        ("multiply them", {"t[:, None] * w": "t[:, None] + w"}),
        ("do not depend on t", {"t[:, None] * w": "w.repeat(len(t), 1)"}),
        ("lines them up", {"t[:, None] * w": "t * w"}),
        ("shape", {"dim=1": "dim=0"}),
        ("shape", {"h = dim // 2": "h = dim"}),
    ],
}  # fmt: skip

ANSWERS["check_residual_block"] = {
    "right": [
        """
import torch.nn.functional as F

def my_block(block, x, emb):
    h = block.conv1(F.silu(block.norm1(x)))
    h = h + block.time_emb_proj(emb)[:, :, None, None]
    h = block.conv2(F.silu(block.norm2(h)))
    return block.conv_shortcut(x) + h
""",
        """
def my_block(block, x, emb):
    silu = torch.nn.SiLU()
    time = block.time_emb_proj(emb).unsqueeze(-1).unsqueeze(-1)
    return block.conv_shortcut(x) + block.conv2(silu(block.norm2(block.conv1(silu(block.norm1(x))) + time)))
""",
        """
def silu(x):
    return x * torch.sigmoid(x)

def my_block(block, x, emb):
    h = block.conv1(silu(block.norm1(x)))
    h += block.time_emb_proj(emb).view(*h.shape[:2], 1, 1)
    return block.conv2(silu(block.norm2(h))) + block.conv_shortcut(x)
""",
        """
def my_block(block, x, emb):
    before = torch.nn.Sequential(block.norm1, torch.nn.SiLU(), block.conv1)
    after = torch.nn.Sequential(block.norm2, torch.nn.SiLU(), block.conv2)
    return after(before(x) + block.time_emb_proj(emb)[..., None, None]) + block.conv_shortcut(x)
""",
        """
def my_block(block, x, emb):
    return block(x, emb)
""",
    ],
    "wrong": [
        ("nothing of the block is used", "def my_block(block, x, emb):\n    return x"),
        ("only the shortcut", {"block.conv_shortcut(x) + h": "block.conv_shortcut(x)"}),
        ("returns nothing", {"return block": "block"}),
        ("the input is not added", {"block.conv_shortcut(x) + h": "h"}),
        ("conv_shortcut", {"block.conv_shortcut(x) + h": "x + h"}),
        ("subtracted", {"conv_shortcut(x) + h": "conv_shortcut(x) - h"}),
        ("divided by √2", {"block.conv_shortcut(x) + h": "(block.conv_shortcut(x) + h) / 2**0.5"}),
        ("divided by 2", {"block.conv_shortcut(x) + h": "(block.conv_shortcut(x) + h) / 2"}),
        ("after the sum", {"block.conv_shortcut(x) + h": "F.silu(block.conv_shortcut(x) + h)"}),
        ("after the second convolution", {"conv_shortcut(x) + h": "conv_shortcut(x) + F.silu(h)"}),
        ("norm1(x): give it x", {"conv_shortcut(x)": "conv_shortcut(block.norm1(x))"}),
        ("what goes into conv1", {"conv_shortcut(x)": "conv_shortcut(F.silu(block.norm1(x)))"}),
        ("not told the time", {" + block.time_emb_proj(emb)[:, :, None, None]": ""}),
        ("[:, :, None, None]", {"(emb)[:, :, None, None]": "(emb)"}),
        ("SiLU already", {"proj(emb)": "proj(F.silu(emb))"}),
        ("after time_emb_proj", {"block.time_emb_proj(emb)": "F.silu(block.time_emb_proj(emb))"}),
        ("multiplied by the time", {"h + block.time": "h * block.time"}),
        ("second convolution is missing", {"h = block.conv2(F.silu(block.norm2(h)))": "pass"}),
        ("added after norm2", """
def my_block(block, x, emb):
    silu = torch.nn.functional.silu
    h = block.conv1(silu(block.norm1(x)))
    h = block.norm2(h) + block.time_emb_proj(emb)[:, :, None, None]
    return block.conv_shortcut(x) + block.conv2(silu(h))
"""),
        ("added at the end", """
def my_block(block, x, emb):
    silu = torch.nn.functional.silu
    h = block.conv2(silu(block.norm2(block.conv1(silu(block.norm1(x))))))
    return block.conv_shortcut(x) + h + block.time_emb_proj(emb)[:, :, None, None]
"""),
        ("first SiLU is missing", {"F.silu(block.norm1(x))": "block.norm1(x)"}),
        ("norm1 is missing", {"block.norm1(x)": "x"}),
        ("norm1 and the first SiLU", {"F.silu(block.norm1(x))": "x"}),
        ("before its norm", {"F.silu(block.norm1(x))": "block.norm1(F.silu(x))"}),
        ("after its convolution", {"block.conv1(F.silu(block.norm1(x)))": "F.silu(block.conv1(block.norm1(x)))"}),
        ("second SiLU is missing", {"F.silu(block.norm2(h))": "block.norm2(h)"}),
        ("norm2 is missing", {"block.norm2(h)": "h"}),
        ("norm2 and the second SiLU", {"F.silu(block.norm2(h))": "h"}),
        ("second SiLU stands before", {"F.silu(block.norm2(h))": "block.norm2(F.silu(h))"}),
        ("the activations are ReLUs", {"F.silu": "F.relu"}),
        ("first activation is a ReLU", {"F.silu(block.norm1": "F.relu(block.norm1"}),
        ("second activation is a ReLU", {"F.silu(block.norm2": "F.relu(block.norm2"}),
        ("two things are wrong", {"F.silu(block.norm1(x))": "block.norm1(x)", "proj(emb)": "proj(F.silu(emb))"}),
        ("it stops at", {"block.norm2": "block.norm3"}),
    ],
}  # fmt: skip

ANSWERS["check_unet"] = {
    "right": [
        """
import torch.nn.functional as F

def my_forward(net, x, emb):
    x = net.conv_in(x)
    skips = [x]
    for level in net.down_blocks:
        for resnet, attend in zip(level.resnets, level.attentions):
            x = attend(resnet(x, emb))
            skips.append(x)
        for shrink in level.downsamplers:
            x = shrink(x)
            skips.append(x)
    middle = net.mid_block
    x = middle.attentions[0](middle.resnets[0](x, emb))
    x = middle.resnets[1](x, emb)
    for level in net.up_blocks:
        for resnet, attend in zip(level.resnets, level.attentions):
            x = torch.cat([x, skips.pop()], 1)
            x = attend(resnet(x, emb))
        for grow in level.upsamplers:
            x = grow(x)
    return net.conv_out(F.silu(net.conv_norm_out(x)))
""",
        """
def my_forward(net, x, emb):
    h = [net.conv_in(x)]
    for level in net.down_blocks:
        for i in range(len(level.resnets)):
            h.append(level.attentions[i](level.resnets[i](h[-1], emb)))
        if len(level.downsamplers):
            h.append(level.downsamplers[0](h[-1]))
    x = h[-1]
    for resnet, attend in zip(net.mid_block.resnets, net.mid_block.attentions):
        x = attend(resnet(x, emb))
    for level in net.up_blocks:
        for i in range(len(level.resnets)):
            x = level.attentions[i](level.resnets[i](torch.cat((x, h.pop()), dim=1), emb))
        if len(level.upsamplers):
            x = level.upsamplers[0](x)
    return net.conv_out(torch.nn.functional.silu(net.conv_norm_out(x)))
""",
        """
def my_forward(net, x, emb):
    def blocks(level, x, before=lambda x: x, after=lambda x: None):
        for resnet, attend in zip(level.resnets, level.attentions):
            x = attend(resnet(before(x), emb))
            after(x)
        return x

    x = net.conv_in(x)
    skips = [x]
    for level in net.down_blocks:
        x = blocks(level, x, after=skips.append)
        for part in level.downsamplers:
            skips.append(x := part(x))
    x = blocks(net.mid_block, x)
    for level in net.up_blocks:
        x = blocks(level, x, before=lambda x: torch.cat([x, skips.pop()], 1))
        for part in level.upsamplers:
            x = part(x)
    x = net.conv_norm_out(x)
    return net.conv_out(x * x.sigmoid())
""",
        """
def my_forward(net, x, emb):
    top, bottom = net.down_blocks
    a = net.conv_in(x)
    left = [a]
    for r, at in zip(top.resnets, top.attentions):
        a = at(r(a, emb))
        left = [a] + left
    a = top.downsamplers[0](a)
    left = [a] + left
    for r, at in zip(bottom.resnets, bottom.attentions):
        a = at(r(a, emb))
        left = [a] + left
    m = net.mid_block
    a = m.resnets[1](m.attentions[0](m.resnets[0](a, emb)), emb)
    for level in net.up_blocks:
        for r, at in zip(level.resnets, level.attentions):
            skip, *left = left
            a = at(r(torch.cat([a, skip], 1), emb))
        if level is net.up_blocks[0]:
            a = level.upsamplers[0](a)
    return net.conv_out(torch.nn.functional.silu(net.conv_norm_out(a)))
""",
    ],
    "wrong": [
        ("send it through", "def my_forward(net, x, emb):\n    return x"),
        ("the levels in between", "def my_forward(net, x, emb):\n    return net.conv_out(net.conv_in(x))"),
        ("returns nothing", {"return net": "net"}),
        ("oldest skip", {"skips.pop()": "skips.pop(0)"}),
        ("the same skip", {"skips.pop()": "skips[-1]"}),
        ("stands before x", {"[x, skips.pop()]": "[skips.pop(), x]"}),
        ("behind those of x", {"torch.cat([x, skips.pop()], 1)": "x + skips.pop()"}),
        ("behind those of x", {"            x = torch.cat([x, skips.pop()], 1)\n": ""}),
        ("axis 0", {"skips.pop()], 1)": "skips.pop()], 0)"}),
        ("conv_in is not put", {"skips = [x]": "skips = []"}),
        ("answers of the blocks", {"attend(resnet(x, emb))\n            skips.append(x)": "attend(resnet(x, emb))"}),
        ("of a downsampler", {"x = shrink(x)\n            skips.append(x)": "x = shrink(x)"}),
        ("of a downsampler", {"skips = [x]": "skips = []", "x = shrink(x)\n            skips.append(x)": "x = shrink(x)"}),
        ("not halved", {"x = shrink(x)": "x = x"}),
        ("not doubled", {"x = grow(x)": "x = x"}),
        ("keep their size", {"x = shrink(x)": "x = x", "x = grow(x)": "x = x"}),
        ("down attention is left out", {"attend(resnet(x, emb))\n            skips.append(x)": "resnet(x, emb)\n            skips.append(x)"}),
        ("up attention is left out", {"x = attend(resnet(x, emb))\n        for grow": "x = resnet(x, emb)\n        for grow"}),
        ("levels attention is left out", {"attend(resnet(x, emb))": "resnet(x, emb)"}),
        ("middle is missing", {"    x = middle.attentions[0](middle.resnets[0](x, emb))\n    x = middle.resnets[1](x, emb)\n": ""}),
        ("the second is missing", {"    x = middle.resnets[1](x, emb)\n": ""}),
        ("in the middle attention is left out", {"middle.attentions[0](middle.resnets[0](x, emb))": "middle.resnets[0](x, emb)"}),
        ("attention comes last", {"middle.attentions[0](middle.resnets[0](x, emb))": "middle.resnets[0](x, emb)", "x = middle.resnets[1](x, emb)": "x = middle.attentions[0](middle.resnets[1](x, emb))"}),
        ("SiLU is missing", {"F.silu(net.conv_norm_out(x))": "net.conv_norm_out(x)"}),
        ("conv_norm_out is missing", {"net.conv_norm_out(x)": "x"}),
        ("conv_norm_out and the SiLU", {"F.silu(net.conv_norm_out(x))": "x"}),
        ("conv_out is missing", {"net.conv_out(F.silu(net.conv_norm_out(x)))": "F.silu(net.conv_norm_out(x))"}),
        ("the end is missing", {"net.conv_out(F.silu(net.conv_norm_out(x)))": "x"}),
        ("two things are wrong", {"F.silu(net.conv_norm_out(x))": "net.conv_norm_out(x)", "[x, skips.pop()]": "[skips.pop(), x]"}),
        ("it stops at", {"net.mid_block": "net.middle"}),
    ],
}  # fmt: skip

ANSWERS["check_flow_time"] = {
    "right": [
        """
def flow_time(ab):
    noise, image = (1 - ab).sqrt(), ab.sqrt()
    return noise / (noise + image)
""",
        """
def flow_time(ab):
    level = ((1 - ab) / ab).sqrt()
    return level / (1 + level)
""",
        """
def flow_time(ab):
    return 1 / (1 + (ab / (1 - ab)) ** 0.5)
""",
        """
def flow_time(ab):
    return torch.stack([(1 - a) ** 0.5 / ((1 - a) ** 0.5 + a**0.5) for a in ab])
""",
    ],
    "wrong": [
        ("ᾱ comes back", {"noise / (noise + image)": "ab"}),
        ("from the variances", {"noise / (noise + image)": "1 - ab"}),
        ("the weight of DDPM's noise", {"noise / (noise + image)": "noise"}),
        ("solve it for s", {"(noise + image)": "image"}),
        ("1-s, the share of the image", {"noise / (": "image / ("}),
        ("image over noise", {"noise / (noise + image)": "image / noise"}),
        ("1 plus itself", {"(noise + image)": "(noise + 1)"}),
        ("a minus in place of the plus", {"FROM": 1, "(1 + level)": "(1 - level)"}),
        ("from the variances", {"FROM": 1, ".sqrt()": ""}),
        ("its root is missing", {"(1 - ab).sqrt(), ab.sqrt()": "1 - ab, ab.sqrt()"}),
        ("its root is missing", {"ab).sqrt(), ab.sqrt()": "ab).sqrt(), ab"}),
        ("1-√ᾱ stands", {"(1 - ab).sqrt()": "1 - ab.sqrt()"}),
        ("it returns nothing", {"return ": ""}),
    ],
}

ANSWERS["check_flow_velocity"] = {
    "right": [
        """
def flow_velocity(x, eps, s):
    x0 = (x - s * eps) / (1 - s)
    return eps - x0
""",
        """
def flow_velocity(x, eps, s):
    return (eps - x) / (1 - s)
""",
        """
def flow_velocity(x, eps, s):
    image = 1 - s
    return eps - x / image + s / image * eps
""",
        """
def flow_velocity(x, eps, s):
    return torch.stack([e - (y - s * e) / (1 - s) for y, e in zip(x, eps)])
""",
    ],
    "wrong": [
        ("that is ε̂ itself", {"eps - x0": "eps"}),
        ("x comes back", {"eps - x0": "x"}),
        ("you subtract the noisy x", {"eps - x0": "eps - x"}),
        ("from noise to image", {"eps - x0": "x0 - eps"}),
        ("that is x̂0", {"return eps - x0": "return x0"}),
        ("are added", {"eps - x0": "eps + x0"}),
        ("the division by 1-s is missing", {" / (1 - s)": ""}),
        ("you divide by s", {"/ (1 - s)": "/ s"}),
        ("no root in a flow", {"(1 - s)": "(1 - s).sqrt()"}),
        ("you divide by 1+s", {"(1 - s)": "(1 + s)"}),
        ("you multiply by 1-s", {"/ (1 - s)": "* (1 - s)"}),
        ("all of ε̂", {"x - s * eps": "x - eps"}),
        ("added to x", {"x - s * eps": "x + s * eps"}),
        ("you subtract (1-s)", {"x - s * eps": "x - (1 - s) * eps"}),
        ("changed places", {"(x - s * eps) / (1 - s)": "(x - (1 - s) * eps) / s"}),
        ("two things are wrong", {"x - s * eps": "x + s * eps", "eps - x0": "x0 - eps"}),
        ("it returns nothing", {"return ": ""}),
    ],
}

ANSWERS["check_euler_step"] = {
    "right": [
        """
def euler_step(x, u, s, s_next):
    return x + (s_next - s) * u
""",
        """
def euler_step(x, u, s, s_next):
    return x - u * (s - s_next)
""",
        """
def euler_step(x, u, s, s_next):
    step = s_next - s
    return torch.add(x, u, alpha=float(step))
""",
        """
def euler_step(x, u, s, s_next):
    return torch.lerp(x, x + u, s_next - s)
""",
    ],
    "wrong": [
        ("x comes back", {"x + (s_next - s) * u": "x"}),
        ("the velocity itself", {"x + (s_next - s) * u": "u"}),
        ("the wrong way", {"(s_next - s)": "(s - s_next)"}),
        ("the wrong way", {"x + (": "x - ("}),
        ("as long as s_next", {"(s_next - s)": "s_next"}),
        ("as long as s:", {"(s_next - s)": "s"}),
        ("the end of the path", {"(s_next - s)": "-s"}),
        ("added whole", {"(s_next - s) * u": "u"}),
        ("subtracted whole", {"+ (s_next - s) * u": "- u"}),
        ("their difference", {"(s_next - s)": "(s_next + s)"}),
        ("the step alone", {"x + (s_next - s) * u": "(s_next - s) * u"}),
        ("divided by s", {"(s_next - s)": "(s_next / s)"}),
        ("mixed like image and noise", {"x + (s_next - s) * u": "(1 - s_next) * x + s_next * u"}),
        ("it returns nothing", {"return ": ""}),
    ],
}

ANSWERS["check_hidden_labels"] = {
    "right": [
        """
def hide_labels(labels, none, p):
    hidden = torch.rand(len(labels)) < p
    return torch.where(hidden, none, labels)
""",
        """
def hide_labels(labels, none, p):
    return labels.masked_fill(torch.rand(labels.shape) < p, none)
""",
        """
def hide_labels(labels, none, p):
    new = labels.clone()
    new[torch.rand(len(labels)) <= p] = none
    return new
""",
        """
def hide_labels(labels, none, p):
    stays = torch.bernoulli(torch.full((len(labels),), 1 - p)).long()
    return labels * stays + none * (1 - stays)
""",
        """
def hide_labels(labels, none, p):
    return torch.tensor([none if np.random.rand() < p else int(k) for k in labels])
""",
    ],
    "wrong": [
        ("no label is hidden", {"torch.where(hidden, none, labels)": "labels"}),
        ("all labels are hidden", {"torch.where(hidden, none, labels)": "torch.full_like(labels, none)"}),
        ("the wrong way round", {"< p": "> p"}),
        ("the wrong way round", {"(hidden, none, labels)": "(hidden, labels, none)"}),
        ("the whole batch", {"torch.rand(len(labels))": "torch.rand(1)"}),
        ("the whole batch", "def hide_labels(labels, none, p):\n    if torch.rand(1) < p:\n        return torch.full_like(labels, none)\n    return labels"),
        ("the same number of labels", {"torch.rand(len(labels)) < p": "torch.randperm(len(labels)) < len(labels) * p"}),
        ("the first images", {"torch.rand(len(labels)) < p": "torch.arange(len(labels)) < len(labels) * p"}),
        ("right for p = 0.1 only", {"< p": "< 0.1"}),
        ("whatever p is", {"torch.rand(len(labels)) < p": "torch.rand(len(labels)).round() == 1"}),
        ("use torch.rand", {"torch.rand(": "torch.randn("}),
        ("a seed is set inside", {"    hidden": "    torch.manual_seed(0)\n    hidden"}),
        ("the first class", {"none, labels)": "0, labels)"}),
        ("is no row", {"none, labels)": "-1, labels)"}),
        ("the last class", {"none, labels)": "none - 1, labels)"}),
        ("none + 1", {"none, labels)": "none + 1, labels)"}),
        ("a random class", {"hidden, none": "hidden, torch.randint(none, labels.shape)"}),
        ("whole numbers", {"hidden, none": "hidden, float(none)"}),
        ("that says which labels", {"torch.where(hidden, none, labels)": "hidden"}),
        ("it writes into labels", {"FROM": 2, "labels.clone()": "labels"}),
        ("keep its image", {"torch.where(hidden, none, labels)": "labels[~hidden]"}),
        ("two things are wrong", {"< p": "> p", "none, labels)": "0, labels)"}),
        ("it returns nothing", {"return ": ""}),
    ],
}  # fmt: skip

ANSWERS["check_guided"] = {
    "right": [
        """
def my_guided(model, x_t, t, labels, none, w):
    with_class = model(x_t, t, labels)
    without = model(x_t, t, torch.full_like(labels, none))
    return (1 + w) * with_class - w * without
""",
        """
def my_guided(model, x_t, t, labels, none, w):
    both = torch.cat([labels, torch.full_like(labels, none)])
    a, b = model(torch.cat([x_t, x_t]), torch.cat([t, t]), both).chunk(2)
    return a + w * (a - b)
""",
        """
def my_guided(model, x_t, t, labels, none, w):
    plain = model(x_t, t, 0 * labels + none)
    return plain + (1 + w) * (model(x_t, t, labels) - plain)
""",
        """
def my_guided(model, x_t, t, labels, none, w):
    return torch.lerp(model(x_t, t), model(x_t, t, labels), 1 + w)
""",
        """
def my_guided(model, x_t, t, labels, none, w):
    n = len(x_t)
    out = model(x_t.repeat(2, 1, 1, 1), t.repeat(2), torch.cat([torch.tensor([none] * n), labels]))
    return (1 + w) * out[n:] - w * out[:n]
""",
    ],
    "wrong": [
        ("without any guidance", {"(1 + w) * with_class - w * without": "with_class"}),
        ("without any guidance", {"torch.full_like(labels, none)": "labels"}),
        ("the class is not used yet", {"(1 + w) * with_class - w * without": "without"}),
        ("the two are added", {"with_class - w": "with_class + w"}),
        ("changed places", {"with_class - w * without": "without - w * with_class"}),
        ("changed places", {"FROM": 1, "a, b = ": "b, a = "}),
        ("guidance_scale", {"(1 + w) * with_class - w * without": "without + w * (with_class - without)"}),
        ("*towards* none", {"FROM": 1, "(a - b)": "(b - a)"}),
        ("add it to ε̂_class", {"(1 + w)": "w"}),
        ("add it to ε̂_class", {"FROM": 1, "a + w * ": "w * "}),
        ("the class has the weight 1:", {"(1 + w) * ": ""}),
        ("no class has the weight 1:", {"- w * ": "- "}),
        ("no class has the weight 1 + w", {"- w *": "- (1 + w) *"}),
        ("the difference of the two answers", {"(1 + w) * with_class - w * without": "with_class - without"}),
        ("the mean of the two", {"(1 + w) * with_class - w * without": "(with_class + without) / 2"}),
        ("asked for class 0", {"torch.full_like(labels, none)": "torch.zeros_like(labels)"}),
        ("its last class", {"(labels, none)": "(labels, none - 1)"}),
        ("multiply", {"(1 + w) * with_class": "with_class / (1 + w)"}),
        ("the same order", {"FROM": 1, "torch.cat([x_t, x_t])": "x_t.repeat_interleave(2, 0)", "torch.cat([t, t])": "t.repeat_interleave(2)"}),
        ("x_t comes back", {"(1 + w) * with_class - w * without": "x_t"}),
        ("one number for each of 2 images", {"torch.full_like(labels, none)": "none"}),
        ("two things are wrong", {"(1 + w)": "w", "(labels, none)": "(labels, none - 1)"}),
        ("it returns nothing", {"return ": ""}),
    ],
}  # fmt: skip

ANSWERS["check_two_weights"] = {
    "right": [
        """
def two_weights(with_class, without):
    return without, with_class
""",
        """
def two_weights(with_class, without):
    return [(1 + w) * with_class - w * without for w in (-1, 0)]
""",
        """
def two_weights(with_class, without):
    minus_one = with_class - (with_class - without)
    return minus_one, with_class + 0 * without
""",
        """
two_weights = lambda a, b: (b, a)
""",
    ],
    "wrong": [
        ("the two have changed places", {"without, with_class\n": "with_class, without\n"}),
        ("it plays no part", {"return without, with_class": "return with_class, with_class"}),
        ("turn the answer round", {"return without": "return -with_class"}),
        ("minus w is plus 1", {"return without": "return -without"}),
        ("and you subtract it", {"return without": "return without - with_class"}),
        ("that is the arrow", {"return without": "return with_class - without"}),
        ("and you add it", {"return without": "return with_class + without"}),
        ("the answer at w = -0.5", {"return without": "return (with_class + without) / 2"}),
        ("The other is not", {"return without": "return 0 * without"}),
        ("has the weight 0: it plays no part", {"return without, with_class": "return without, without"}),
        ("has the weight 0, and you subtract it", {"return without, with_class": "return without, with_class - without"}),
        ("turned round", {"return without, with_class": "return without, without - with_class"}),
        ("has the weight 0, and you add it", {"return without, with_class": "return without, with_class + without"}),
        ("the answer is not 0", {"return without, with_class": "return without, 0 * with_class"}),
        ("the answer at w = 1", {"return without, with_class": "return without, 2 * with_class - without"}),
        ("two things are wrong", {"return without, with_class": "return with_class, 0 * with_class"}),
        ("should return 2", {"return without, with_class": "return without"}),
        ("it returns nothing", {"return ": ""}),
    ],
}  # fmt: skip
