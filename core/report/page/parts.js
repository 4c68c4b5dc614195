"use strict";
// Pieces that the sections are built of. Everything that a report says comes from the JSON in the page and is put in
// as text, never as markup.

const report = JSON.parse(document.getElementById("report").textContent);
const root = document.documentElement;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

// A section with a heading, which the list of contents links to.
function section(id, title, ...children) {
  const heading = element("h2", { id: `${id}-title` }, title);
  const made = element("section", { id, "aria-labelledby": `${id}-title` }, heading, ...children);
  document.getElementById("page").append(made);
  document.getElementById("contents").append(element("li", {}, element("a", { href: `#${id}` }, title)));
  return made;
}

// Columns are { title, number?, cell(row) }, whose cell is text or an element; the first one names the row.
function table(caption, columns, rows) {
  const head = element("tr");
  for (const column of columns) head.append(element("th", { scope: "col", class: column.number ? "number" : "" }, column.title));
  const body = element("tbody");
  for (const row of rows) {
    const line = element("tr");
    columns.forEach((column, i) => {
      const attributes = i === 0 ? { scope: "row" } : { class: column.number ? "number" : "" };
      line.append(element(i === 0 ? "th" : "td", attributes, column.cell(row) ?? "–"));
    });
    body.append(line);
  }
  const made = element("table", {}, element("caption", {}, caption), element("thead", {}, head), body);
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, made);
}

const details = (summary, ...children) => element("details", {}, element("summary", {}, summary), ...children);

const isNumber = (value) => typeof value === "number";
const fixed = (value, digits = 1) => (isNumber(value) ? value.toFixed(digits).replace(/^-(0(\.0*)?)$/, "$1") : "–");
const signed = (value, digits = 1) => (isNumber(value) ? (value >= 0 || /^-0(\.0*)?$/.test(value.toFixed(digits)) ? "+" : "−") + Math.abs(value).toFixed(digits) : "–");
const interval = (one) => (isNumber(one.low) ? `${signed(one.low)} to ${signed(one.high)}`
  : isNumber(one.examples_low) ? `${signed(one.examples_low)} to ${signed(one.examples_high)} by examples alone` : "–");
const small = (value) => (isNumber(value) ? (value < 0.001 ? "< 0.001" : value.toFixed(3)) : "–");
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function duration(seconds) {
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// What a verdict looks like; of the contrast of groups, what it says.
function word(finding) {
  const text = finding.verdict ?? finding.outcome;
  let looks = text.split(" ")[0];
  if (text.startsWith("no difference")) looks = "same";
  let shown = text;
  if (finding.kind === "contrast" && text === "harms") shown = "low fares worse than high";
  if (finding.kind === "contrast" && text === "helps") shown = "low fares better than high";
  return element("span", { class: `word ${looks}` }, shown);
}

const languages = new Map(report.languages.map((one) => [one.code, one]));
const languageName = (code) => (languages.has(code) && languages.get(code).name !== code ? `${languages.get(code).name} (${code})` : code);
const targets = new Map(report.targets.map((one) => [one.name, one]));
const metricName = (target) => (target.profile === target.metric ? target.metric : `${target.metric} (${target.profile})`);
const compared = report.arms.filter((arm) => arm.name !== arm.baseline);

// English, which was trained in, comes first, then by group and code.
function ordered(codes) {
  const order = report.grouping.groups.map((group) => group.name);
  const place = (code) => {
    const group = languages.get(code)?.group;
    return code === "en" ? -1 : group ? order.indexOf(group) : order.length;
  };
  return [...codes].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}

// A labelled choice; calls `change` with the value.
function choice(label, values, change) {
  const select = element("select");
  for (const value of values) select.append(element("option", { value }, value));
  select.addEventListener("change", () => change(select.value));
  return element("label", {}, `${label} `, select);
}

// Charts are drawn anew when colours or the size of the page change.
const charts = [];
function chart(id, height, label, option) {
  const place = element("div", { id, class: "chart", role: "img", "aria-label": label });
  place.style.height = `${height}px`;
  charts.push({ place, option, drawn: null });
  return place;
}

function colours() {
  const style = getComputedStyle(root);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  return { page: of("page"), text: of("text"), soft: of("soft"), line: of("line"), block: of("block"), dark: root.classList.contains("dark") };
}

function draw(one) {
  one.drawn ??= echarts.init(one.place, null, { renderer: "svg" });
  const made = one.option(colours());
  if (made.height) one.place.style.height = `${made.height}px`;
  if (made.width) one.place.style.maxWidth = `${made.width}px`;
  delete made.height;
  delete made.width;
  one.drawn.setOption({ animation: false, ...made }, true);
  one.drawn.resize();
  one.place.dataset.drawn = "yes";
}
const drawAll = () => charts.forEach(draw);
const redraw = (id) => draw(charts.find((one) => one.place.id === id));

const axis = (theme, more) => ({
  axisLine: { lineStyle: { color: theme.line } },
  axisLabel: { color: theme.text },
  splitLine: { lineStyle: { color: theme.line } },
  ...more,
  nameTextStyle: { color: theme.soft, ...more.nameTextStyle },
});
const tooltip = (theme, formatter) => ({
  trigger: "item", confine: true, backgroundColor: theme.block, borderColor: theme.line, textStyle: { color: theme.text },
  // ECharts takes markup here, so names are escaped.
  formatter: (item) => formatter(item).map((line) => echarts.format.encodeHTML(line)).join("<br>"),
});
// Told apart without colour vision (Okabe and Ito), and by symbols.
const palette = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d00", "#999999"];
const symbols = ["circle", "rect", "triangle", "diamond", "pin", "arrow", "roundRect", "emptyCircle"];
