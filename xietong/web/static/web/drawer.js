// The evidence drawer: htmx fills it, this opens it, steps back in it and closes it. Without it links open whole pages.
(() => {
  "use strict";
  const drawer = document.getElementById("drawer");
  if (!drawer) return;
  const body = document.getElementById("drawer-body");
  const steps = [];
  let current = null;
  let stepping = false;
  let wanted = false;

  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target === body) wanted = true;
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== body) return;
    const path = event.detail.pathInfo.requestPath;
    if (current && !stepping && path !== current) steps.push(current);
    stepping = false;
    current = path;
    drawer.querySelector("[data-back]").hidden = steps.length === 0;
    drawer.querySelector("[data-whole]").href = path;
    if (wanted && !drawer.open) drawer.showModal(); // closed while it loaded: it stays closed
    drawer.scrollTop = 0;
  });
  drawer.querySelector("[data-back]").addEventListener("click", () => {
    stepping = true;
    window.htmx.ajax("GET", steps.pop(), { target: body, swap: "innerHTML" });
  });
  drawer.querySelector("[data-close]").addEventListener("click", () => drawer.close());
  drawer.addEventListener("click", (event) => { if (event.target === drawer) drawer.close(); });
  drawer.addEventListener("close", () => { steps.length = 0; current = null; wanted = false; });
})();
