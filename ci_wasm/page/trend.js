// Trend: a Worker's size over commits, with the table behind the picture. data -> element
//
// The data is made by ci_wasm/render/trend.py: {points: [[commit, day]], series: [{metric, unit, values, low, high,
// budget}]}, oldest first; `low` and `high` are the range of the picture, and values are null where nothing was measured.

const TREND = { width: 420, height: 190, left: 66, right: 10, top: 16, bottom: 24 };

function trend(data) {
  const drawn = data.series.filter(({ metric, values }) => metric === "raw" || (metric === "startup" && values.filter((value) => value !== null).length > 1));
  return element("details", { className: "trend", open: true }, element("summary", {}, `Size over ${count(data.points.length)} commits`),
    ...drawn.map((series) => trendPicture(series, data.points)),
    fold("Numbers", table("Size over commits", ["commit", ...(data.points.some(([, day]) => day) ? ["day"] : []), ...data.series.map(({ metric }) => metric)],
      data.points.map(([commit, day], index) => [element("code", {}, commit.slice(0, 7)), ...(data.points.some(([, each]) => each) ? [day || DASH] : []),
        ...data.series.map(({ values, unit }) => (values[index] === null ? DASH : quantity(values[index], unit)))]).reverse())));
}

// Bytes, or milliseconds that Cloudflare took to start an upload.
function quantity(value, unit) {
  return unit === "ms" ? `${count(value)} ms` : size(value);
}

function trendPicture(series, points) {
  const { width, height, left, right, top, bottom } = TREND;
  const x = (index) => left + (points.length > 1 ? index / (points.length - 1) : 0.5) * (width - left - right);
  const y = (value) => height - bottom - ((value - series.low) / (series.high - series.low)) * (height - top - bottom);
  const known = series.values.map((value, index) => [value, index]).filter(([value]) => value !== null);
  const [first, last] = [known[0][0], known[known.length - 1][0]];
  const show = (value) => quantity(value, series.unit);
  const what = series.metric === "startup" ? "Start at Cloudflare" : "Raw size";
  const spoken = `${what} over ${points.length} commits: from ${show(first)} to ${show(last)}${series.budget === null ? "" : `, budget ${show(series.budget)}`}`;
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": spoken, class: "picture" },
    ...[series.low, (series.low + series.high) / 2, series.high].flatMap((value) => [
      svg("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }),
      svg("text", { class: "axis", x: left - 8, y: y(value) + 4, "text-anchor": "end" }, show(Math.round(value)))]),
    ...(series.budget === null ? [] : [svg("line", { class: "limit", x1: left, x2: width - right, y1: y(series.budget), y2: y(series.budget) }),
      svg("text", { class: "axis", x: width - right, y: y(series.budget) - 5, "text-anchor": "end" }, "budget")]),
    svg("polyline", { class: "line", points: known.map(([value, index]) => `${x(index)},${y(value)}`).join(" ") }),
    ...known.map(([value, index]) => svg("circle", { class: "point", cx: x(index), cy: y(value), r: 3.5 },
      svg("title", {}, `${points[index][0].slice(0, 7)}${points[index][1] && `, ${points[index][1]}`}: ${show(value)}`))),
    svg("text", { class: "axis", x: left, y: height - 6 }, points[0][0].slice(0, 7)),
    svg("text", { class: "axis", x: width - right, y: height - 6, "text-anchor": "end" }, points[points.length - 1][0].slice(0, 7)));
}

function svg(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
