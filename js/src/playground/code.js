// The lines of the library that do what is on the screen.
import { h } from "../shared/dom.js";

/** @typedef {import("./read.js").Model} Model */

/** @param {Model} model @returns {string} Python */
export function program(model) {
  const get = (/** @type {string} */ name) => /** @type {any} */ (model).get(name);
  const [T, target, way, exact] = [get("T"), get("target"), get("sampler"), get("field") === "exact"];
  const schedule = /** @type {Record<string, string>} */ ({ linear: `linear_schedule(${T}, beta_max=${get("beta_max")})`, cosine: `cosine_schedule(${T})`, sigmoid: `sigmoid_schedule(${T})` })[get("schedule")];
  const steps = way === "flow" ? T : Math.min(get("steps"), T);
  const sampler = /** @type {Record<string, string>} */ ({ ddpm: '"ddpm"', "ddpm small": '"ddpm", variance="small"', ddim: `"ddim", eta=${get("eta")}`, "dpm++": '"dpm++"', flow: '"ddim", eta=0' })[way];
  const points = get("shape") ? `plane_points("${get("shape")}")` : "torch.tensor(playground.points)";
  const names = [exact ? "exact_denoiser" : "PlaneNet", schedule.split("(")[0], ...(exact ? [] : ["noisify", ...(target === "eps" ? [] : ["make_target"])]), ...(get("shape") ? ["plane_points"] : []), "sample", "two_sample"];
  const learned = `net = PlaneNet(${get("width")}, T=${T})${get("time_input") ? "" : "\nnet.times.zero_()  # it is not given t"}
opt = torch.optim.Adam(net.parameters(), lr=${get("lr")})
for step in range(2000):
    x0 = points[torch.randint(len(points), (${get("batch")},))]
    (x_t, t), eps = noisify(x0, schedule)  # DDPM paper, eq. 4
    loss = (net(x_t, t) - ${target === "eps" ? "eps" : `make_target(x0, eps, t, schedule, "${target}")`}).square().mean()
    opt.zero_grad(), loss.backward(), opt.step()`;
  return `import torch
from ddpm_widgets import ${names.sort().join(", ")}

points = ${points}
schedule = ${schedule}
${exact ? "net = exact_denoiser(points, schedule)" : learned}
walkers = sample(net, schedule, n=${get("walkers")}, shape=(2,), sampler=${sampler}, steps=${steps}${exact || target === "eps" ? "" : `, target="${target}"`}, progress=False)
print(two_sample(walkers, points))`;
}

/** @param {Model} model */
export function code(model) {
  const text = h("code", {});
  return {
    el: h("details", { class: "code" }, h("summary", {}, "Show the code"), h("pre", { tabindex: 0, "aria-label": "Python", "data-keys": "" }, text)),
    paint: () => void (text.textContent = program(model)),
  };
}
