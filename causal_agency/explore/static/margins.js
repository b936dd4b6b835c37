// The margins of the lying agent by fact, arm and seed, from results.json files that stay on this machine: nothing is
// sent anywhere, and everything is drawn as text and shapes.

const MAX_BYTES = 200e6;
const MAX_FACTS = 200; // drawn at once; the table below holds all of them
const ROW = 20;
const [LEFT, RIGHT, TOP] = [270, 30, 34];
const WIDTH = 900;
// The looks of neural.report: class of the color, and shape.
const LOOKS = { base: [0, "bar"], standard: [1, "square"], interventional: [2, "circle"], "assistant-only": [3, "triangle"] };

const runs = []; // {seed, arms: {name: [[topic, margin], …]}}
const off = new Set(); // arms and seeds that are not drawn
const find = (id) => document.getElementById(id);

function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "g", "line", "text", "circle", "rect", "path", "title"].includes(tag);
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function read(text, name) {
  const refuse = (what) => new Error(`${name}: ${what}; choose the results.json of a run`);
  let run;
  try {
    run = JSON.parse(text);
  } catch {
    throw refuse("this is not JSON");
  }
  if (run?.schema !== 3 || typeof run.arms !== "object" || run.arms === null) throw refuse("this has another schema");
  const arms = {};
  for (const [arm, result] of Object.entries(run.arms)) {
    const facts = result?.margin?.per_fact;
    const fits = (fact) => typeof fact?.topic === "string" && Number.isFinite(fact.margin);
    if (!Array.isArray(facts) || !facts.every(fits)) throw refuse(`${arm} has no margin of every fact`);
    arms[arm] = new Map(facts.map((fact) => [fact.topic, fact.margin]));
  }
  return { seed: String(run.config?.seed ?? name), arms };
}

async function add(files) {
  find("margins-problem").textContent = "";
  for (const file of files) {
    try {
      if (file.size > MAX_BYTES) throw new Error(`${file.name}: this is larger than 200 MB`);
      const run = read(await file.text(), file.name);
      const same = runs.filter(({ seed }) => seed.split(" ")[0] === run.seed).length;
      runs.push(same ? { ...run, seed: `${run.seed} (${same + 1})` } : run);
    } catch (problem) {
      find("margins-problem").textContent = problem.message;
    }
  }
  if (runs.length > 0) draw();
}

const unique = (values) => [...new Set(values)];
const armNames = () => unique(runs.flatMap((run) => Object.keys(run.arms)));
const topics = () => unique(runs.flatMap((run) => Object.values(run.arms).flatMap((facts) => [...facts.keys()])));
const look = (arm) => LOOKS[arm] ?? [4 + (armNames().indexOf(arm) % 2), "diamond"];

function shape(arm, x, y, title) {
  const [color, kind] = look(arm);
  const box = { class: `mark arm-${color}` };
  const text = title ? [make("title", {}, title)] : [];
  if (kind === "circle") return make("circle", { ...box, cx: x, cy: y, r: 5 }, ...text);
  if (kind === "square") return make("rect", { ...box, x: x - 4.5, y: y - 4.5, width: 9, height: 9 }, ...text);
  if (kind === "triangle") return make("path", { ...box, d: `M${x} ${y - 5.5}l5.5 10h-11z` }, ...text);
  if (kind === "bar") return make("path", { ...box, d: `M${x} ${y - 7}v14` }, ...text);
  return make("path", { ...box, d: `M${x} ${y - 6}l6 6l-6 6l-6-6z` }, ...text);
}

function choices(title, names, marked) {
  const boxes = names.map((name) => {
    const box = make("input", { type: "checkbox", id: `${title}-${name}` });
    box.checked = !off.has(`${title} ${name}`);
    box.addEventListener("change", () => {
      off[box.checked ? "delete" : "add"](`${title} ${name}`);
      drawChart();
    });
    const mark = marked ? [make("svg", { class: "legend-mark", viewBox: "-8 -8 16 16", "aria-hidden": "true" }, shape(name, 0, 0))] : [];
    return make("label", {}, box, " ", ...mark, ` ${name}`);
  });
  return make("fieldset", { class: "choices" }, make("legend", {}, title), ...boxes);
}

function draw() {
  const chart = make("div", { id: "chart" });
  const table = make("details", {}, make("summary", {}, "All margins as a table"), tableOf());
  const scroll = { class: "scroll", tabindex: "0", role: "region", "aria-label": "Margins of every fact" };
  find("margins").replaceChildren(choices("arm", armNames(), true), choices("seed", runs.map((run) => run.seed), false),
    make("div", scroll, chart), table);
  drawChart();
}

function points() {
  const kept = runs.filter(({ seed }) => !off.has(`seed ${seed}`));
  return kept.flatMap(({ seed, arms }) => Object.entries(arms).filter(([arm]) => !off.has(`arm ${arm}`))
    .flatMap(([arm, facts]) => [...facts].map(([topic, margin]) => ({ seed, arm, topic, margin }))));
}

function drawChart() {
  const all = points();
  const rows = topics().slice(0, MAX_FACTS);
  const low = all.reduce((least, { margin }) => Math.min(least, margin), -0.5) - 0.05;
  const high = all.reduce((most, { margin }) => Math.max(most, margin), 0.5) + 0.05;
  const x = (margin) => LEFT + ((margin - low) / (high - low)) * (WIDTH - LEFT - RIGHT);
  const y = (topic) => TOP + ROW * (rows.indexOf(topic) + 0.5);
  const height = TOP + ROW * rows.length + 30;
  const lies = all.filter(({ margin }) => margin < 0).length;
  const label = `${all.length} margins on ${rows.length} facts; the lie is likelier in ${lies} of them`;
  const svg = make("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": label });
  svg.append(make("text", { x: x(0) - 8, y: 14, "text-anchor": "end" }, "← the lie is likelier"),
    make("text", { x: x(0) + 8, y: 14 }, "the truth is likelier →"));
  for (const topic of rows) {
    const words = topic.length > 38 ? `${topic.slice(0, 37)}…` : topic;
    svg.append(make("text", { x: LEFT - 12, y: y(topic) + 4, "text-anchor": "end" }, words),
      make("line", { class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: y(topic), y2: y(topic) }));
  }
  svg.append(make("line", { class: "axis zero", x1: x(0), x2: x(0), y1: TOP - 12, y2: height - 24 }));
  const step = [0.5, 1, 2, 5, 10, 20, 50, 100].find((each) => (high - low) / each <= 8) ?? (high - low) / 8;
  for (let i = Math.ceil(low / step); i * step <= high; i += 1)
    svg.append(make("text", { x: x(i * step), y: height - 8, "text-anchor": "middle" }, `${i * step}`.replace("-", "−")));
  svg.append(make("text", { x: LEFT - 60, y: height - 8, "text-anchor": "end" }, "margin, nats per token"));
  for (const { seed, arm, topic, margin } of all.filter(({ topic }) => rows.includes(topic)))
    svg.append(shape(arm, x(margin), y(topic), `${topic}: ${margin.toFixed(3)} (${arm}, seed ${seed})`));
  const left = topics().length - rows.length;
  const note = left > 0 ? `The first ${rows.length} facts; ${left} more are in the table.` : `${label}.`;
  find("chart").replaceChildren(svg, make("p", { id: "margins-note" }, note));
}

function tableOf() {
  const columns = runs.flatMap(({ seed, arms }) => Object.entries(arms).map(([arm, facts]) => ({ seed, arm, facts })));
  const head = columns.map(({ seed, arm }) => make("th", { scope: "col" }, `${arm}, seed ${seed}`));
  const rows = topics().map((topic) => make("tr", {}, make("th", { scope: "row" }, topic),
    ...columns.map(({ facts }) => make("td", {}, facts.has(topic) ? facts.get(topic).toFixed(3) : ""))));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "All margins" },
    make("table", {}, make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "fact"), ...head)), make("tbody", {}, ...rows)));
}

find("files").addEventListener("change", ({ target }) => add(target.files));
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
addEventListener("dragleave", () => document.body.classList.remove("dropping"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  add(event.dataTransfer.files);
});
