// Draws the figures one after another, in the colours that the reader's system or the button asks for.
"use strict";
(function () {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const scales = {
    light: [[0, "#bcd7f2"], [0.5, "#4f94d8"], [1, "#0c3a6e"]],
    dark: [[0, "#23476b"], [0.5, "#4f9be0"], [1, "#d8ebff"]],
  };
  let chosen = "";

  function theme() {
    return chosen || (system.matches ? "dark" : "light");
  }

  function colours() {
    const style = getComputedStyle(root);
    return { text: style.getPropertyValue("--text").trim(), line: style.getPropertyValue("--line").trim() };
  }

  function styled(layout, width) {
    const { text, line } = colours();
    const styled = Object.assign({}, layout, {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: text, size: 12, family: "system-ui, sans-serif" },
      margin: { l: 60, r: 16, t: 12, b: 50 },
      hovermode: "closest",
      autosize: true,
    });
    styled.legend = Object.assign({}, layout.legend, { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 });
    for (const name of Object.keys(layout).filter((key) => /^[xy]axis/.test(key)).concat(["xaxis", "yaxis"])) {
      styled[name] = Object.assign({ automargin: true }, layout[name], { gridcolor: line, zerolinecolor: line, linecolor: line });
    }
    if (layout.coloraxis) {
      styled.coloraxis = Object.assign({}, layout.coloraxis, { colorscale: scales[theme()] });
      styled.coloraxis.showscale = width > 420;
    }
    return styled;
  }

  function parsed(plot) {
    return JSON.parse(plot.parentElement.querySelector("script").textContent);
  }

  function draw(plot) {
    const figure = parsed(plot);
    const layout = styled(figure.layout || {}, plot.clientWidth);
    for (const note of layout.annotations || []) note.font = Object.assign({}, note.font, { color: layout.font.color });
    return Plotly.react(plot, figure.data, layout, { responsive: true, displaylogo: false, displayModeBar: false });
  }

  async function drawAll() {
    root.dataset.theme = theme();
    let drawn = 0;
    for (const plot of document.querySelectorAll(".plot")) {
      await draw(plot);
      drawn += 1;
      await new Promise((next) => setTimeout(next, 0));
    }
    document.body.dataset.drawn = String(drawn);
  }

  document.getElementById("theme").addEventListener("click", () => {
    chosen = theme() === "dark" ? "light" : "dark";
    drawAll();
  });
  system.addEventListener("change", drawAll);
  drawAll();
})();
