// Finds [data-chart], reads its option from the data block that it names, and draws. All meaning is made on the server;
// a colour written as "--name" is looked up among the page's tokens, so that both themes are served by one option.
(() => {
  "use strict";
  const drawn = new Map();

  const resolve = (value, tokens) => {
    if (typeof value === "string" && value.startsWith("--")) return tokens.getPropertyValue(value).trim();
    if (Array.isArray(value)) return value.map((each) => resolve(each, tokens));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, resolve(each, tokens)]));
    }
    return value;
  };

  const draw = (box) => {
    const data = document.getElementById(box.dataset.chart);
    if (!data || !window.echarts) return;
    const tokens = getComputedStyle(document.documentElement);
    const chart = drawn.get(box) || window.echarts.init(box, null, { renderer: "canvas", locale: box.dataset.locale });
    drawn.set(box, chart);
    chart.setOption(resolve(JSON.parse(data.textContent), tokens), true);
  };

  const all = () => document.querySelectorAll("[data-chart]").forEach(draw);
  document.addEventListener("DOMContentLoaded", all);
  window.addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
})();
