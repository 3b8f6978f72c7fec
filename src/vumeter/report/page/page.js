"use strict";
// The charts of a report: drawn from the data in the page, with nothing from anywhere else.
// All time charts share one cursor and one zoom. Text reaches the page through textContent alone.
(() => {
  const { course, charts, marks, limits } = JSON.parse(document.getElementById("course").textContent);
  const SVG = "http://www.w3.org/2000/svg";
  const MARGIN = { left: 58, right: 12, top: 10, bottom: 20 };
  const starts = course.seconds;
  const ends = starts.map((second, i) => second + course.spans_s[i]);
  const whole = starts.length ? [starts[0], ends[ends.length - 1]] : [0, 1];
  const state = { range: whole, at: null, lane: "", isLog: true };
  const drawn = [];

  // Numbers as people read them

  const digits = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3))));
  const scaled = (value, steps) => {
    const [factor, unit] = steps.find(([each]) => Math.abs(value) >= each) || steps[steps.length - 1];
    return digits(value / factor) + unit;
  };
  const BYTES = [[1e9, " GB"], [1e6, " MB"], [1e3, " kB"], [1, " B"]];
  const WRITE = {
    ms: (value) => scaled(value, [[1e3, " s"], [1, " ms"], [1e-3, " µs"]]),
    ratio: (value) => digits(value * 100) + " %",
    percent: (value) => digits(value) + " %",
    count: (value) => (Math.abs(value) >= 1e4 ? scaled(value, [[1e9, " G"], [1e6, " M"], [1e3, " k"]]) : digits(value)),
    per_s: (value) => digits(value) + "/s",
    bytes: (value) => scaled(value, BYTES),
    bytes_per_s: (value) => scaled(value, BYTES) + "/s",
  };
  const clock = (second) => {
    const pad = (number) => String(number).padStart(2, "0");
    const rest = Math.max(0, Math.floor(second));
    return `${pad(Math.floor(rest / 3600))}:${pad(Math.floor(rest / 60) % 60)}:${pad(rest % 60)}`;
  };

  // Elements

  const svg = (parent, tag, attributes = {}, text = null) => {
    const node = parent.appendChild(document.createElementNS(SVG, tag));
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text !== null) node.textContent = text;
    return node;
  };
  const html = (parent, tag, text = "", attributes = {}) => {
    const node = parent.appendChild(document.createElement(tag));
    node.textContent = text;
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };

  // Scales and ticks

  const linear = ([low, high], [from, to]) => {
    const scale = (value) => from + ((value - low) / (high - low || 1)) * (to - from);
    scale.back = (place) => low + ((place - from) / (to - from || 1)) * (high - low);
    return scale;
  };
  const logarithmic = ([low, high], span) => {
    const inner = linear([Math.log10(low), Math.log10(high)], span);
    return (value) => inner(Math.log10(Math.max(value, low)));
  };
  const step = (range, most) => {
    const rough = range / most || 1;
    const power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
  };
  const ticks = (low, high, most) => {
    const by = step(high - low, most);
    const found = [];
    for (let value = Math.ceil(low / by) * by; value <= high + by / 1e6; value += by) found.push(value);
    return found;
  };
  const logTicks = (low, high) => {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
      for (const factor of high / low > 200 ? [1] : [1, 2, 5]) found.push(factor * 10 ** power);
    return found.filter((value) => value >= low && value <= high);
  };
  const TIME_STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200, 86400];
  const timeTicks = (low, high, most) => {
    const by = TIME_STEPS.find((each) => (high - low) / each <= most) || 86400 * Math.ceil((high - low) / 86400 / most);
    const found = [];
    for (let value = Math.ceil(low / by) * by; value <= high; value += by) found.push(value);
    return found;
  };

  // What all time charts have: frame, marks, cursor, zoom

  class TimeChart {
    constructor(figure, { title, unit }) {
      this.figure = figure;
      this.unit = unit;
      this.hidden = new Set();
      this.caption = figure.querySelector("figcaption");
      this.caption.textContent = "";
      html(this.caption, "strong", title);
      this.moment = html(this.caption, "span");
      this.plot = figure.querySelector(".plot");
      figure.tabIndex = 0;
      this.listen();
      drawn.push(this);
    }

    listen() {
      let from = null;
      const second = (event) => this.x.back(event.clientX - this.plot.getBoundingClientRect().left);
      this.plot.addEventListener("pointermove", (event) => {
        point(second(event));
        if (from !== null) this.select(from, second(event));
      });
      this.plot.addEventListener("pointerleave", () => { if (from === null) point(null); });
      this.plot.addEventListener("pointerdown", (event) => {
        from = second(event);
        this.plot.setPointerCapture(event.pointerId);
      });
      this.plot.addEventListener("pointerup", (event) => {
        const [low, high] = [from, second(event)].sort((a, b) => a - b);
        from = null;
        this.select(0, 0);
        if (this.x(high) - this.x(low) > 5) zoom([Math.max(low, whole[0]), Math.min(high, whole[1])]);
      });
      this.plot.addEventListener("dblclick", () => zoom(whole));
      this.figure.addEventListener("keydown", (event) => {
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (by) {
          const next = state.at === null ? (by > 0 ? 0 : starts.length - 1) : state.at + by;
          point(starts[Math.min(starts.length - 1, Math.max(0, next))]);
          event.preventDefault();
        } else if (event.key === "Escape") zoom(whole);
      });
    }

    begin() {
      this.width = this.plot.clientWidth;
      this.height = this.plot.clientHeight;
      this.plot.querySelectorAll("svg").forEach((node) => node.remove());
      this.svg = svg(this.plot, "svg", { viewBox: `0 0 ${this.width} ${this.height}`, role: "img" });
      this.svg.setAttribute("aria-label", this.caption.textContent);
      this.x = linear(state.range, [MARGIN.left, this.width - MARGIN.right]);
      this.bottom = this.height - MARGIN.bottom;
      for (const second of timeTicks(...state.range, Math.max(2, this.width / 110))) {
        svg(this.svg, "line", { class: "grid", x1: this.x(second), x2: this.x(second), y1: MARGIN.top, y2: this.bottom });
        const anchor = this.x(second) > this.width - MARGIN.right - 28 ? "end" : "middle";
        svg(this.svg, "text", { x: this.x(second), y: this.height - 5, "text-anchor": anchor }, clock(second));
      }
      course.limited.forEach((limited, i) => {
        if (limited && ends[i] > state.range[0] && starts[i] < state.range[1]) {
          const [left, right] = [Math.max(starts[i], state.range[0]), Math.min(ends[i], state.range[1])].map(this.x);
          svg(this.svg, "rect", { class: "limited", x: left, y: MARGIN.top, width: right - left, height: this.bottom - MARGIN.top });
        }
      });
    }

    axis(values, y) {
      for (const value of values) {
        svg(this.svg, "line", { class: "grid", x1: MARGIN.left, x2: this.width - MARGIN.right, y1: y(value), y2: y(value) });
        svg(this.svg, "text", { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, WRITE[this.unit](value));
      }
    }

    end() {
      for (const mark of marks) {
        if (mark.second < state.range[0] || mark.second > state.range[1]) continue;
        const line = svg(this.svg, "line", { class: "mark", x1: this.x(mark.second), x2: this.x(mark.second), y1: MARGIN.top, y2: this.bottom });
        svg(line, "title", {}, `${clock(mark.second)} ${mark.text}`);
        if (this.figure.classList.contains("wide"))
          svg(this.svg, "text", { x: this.x(mark.second) + 3, y: MARGIN.top + 9 }, mark.text.slice(0, 18));
      }
      this.zoomed = svg(this.svg, "rect", { class: "zoom", y: MARGIN.top, height: this.bottom - MARGIN.top, width: 0 });
      this.cursor = svg(this.svg, "line", { class: "cursor", y1: MARGIN.top, y2: this.bottom, visibility: "hidden" });
      this.tell();
    }

    select(from, to) {
      const [left, right] = [this.x(from), this.x(to)].sort((a, b) => a - b);
      this.zoomed.setAttribute("x", left);
      this.zoomed.setAttribute("width", from === to ? 0 : right - left);
    }

    tell() {
      const at = state.at;
      const isSeen = at !== null && ends[at] > state.range[0] && starts[at] < state.range[1];
      this.cursor.setAttribute("visibility", isSeen ? "visible" : "hidden");
      if (isSeen) {
        const middle = this.x((starts[at] + ends[at]) / 2);
        this.cursor.setAttribute("x1", middle);
        this.cursor.setAttribute("x2", middle);
      }
      const near = isSeen ? marks.filter((mark) => mark.second >= starts[at] && mark.second < ends[at]) : [];
      this.moment.textContent = isSeen ? [clock(starts[at]), ...near.map((mark) => mark.text)].join(" · ") : "";
      this.values(isSeen ? at : null);
    }
  }

  const visible = () => starts.map((_, i) => i).filter((i) => ends[i] > state.range[0] && starts[i] < state.range[1]);

  class LineChart extends TimeChart {
    // lines(): [{name, title, values}], asked for at each drawing.
    constructor(figure, spec) {
      super(figure, spec);
      this.spec = spec;
      this.buttons = [];
    }

    legend(lines) {
      this.buttons.forEach((button) => button.remove());
      this.buttons = lines.map((line, i) => {
        const button = html(this.caption, "button", "", { type: "button", "aria-pressed": String(!this.hidden.has(line.name)) });
        html(button, "span", "", { class: "key" }).style.background = `var(--c${i % 6})`;
        html(button, "span", line.title);
        line.value = html(button, "span");
        button.addEventListener("click", () => {
          if (!this.hidden.delete(line.name)) this.hidden.add(line.name);
          this.draw();
        });
        return button;
      });
    }

    draw() {
      this.begin();
      this.lines = this.spec.lines();
      this.legend(this.lines);
      const shown = visible();
      const lines = this.lines.map((line, i) => ({ ...line, colour: `var(--c${i % 6})` })).filter((line) => !this.hidden.has(line.name));
      const stacked = this.spec.stacked ? this.stack(lines) : null;
      const bounds = this.spec.limits ? this.spec.limits() : [];
      const values = shown.flatMap((i) => lines.map((line, n) => (stacked ? stacked[n][i][1] : line.values[i]))).filter((value) => value !== null);
      const highest = Math.max(0, ...values, ...bounds.map((limit) => limit.ms).filter((ms) => ms < 3 * Math.max(0, ...values)));
      const isLog = this.spec.log && this.spec.log() && values.some((value) => value > 0);
      const lowest = isLog ? Math.min(...values.filter((value) => value > 0)) / 1.3 : 0;
      const span = [this.bottom, MARGIN.top];
      const top = highest > 0 ? highest * 1.06 : 1;
      const y = isLog ? logarithmic([lowest, top], span) : linear([0, top], span);
      this.axis(isLog ? logTicks(lowest, top) : ticks(0, top, this.height / 45), y);
      lines.forEach((line, n) => (stacked ? this.area(stacked[n], y, line.colour) : this.line(line, y)));
      for (const limit of bounds.filter((each) => each.ms <= top && each.ms >= lowest)) {
        svg(this.svg, "line", { class: "limit", x1: MARGIN.left, x2: this.width - MARGIN.right, y1: y(limit.ms), y2: y(limit.ms) });
        svg(this.svg, "text", { x: this.width - MARGIN.right - 3, y: y(limit.ms) - 3, "text-anchor": "end" }, limit.text);
      }
      this.end();
    }

    stack(lines) {
      const base = starts.map(() => 0);
      return lines.map((line) => line.values.map((value, i) => [base[i], (base[i] += value || 0)]));
    }

    runs(isThere) {
      // Neighbouring spans that are all there; a gap is a gap.
      const found = [];
      for (const i of visible()) {
        const last = found[found.length - 1];
        if (!isThere(i)) continue;
        if (last && last[last.length - 1] === i - 1 && starts[i] <= ends[i - 1] + 0.001) last.push(i);
        else found.push([i]);
      }
      return found;
    }

    middle(i) { return this.x(Math.min(state.range[1], Math.max(state.range[0], (starts[i] + ends[i]) / 2))); }

    line(line, y) {
      const parts = this.runs((i) => line.values[i] !== null).map((run) => {
        const points = run.map((i) => `${this.middle(i).toFixed(1)},${y(line.values[i]).toFixed(1)}`);
        return run.length === 1 ? `M${points[0]}h1.5` : `M${points.join("L")}`;
      });
      svg(this.svg, "path", { d: parts.join(""), "data-line": line.name }).style.stroke = line.colour;
    }

    area(pairs, y, colour) {
      const parts = this.runs(() => true).map((run) => {
        const upper = run.map((i) => `${this.middle(i).toFixed(1)},${y(pairs[i][1]).toFixed(1)}`);
        const lower = run.map((i) => `${this.middle(i).toFixed(1)},${y(pairs[i][0]).toFixed(1)}`).reverse();
        return `M${[...upper, ...lower].join("L")}Z`;
      });
      const path = svg(this.svg, "path", { d: parts.join(""), class: "area" });
      path.style.fill = colour;
      path.style.fillOpacity = 0.75;
    }

    values(at) {
      for (const line of this.lines) {
        const value = at === null ? null : line.values[at];
        line.value.textContent = at === null ? "" : value === null ? " –" : ` ${WRITE[this.unit](value)}`;
      }
    }
  }

  class HeatMap extends TimeChart {
    constructor(figure) {
      super(figure, { title: "Heat map: how many requests took how long", unit: "ms" });
      this.told = html(this.caption, "span");
    }

    draw() {
      this.begin();
      const { edges_ms: edges, cells } = course.heat;
      if (edges.length < 2) return this.end();
      const y = logarithmic([edges[0], edges[edges.length - 1]], [this.bottom, MARGIN.top]);
      this.axis(logTicks(edges[0], edges[edges.length - 1]), y);
      this.rows = edges.slice(1).map((edge, row) => [y(edge), y(edges[row])]);
      const densest = Math.max(...cells.map(([at, , number]) => number / course.spans_s[at]));
      const colour = getComputedStyle(document.documentElement).getPropertyValue("--heat");
      const ratio = window.devicePixelRatio || 1;
      const canvas = this.plot.querySelector("canvas") || this.plot.insertBefore(document.createElement("canvas"), this.plot.firstChild);
      [canvas.width, canvas.height] = [this.width * ratio, this.height * ratio];
      const ink = canvas.getContext("2d");
      ink.scale(ratio, ratio);
      for (const [at, row, number] of cells) {
        if (ends[at] <= state.range[0] || starts[at] >= state.range[1]) continue;
        const [left, right] = [Math.max(starts[at], state.range[0]), Math.min(ends[at], state.range[1])].map(this.x);
        // One request is seen, too: that one may be the finding.
        ink.fillStyle = `rgba(${colour}, ${0.12 + (0.88 * Math.log1p(number / course.spans_s[at])) / Math.log1p(densest)})`;
        ink.fillRect(left, this.rows[row][0], Math.max(1, right - left), this.rows[row][1] - this.rows[row][0]);
      }
      this.end();
    }

    listen() {
      super.listen();
      this.plot.addEventListener("pointermove", (event) => {
        const place = event.clientY - this.plot.getBoundingClientRect().top;
        this.row = (this.rows || []).findIndex(([top, bottom]) => place >= top && place < bottom);
        this.values(state.at);
      });
    }

    values(at) {
      const { edges_ms: edges, cells } = course.heat;
      if (at === null || this.row === undefined || this.row < 0) return void (this.told.textContent = "");
      const found = cells.find(([span, row]) => span === at && row === this.row);
      this.told.textContent = `${WRITE.ms(edges[this.row])} – ${WRITE.ms(edges[this.row + 1])}: ${found ? found[2] : 0} requests`;
    }
  }

  // Over the whole run: how times are distributed

  const distribution = (figure) => {
    const { edges_ms: edges, cells } = course.heat;
    const caption = figure.querySelector("figcaption");
    const plot = figure.querySelector(".plot");
    caption.textContent = "";
    html(caption, "strong", "Distribution of response times, whole run");
    const told = html(caption, "span");
    const counts = edges.slice(1).map(() => 0);
    for (const [, row, number] of cells) counts[row] += number;
    return { draw() {
      const [width, height] = [plot.clientWidth, plot.clientHeight];
      plot.textContent = "";
      const root = svg(plot, "svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "distribution" });
      if (!counts.length) return;
      const x = logarithmic([edges[0], edges[edges.length - 1]], [MARGIN.left, width - MARGIN.right]);
      const top = Math.max(...counts) * 1.06;
      const y = linear([0, top], [height - MARGIN.bottom, MARGIN.top]);
      for (const value of ticks(0, top, height / 45)) {
        svg(root, "line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) });
        svg(root, "text", { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, WRITE.count(value));
      }
      for (const value of logTicks(edges[0], edges[edges.length - 1]))
        svg(root, "text", { x: x(value), y: height - 5, "text-anchor": "middle" }, WRITE.ms(value));
      counts.forEach((number, row) => {
        const bar = svg(root, "rect", { x: x(edges[row]) + 0.5, y: y(number), width: Math.max(1, x(edges[row + 1]) - x(edges[row]) - 1), height: y(0) - y(number) });
        bar.style.fill = "var(--c0)";
        bar.addEventListener("pointerenter", () => { told.textContent = `${WRITE.ms(edges[row])} – ${WRITE.ms(edges[row + 1])}: ${number} requests`; });
      });
      for (const [percent, ms] of course.curve_ms.filter(([each]) => [50, 95, 99].includes(each))) {
        svg(root, "line", { class: "limit", x1: x(ms), x2: x(ms), y1: MARGIN.top, y2: y(0) });
        svg(root, "text", { x: x(ms) + 3, y: MARGIN.top + 9 }, `p${percent}`);
      }
    } };
  };

  const curve = (figure) => {
    const caption = figure.querySelector("figcaption");
    const plot = figure.querySelector(".plot");
    caption.textContent = "";
    html(caption, "strong", "Percentiles, whole run");
    const told = html(caption, "span");
    const place = (percent) => -Math.log10(1 - Math.min(percent, 99.997) / 100);
    return { draw() {
      const [width, height] = [plot.clientWidth, plot.clientHeight];
      plot.textContent = "";
      const root = svg(plot, "svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "percentiles" });
      const points = course.curve_ms;
      if (!points.length) return;
      const x = linear([0, place(100)], [MARGIN.left, width - MARGIN.right - 14]);
      const top = Math.max(...points.map(([, ms]) => ms)) * 1.1;
      const lowest = Math.max(points[0][1], 0.001) / 1.2;
      const y = logarithmic([lowest, top], [height - MARGIN.bottom, MARGIN.top]);
      for (const value of logTicks(lowest, top)) {
        svg(root, "line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) });
        svg(root, "text", { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, WRITE.ms(value));
      }
      for (const percent of [50, 90, 99, 99.9, 99.99, 100])
        svg(root, "text", { x: x(place(percent)), y: height - 5, "text-anchor": "middle" }, percent === 100 ? "max" : String(percent));
      const path = svg(root, "path", { d: "M" + points.map(([percent, ms]) => `${x(place(percent))},${y(ms)}`).join("L") });
      path.style.stroke = "var(--c0)";
      for (const [percent, ms] of points) {
        const dot = svg(root, "circle", { cx: x(place(percent)), cy: y(ms), r: 4 });
        dot.style.fill = "var(--c0)";
        dot.addEventListener("pointerenter", () => { told.textContent = `p${percent}: ${WRITE.ms(ms)}`; });
      }
    } };
  };

  // What hands do

  const point = (second) => {
    const last = starts.findLastIndex((start) => second !== null && start <= second);
    const at = second === null || last < 0 ? null : last;
    if (at === state.at) return;
    state.at = at;
    drawn.filter((each) => each.tell && each.svg).forEach((each) => each.tell());
  };
  const zoom = (range) => {
    state.range = range;
    document.getElementById("unzoom").hidden = range === whole;
    drawn.forEach((each) => each.draw());
  };

  const lane = () => (state.lane ? course.endpoints[state.lane] : course.everything);
  const perSecond = (counts) => counts.map((count, i) => count / course.spans_s[i]);
  const series = (name, title) => ({ name, title, values: course.series[name] || starts.map(() => null) });

  const MAIN = {
    latency: {
      title: "Response time", unit: "ms", log: () => state.isLog, limits: () => (state.lane ? [] : limits),
      lines: () => [["p50", "p50"], ["p95", "p95"], ["p99", "p99"], ["p99_9", "p99.9"], ["max", "max"]]
        .map(([name, title]) => ({ name, title, values: lane().percentiles_ms[name] })),
    },
    rate: {
      title: "Requests per second", unit: "per_s",
      lines: () => [
        { name: "requests", title: "requests", values: perSecond(lane().requests) },
        { name: "errors", title: "errors", values: perSecond(lane().errors) },
        ...(course.series.dropped_per_s && course.series.dropped_per_s.some(Boolean) ? [series("dropped_per_s", "dropped")] : []),
      ],
    },
    errors: {
      title: "Share of requests that failed", unit: "ratio",
      lines: () => [{ name: "errors", title: "errors", values: lane().requests.map((all, i) => (all ? lane().errors[i] / all : null)) }],
    },
    vus: {
      title: "Virtual users", unit: "count",
      lines: () => [{ name: "vus", title: "there are", values: course.vus }, { name: "busy", title: "busy at the end of a span", values: course.vus_busy }],
    },
  };

  const sortable = (table) => {
    const body = table.tBodies[0];
    const order = [...body.rows];
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const text = head.textContent;
      head.textContent = "";
      html(head, "button", text, { type: "button" }).addEventListener("click", () => {
        const isDown = head.getAttribute("aria-sort") !== "descending";
        [...table.tHead.rows[0].cells].forEach((each) => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
        const key = (row) => {
          const found = row.cells[column].querySelector("data");
          return found ? Number(found.value) : row.cells[column].textContent;
        };
        const compared = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
        body.append(...order.sort((a, b) => compared(key(a), key(b)) * (isDown ? -1 : 1)));
      });
    });
  };

  const controls = () => {
    const select = document.getElementById("lane");
    for (const name of Object.keys(course.endpoints)) html(select, "option", name).value = name;
    select.addEventListener("change", () => { state.lane = select.value; drawn.forEach((each) => each.draw()); });
    document.getElementById("scale").addEventListener("click", (event) => {
      state.isLog = !state.isLog;
      event.target.textContent = state.isLog ? "log scale" : "linear scale";
      drawn.forEach((each) => each.draw());
    });
    document.getElementById("unzoom").addEventListener("click", () => zoom(whole));
    const theme = (name) => { document.documentElement.dataset.theme = name; drawn.forEach((each) => each.draw()); };
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    theme(dark.matches ? "dark" : "light");
    dark.addEventListener("change", () => theme(dark.matches ? "dark" : "light"));
    document.getElementById("theme").addEventListener("click", () =>
      theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
    const filter = document.getElementById("filter");
    const rows = document.querySelectorAll("table[data-key=endpoints] tbody tr");
    if (filter) filter.addEventListener("input", () => rows.forEach((row) => {
      row.hidden = !row.cells[0].textContent.toLowerCase().includes(filter.value.toLowerCase());
    }));
  };

  const begin = () => {
    document.querySelectorAll("figure[data-chart]").forEach((figure) => {
      const key = figure.dataset.chart;
      if (key === "heat") return void new HeatMap(figure);
      if (key === "distribution") return void drawn.push(distribution(figure));
      if (key === "curve") return void drawn.push(curve(figure));
      const chart = charts.find((each) => each.key === key);
      const spec = MAIN[key] || {
        title: chart.title, unit: chart.unit, stacked: chart.is_stacked,
        lines: () => chart.lines.map((name, i) => series(name, chart.titles[i])),
      };
      new LineChart(figure, spec);
    });
    document.querySelectorAll("table.sortable").forEach(sortable);
    controls();
    let wait = null;
    new ResizeObserver(() => { clearTimeout(wait); wait = setTimeout(() => drawn.forEach((each) => each.draw()), 50); }).observe(document.body);
    document.documentElement.dataset.ready = "yes";
  };
  begin();
})();
