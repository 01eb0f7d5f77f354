// <section data-stats="/ws/…/stats/">: charts of the last hour, which go on.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "../css/stats.css";
import { Socket } from "./socket.js";
import { Columns, bytes, percent } from "./stats/columns.js";

const HEIGHT = 160;
const COLOURS = ["--accent", "--warn"];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
// The page's own way to write a time, not uPlot's, which is American.
const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString(document.documentElement.lang, { hour12: false });
const format = (chart) => (chart === "cpu" ? percent : bytes);

function options(figure) {
  const told = format(figure.dataset.chart);
  const axis = { stroke: () => colour("--muted"), grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false } };
  const series = figure.dataset.series.split("|").map((label, place) => ({
    label,
    stroke: () => colour(COLOURS[place]),
    width: 1.5,
    points: { show: false },
    value: (_plot, value) => (value === null ? "—" : told(value)),
  }));
  return {
    width: figure.clientWidth - 24,
    height: HEIGHT,
    cursor: { sync: { key: "stats" }, drag: { setScale: false } },
    scales: { y: { range: (_plot, _least, most) => [0, Math.max(most * 1.1, figure.dataset.chart === "cpu" ? 1 : 1000)] } },
    axes: [{ ...axis, space: 80, values: (_plot, times) => times.map(clock) }, { ...axis, size: 72, values: (_plot, values) => values.map(told) }],
    series: [{ value: (_plot, seconds) => (seconds === null ? "—" : clock(seconds)) }, ...series],
  };
}

class Charts {
  #root;
  #status;
  #columns = new Columns();
  #plots = new Map();
  #isDrawing = false;

  constructor(root) {
    this.#root = root;
    this.#status = root.querySelector('[data-part="status"]');
    const tell = () => (this.#status.textContent = root.dataset.textStopped);
    new Socket(root.dataset.stats, {
      message: (data) => this.#take(JSON.parse(data).rows),
      lost: tell,
      over: tell,
    });
    new ResizeObserver(() => this.#fit()).observe(root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  #take(rows) {
    this.#columns.add(rows);
    if (this.#isDrawing || this.#columns.isEmpty) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      this.#draw();
    });
  }

  #draw() {
    this.#status.textContent = "";
    for (const figure of this.#root.querySelectorAll("[data-chart]")) {
      const data = this.#columns.of(figure.dataset.chart);
      const plot = this.#plots.get(figure);
      if (plot) plot.setData(data);
      else this.#plots.set(figure, new uPlot(options(figure), data, figure));
    }
  }

  #fit() {
    for (const [figure, plot] of this.#plots) plot.setSize({ width: figure.clientWidth - 24, height: HEIGHT });
  }
}

document.querySelectorAll("[data-stats]").forEach((root) => new Charts(root));
