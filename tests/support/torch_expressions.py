"""Expressions that PyTorch and a page without Python (js/src/exercise) have to agree on: every function of the page is in one of them."""

GIVEN = """
x = ((torch.arange(24) * 7 % 24).float() / 7 - 1.3).reshape(2, 3, 4)
y = x.abs() + 0.25
v = torch.tensor([3.0, -1.0, 0.5, 2.0, -1.5])
w = torch.tensor([0.5, 2.0, -1.0, 1.0, 4.0])
m = torch.tensor([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
k = torch.tensor([[2, 0, 1], [1, 1, 0]])
b = x > 0
"""

EXPRESSIONS = """
v.argsort() ; torch.bernoulli(torch.ones(3)) ; torch.zeros(2).bernoulli() ; x.argsort(0, descending=True) ; x.exp() ; y.log() ; y.log2() ; y.log10() ; y.log1p() ; x.expm1() ; y.sqrt() ; y.rsqrt() ; x.sin() ; x.cos() ; x.tan() ; x.tanh() ; x.atan() ; x.arctan() ; x.clamp(-1, 1).arccos() ; x.clamp(-1, 1).arcsin() ; torch.subtract(x, y) ; torch.multiply(x, y) ; torch.divide(x, y) ; torch.absolute(x) ; torch.negative(x) ; torch.concatenate([v, w]) ; x.clamp(-1, 1).acos() ; x.clamp(-1, 1).asin() ; x.erf()
x.sigmoid() ; y.reciprocal() ; F.silu(x) ; x.relu() ; x.abs() ; x.neg() ; x.square() ; x.sign() ; (3 * x).floor() ; (3 * x).ceil() ; (2 * x).round() ; torch.tensor([0.5, 1.5, 2.5, -0.5]).round() ; (3 * x).trunc()
(x / 0 * 0).isnan() ; b.logical_not() ; ~b ; x.add(y) ; x.add(y, alpha=2) ; x.sub(y) ; x.mul(y) ; x.div(y) ; k / 2 ; k // 2 ; k % 2 ; 7 - k ; x.maximum(-x) ; x.minimum(-x) ; x.atan2(y) ; y.pow(x) ; y ** 2 ; 2 ** k ; 2.0 ** x ; -v ** 2
x.eq(x) ; x.ne(1) ; x.lt(0) ; x <= 0 ; x.le(0) ; x.gt(0) ; x.ge(0) ; k == 1 ; k != 1 ; b.logical_and(x < 1) ; b & (x < 1) ; b.logical_or(x < -1) ; b | (x < -1) ; b ^ (x < 1) ; b.logical_xor(x < 1)
x.clamp(-0.5, 0.5) ; x.clamp(min=0) ; x.clip(max=1) ; k.clamp(max=1) ; torch.lerp(x, y, 0.25) ; torch.where(b, x, y) ; torch.where(b, 1.0, 0.0) ; torch.where(b, x, 0) ; x.masked_fill(b, 0)
x.sum() ; x.sum(1) ; x.sum((0, 2)) ; x.sum(dim=-1, keepdim=True) ; k.sum() ; b.sum() ; k.prod() ; v.prod(0) ; x.mean() ; x.mean((1, 2), keepdim=True) ; v.median() ; x.median(2).values ; x.var() ; x.var(1) ; x.var(1, unbiased=False) ; x.var((1, 2), correction=0, keepdim=True) ; x.std() ; x.std(0) ; v.std(unbiased=False)
torch.var_mean(x, dim=1)[0] ; v.norm() ; x.norm(dim=2) ; x.norm(1, dim=0) ; x.logsumexp(1) ; b.any() ; b.all(2) ; b.any(1) ; v.max() ; x.max(1).values ; x.max(1).indices ; x.min(2)[0] ; x.min(2)[1] ; torch.max(x, -x) ; torch.min(v, w) ; x.amax(0) ; x.amin((1,)[0]) ; x.argmax(2) ; v.argmin() ; v.argmax() ; k.count_nonzero() ; b.count_nonzero(1)
x.cumsum(1) ; k.cumsum(0) ; x.cumprod(2) ; x.flip(0) ; x.flip(1, 2) ; v.flip(0) ; v.diff() ; x.diff(dim=1) ; v.diff(prepend=torch.zeros(1)) ; v.roll(2) ; x.roll(1, 1) ; x.softmax(1) ; torch.softmax(v, 0) ; x.log_softmax(2) ; v.sort().values ; x.sort(1, descending=True)[0]
x.reshape(6, 4) ; x.reshape(-1, 2) ; x.view(2, -1) ; x.view((3, 8)) ; x.view_as(x) ; x.flatten() ; x.flatten(1) ; x.flatten(0, 1) ; x.ravel() ; x.unflatten(2, (2, -1)) ; x.permute(2, 0, 1) ; x.movedim(0, 2) ; x.transpose(0, 2) ; x.transpose(-1, -2) ; m.t() ; m.T ; x.mT
x.unsqueeze(0) ; v.unsqueeze(-1) ; x[:, None].squeeze(1) ; x[None].squeeze() ; v[:, None].expand(-1, 3) ; v.expand(2, 5) ; v.expand_as(torch.zeros(3, 5)) ; torch.broadcast_to(v, (2, 5)) ; v.repeat(2) ; v.repeat(2, 3) ; m.repeat(1, 2) ; v.repeat_interleave(2) ; k.repeat_interleave(2, 0) ; k.repeat_interleave(2, dim=1)
torch.cat([v, w]) ; torch.cat([x, y], 1) ; torch.concat((m, m), dim=-1) ; torch.stack([v, w]) ; torch.stack([x, y], -1) ; v.split(2)[2] ; x.split(2, 1)[1] ; x.chunk(2, 2)[0] ; v.chunk(2)[1] ; x.unbind(1)[2] ; torch.hstack([v, w]) ; torch.vstack([v, w])
m @ m ; m @ m[0] ; v @ w ; x @ m.new_ones(4, 2) ; m.matmul(m) ; m.mm(m) ; x.bmm(x.mT) ; m.mv(m[1]) ; v.dot(w) ; torch.outer(v, w) ; m.diag() ; torch.diag(v) ; m.diagonal() ; m.trace() ; m.triu() ; m.triu(1) ; m.tril() ; m.clone().fill_diagonal_(0) ; m.cov() ; x[0].T.cov() ; m.corrcoef() ; torch.cov(x[0], correction=0)
torch.cdist(m, x[:, :, 0]) ; F.mse_loss(v, w) ; v.float() ; v.double().sum() ; v.long() ; int(v.int().sum()) ; v.bool() ; k.to(torch.float32) ; k.type(torch.float32) ; v.half().shape[0] ; v.clone() ; v.detach() ; v.contiguous() ; v.cpu()
x.dim() ; x.ndim ; x.numel() ; x.size(1) ; x.size()[2] ; x.shape[-1] ; len(x) ; v[0].item() + 1 ; sum(v.tolist()) ; torch.zeros_like(k) ; torch.ones_like(x) ; torch.empty_like(x).shape[1] ; torch.full_like(v, 2) ; v.new_zeros(2, 3) ; v.new_ones(3) ; torch.full_like(k, 7) ; (v > 0).nonzero() ; v.index_select(0, k[0]) ; v.gather(0, k[0])
torch.isclose(v, v + 1e-9) ; torch.allclose(v, w) ; F.group_norm(x.reshape(1, 6, 4), 3) ; F.pad(v, (1, 2)) ; F.pad(m, (1, 0), value=1.0) ; v.quantile(0.5) ; m.quantile(0.25, dim=1) ; torch.randn_like(x).shape[2] ; torch.rand_like(x).max() <= 1 ; torch.rand(3, 2).shape[0] ; torch.randn(4).shape[0] ; torch.randint(5, (3,)).max() < 5
torch.zeros(2, 3) ; torch.zeros((2, 3)) ; torch.ones(3) ; torch.full((2, 2), 3.5) ; torch.full((2,), 3) ; torch.eye(3) ; torch.arange(5) ; torch.arange(1, 9, 3) ; torch.arange(0, 1, 0.25) ; torch.arange(3.0) ; torch.linspace(0, 1, 5) ; torch.logspace(0, -2, 3) ; torch.tensor([1, 2]) ; torch.tensor([[1.0, 2], [3, 4]]) ; torch.tensor(True) ; torch.as_tensor([1.5]) ; torch.tensor([1, 2], dtype=torch.float32)
torch.linalg.norm(v) ; torch.linalg.vector_norm(v) ; torch.linalg.eigvalsh(m) ; torch.linalg.eigh(m)[0] ; torch.linalg.eigh(m).eigenvalues ; torch.linalg.eigvals(m @ (m + 1)).real.sort().values ; torch.distributions.Normal(1.0, 2.0).log_prob(v) ; torch.distributions.Normal(1.0, 2.0).cdf(v)
x[0] ; x[-1, :, 1] ; x[..., 0] ; x[:, 1:] ; x[:, ::2, -2:] ; x[None, 0] ; x[:, :, None].shape[2] ; x[b] ; v[k] ; x[:, k[0]] ; x[k[:, 1], 2] ; x[torch.arange(2), k[:, 0]] ; x[torch.arange(2), :, k[:, 0]] ; v[[0, 2]] ; v[v > 0] ; x[0][x[0] > 0] ; v[1:][::2] ; v[torch.tensor(2)] ; x[b.any(2)]
x.sort(1)[1] ; v.sort().indices ; m.nonzero() ; x.roll(3) ; v.norm(float("inf")) ; b + b ; k.add(True) ; torch.where(b, 1, 0) ; 2 in k ; math.prod(v) ; math.prod(x) ; math.prod([2, 3]) ; math.fsum(v.tolist()) ; math.log(8, 2) ; sum(x) ; sorted(v)[0] ; max(v) ; max([1, 3, 2], key=lambda a: -a) ; round(2.5) ; float("-inf") ; 3 * [1] ; [*map(max, [1, 5], [2, 3])][1]
v + 1 ; 1 + k ; k + 0.5 ; 1 / y ; v * True ; k * v[:3] ; x * v[:4] ; x - x.mean(2, keepdim=True) ; v[:, None] * w ; m / m.sum(1) ; m / m.sum(1)[:, None] ; (v * 0.1 + 0.2) * 3 ; v.double() * 0.1 ; k.float() / 3 ; k.double().mean() ; abs(v) ; max(v.tolist()) ; round(2.6) ; int(3.9) ; float(v[0])
"""  # fmt: skip


def expressions() -> list[str]:
    return [part.strip() for line in EXPRESSIONS.strip().splitlines() for part in line.split(" ; ")]
