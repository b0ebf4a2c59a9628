import assert from "node:assert/strict";
import { test } from "node:test";
import { inPage, mix } from "../src/host/plots.js";

test("a figure takes the page's ink and its place's size, and keeps what it says of itself", () => {
  const layout = { width: 700, height: 300, font: { size: 13, color: "#000" }, xaxis: { title: { text: "t" }, gridcolor: "#eee" }, yaxis2: { type: "log" }, title: { text: "loss" } };
  const own = inPage(layout, "rgb(1, 2, 3)", "Inter");
  assert.equal(own.width, undefined);
  assert.equal(own.height, undefined);
  assert.deepEqual(own.font, { size: 13, color: "rgb(1, 2, 3)", family: "Inter" });
  assert.deepEqual(own.xaxis, { automargin: true, title: { text: "t" }, gridcolor: "rgba(1, 2, 3, 0.14)", zerolinecolor: "rgba(1, 2, 3, 0.3)", linecolor: "rgba(1, 2, 3, 0.3)" });
  assert.equal(own.yaxis2.type, "log");
  assert.equal(own.paper_bgcolor, "rgba(0,0,0,0)");
  assert.equal(layout.width, 700, "the figure itself is untouched");
});

test("a colour is thinned, whatever way the browser writes it", () => {
  assert.equal(mix("rgba(10, 20, 30, 0.9)", 0.5), "rgba(10, 20, 30, 0.5)");
  assert.equal(mix("nonsense", 1), "rgba(128, 128, 128, 1)");
});

test("on a phone the legend lies below the plot", () => {
  const layout = { legend: { x: 1, font: { size: 9 } }, margin: { t: 10, r: 120 } };
  assert.equal(inPage(layout, "rgb(0, 0, 0)", "Inter").legend.x, 1);
  const { legend, margin } = inPage(layout, "rgb(0, 0, 0)", "Inter", true);
  assert.deepEqual([legend.orientation, legend.yref, legend.y, legend.font.size], ["h", "container", 0, 9]);
  assert.ok(margin.r < 20 && margin.t === 10);
  const placed = { legend: { yref: "container", y: 1 }, margin: { l: 8 }, yaxis2: { side: "right" } };
  const own = inPage(placed, "rgb(0, 0, 0)", "Inter", true);
  assert.deepEqual([own.legend, own.margin.l], [placed.legend, 8], "which has its place already");
  assert.ok(own.yaxis2.automargin && inPage({ yaxis: { automargin: false } }, "rgb(0, 0, 0)", "Inter").yaxis.automargin === false);
});
