// The page, section by section: the verdict first.

const paragraph = (text, looks = "") => element("p", looks ? { class: looks } : {}, text);

function differenceColumns() {
  return [
    { title: "difference", number: true, cell: (one) => signed(one.difference) },
    { title: "95 % interval", number: true, cell: interval },
    { title: "q", number: true, cell: (one) => small(one.q) },
    { title: "verdict", cell: word },
  ];
}

// Which languages a finding is about: "all", or "all (2 of 4)" where an arm lacks some.
function subjectText(one) {
  if (one.kind !== "all" || one.difference === null) return one.subject;
  const targets = report.targets.filter((target) => one.target === null || target.name === one.target);
  const all = new Set(targets.flatMap((target) => target.languages));
  return one.languages.length < all.size ? `all (${one.languages.length} of ${all.size})` : "all";
}

function verdict() {
  const seeds = report.seeds.length;
  const before = report.declared.scores_before;
  const parts = [];
  const overall = report.groups.filter((one) => one.target === null);
  const single = report.targets.length === 1;
  const rows = single ? report.groups.filter((one) => one.target !== null) : overall;
  if (compared.length === 0) parts.push(paragraph("The study has no arm beside the baseline: there is nothing to compare.", "note"));
  if (rows.length > 0) parts.push(table(single ? `In ${report.targets[0].name}, means over languages` : "Means over targets and languages", [
    { title: "arm", cell: (one) => `${one.arm} − ${one.baseline}` },
    { title: "languages", cell: subjectText },
    ...(single ? [] : [{ title: "targets", cell: (one) => `${one.targets.length} of ${report.targets.length}` }]),
    ...differenceColumns(),
  ], rows));
  parts.push(paragraph(`Differences are in points. Intervals are over seeds and test examples. Helps, harms: the difference isn't 0. `
    + `No difference beyond the margin: it lies within ${report.margin} points by two one-sided tests, which is where a 90 % interval lies within. `
    + `Each at a false discovery rate of ${report.alpha} over all languages, and over all means. `
    + `Undecided: the data say neither.`));
  if (seeds === 1) parts.push(paragraph("With one seed nothing can be said of how training varies, so that every verdict is undecided; "
    + "what the test examples alone say is beside each difference.", "note"));
  parts.push(paragraph(before === 0 ? "Baseline, margin, groups and hypotheses were written down before any score was known."
    : `Baseline, margin, groups and hypotheses were written down when ${before} of ${report.declared.scores} scores were known already: read them as found afterwards.`,
  before === 0 ? "" : "note"));
  for (const note of report.notes) parts.push(paragraph(note, "note"));
  if (!single) {
    parts.push(details("By target", table("Means over the languages of each target", [
      { title: "target", cell: (one) => one.target }, { title: "arm", cell: (one) => `${one.arm} − ${one.baseline}` },
      { title: "languages", cell: subjectText }, ...differenceColumns(),
    ], report.groups.filter((one) => one.target !== null))));
  }
  if (report.replicated.length) {
    parts.push(details("In how many languages", table("At least so many languages, at 95 % confidence (Dror et al. 2017)", [
      { title: "target", cell: (one) => one.target }, { title: "arm", cell: (one) => one.arm },
      { title: "languages", number: true, cell: (one) => String(one.languages) }, { title: "helps in", number: true, cell: (one) => String(one.helps) },
      { title: "harms in", number: true, cell: (one) => String(one.harms) },
    ], report.replicated)));
  }
  section("verdict", "Verdict", ...parts);
}

function hypotheses() {
  if (report.hypotheses.length === 0) return;
  section("hypotheses", "Hypotheses", table("What was expected, and what was found", [
    { title: "claim", cell: (one) => one.claim || one.name },
    { title: "expected", cell: (one) => one.direction },
    { title: "of", cell: (one) => [`${one.arm} − ${one.baseline}`, one.group || one.about_languages.join(", "), one.about_targets.length < report.targets.length ? one.about_targets.join(", ") : "",
      one.targets.length < one.about_targets.length ? `in ${one.targets.length} of ${one.about_targets.length} targets` : ""].filter(Boolean).join("; ") },
    { title: "found", number: true, cell: (one) => signed(one.difference) },
    { title: "95 % interval", number: true, cell: interval },
    { title: "published", number: true, cell: (one) => signed(one.published) },
    { title: "source", cell: (one) => one.source || "–" },
    { title: "outcome", cell: word },
  ], report.hypotheses));
}

function groups() {
  const grouping = report.grouping;
  if (!grouping.measure) return;
  section("groups", "Groups of languages",
    paragraph(`By ${grouping.measure}: ${grouping.about}. Source: ${grouping.source}.`),
    table("Groups", [{ title: "group", cell: (one) => one.name }, { title: "rule", cell: (one) => one.rule },
      { title: "languages scored", cell: (one) => one.languages.map(languageName).join(", ") || "none" }], grouping.groups),
    grouping.ungrouped.length ? paragraph(`In no group, since the file has no value for them: ${grouping.ungrouped.map(languageName).join(", ")}.`, "note") : null,
    details("What is known of each language", table("Languages", [{ title: "language", cell: (one) => languageName(one.code) },
      { title: "group", cell: (one) => one.group ?? "none" },
      ...Object.keys(report.measures ?? {}).map((measure) => ({ title: measure, cell: (one) => (one.values?.[measure] === undefined ? "–" : String(one.values[measure])) }))], report.languages),
    ...Object.entries(report.measures ?? {}).map(([name, one]) => paragraph(`${name}: ${one.about}. Source: ${one.source}.`))));
}

function cost() {
  const seconds = report.stages.map((one) => one.seconds);
  const total = seconds.reduce((sum, value) => sum + value, 0);
  section("cost", "Plan and cost",
    paragraph(`${report.stages.length} training stages took ${duration(total)} in all, scoring apart. Equal stages of several arms are trained once.`),
    table("Arms", [{ title: "arm", cell: (one) => one.name }, { title: "trained before the targets", cell: (one) => (one.stages.length ? one.stages.map((stage) => stage.join(" + ")).join(", then ") + (one.joint ? " (in the stage of each target)" : "") : "nothing") },
      { title: "compared with", cell: (one) => (one.name === one.baseline ? "–" : one.baseline) }], report.arms),
    details("Stages", table("Stages", [{ title: "stage", cell: (one) => one.id }, { title: "steps", number: true, cell: (one) => String(one.steps) },
      { title: "best step", number: true, cell: (one) => String(one.best_step) }, { title: "time", number: true, cell: (one) => duration(one.seconds) },
      { title: "real tokens a second", number: true, cell: (one) => fixed(one.real_tokens_per_second, 0) }, { title: "key", cell: (one) => one.key }], report.stages)));
}

function data() {
  const leftOut = Object.entries(report.tasks).filter(([, task]) => task.left_out);
  section("data", "Data audit",
    table("What was scored", [{ title: "target", cell: (one) => one.name }, { title: "task", cell: (one) => one.task }, { title: "split", cell: (one) => one.split },
      { title: "metric", cell: metricName }, { title: "languages", number: true, cell: (one) => String(one.languages.length) },
      { title: "examples with gold", cell: (one) => ordered(one.languages).map((code) => `${code} ${report.scores.find((score) => score.target === one.name && score.language === code).n}`).join(", ") }], report.targets),
    leftOut.length ? paragraph(`Optional files that weren't there: ${leftOut.map(([name, task]) => `${name}: ${Object.values(task.left_out).flat().join(", ")}`).join("; ")}.`, "note") : null,
    details(`Files and their SHA-256 (${report.data.length})`, table("Data files, below the data root", [{ title: "file", cell: (one) => one.file }, { title: "SHA-256", cell: (one) => element("code", {}, one.sha256) }], report.data)));
}

function versions() {
  const machine = ["sojourn", "libtorch", "system", "cpu", "cpu_features", "device", "threads", "precision"];
  section("versions", "Versions",
    table("Runs", [{ title: "run", cell: (one) => one.folder }, { title: "finished", cell: (one) => one.finished }, { title: "complete", cell: (one) => (one.complete ? "yes" : "no") },
      { title: "seeds", cell: (one) => one.seeds.join(", ") }, ...machine.map((key) => ({ title: key, cell: (one) => String(one.machine[key]) }))], report.runs),
    table("Tasks", [{ title: "task", cell: ([name]) => name }, { title: "version", cell: ([, one]) => one.version }, { title: "SHA-256 of the plugin", cell: ([, one]) => element("code", {}, one.sha256.slice(0, 16)) }], Object.entries(report.tasks)),
    details("Encoder", table(`Files of ${report.encoder.written}`, [{ title: "file", cell: ([name]) => name }, { title: "SHA-256", cell: ([, hash]) => element("code", {}, hash) }], Object.entries(report.encoder.sha256))));
}

function reproduce() {
  section("reproduce", "How to reproduce",
    paragraph("Save the study below as study.toml, with the encoder and data named in it, whose SHA-256 are above. Equal versions, processor kind and thread count give equal numbers bit for bit."),
    element("pre", { tabindex: "0" }, `sojourn run study.toml --threads ${report.runs[0].machine.threads} --precision ${report.runs[0].machine.precision} --out runs/${report.study}\nsojourn report runs/${report.study}`),
    paragraph(`Intervals: ${report.resamples} resamples of test examples, from a fixed seed. sojourn data check study.toml looks for training text in test sets.`),
    details("study.toml", element("pre", { tabindex: "0" }, report.study_toml)));
}

function build() {
  document.getElementById("summary").textContent = `${report.arms.length} arms, ${report.targets.length} targets, ${report.languages.length} languages, `
    + `${report.seeds.length} ${report.seeds.length === 1 ? "seed" : "seeds"}; compared with ${report.baseline}`;
  verdict();
  hypotheses();
  groups();
  const later = [];
  if (compared.length > 0) {
    section("heat", "Languages", paragraph("Arm minus baseline, in points; point at a cell for its interval. English comes first, then the groups in their order. A frame marks cells whose difference isn't 0."), ...heatMaps());
    const forest = forestPlot();
    section("forests", "Groups and languages of an arm", paragraph("Bars are 95 % intervals; where there is one seed they are dotted, and of the test examples alone. Dashed lines are the margin."), ...forest.parts);
    later.push(forest);
  }
  const seeds = seedDots();
  section("by-seed", "Seeds", ...seeds.parts);
  later.push(seeds);
  if (report.layers.length) section("by-layer", "Retrieval by layer", paragraph("Before (the baseline) and after intermediate training: whether sentences of equal meaning still lie near each other."), ...layerCharts());
  if (report.curves.length) {
    const curves = trainingCurves();
    section("training", "Training", ...curves.parts, details("What stages learnt", table("Dev splits of what was trained", [
      { title: "stage", cell: (one) => one.stage }, { title: "task", cell: (one) => one.task }, { title: "language", cell: (one) => one.language },
      { title: "metric", cell: (one) => one.metric }, { title: "score", number: true, cell: (one) => fixed(one.value) }, { title: "examples", number: true, cell: (one) => String(one.n) },
    ], report.learnt)));
    later.push(curves);
  }
  cost();
  data();
  versions();
  reproduce();
  drawAll();
  later.forEach((one) => one.update());
}

function setTheme(dark) {
  root.classList.toggle("dark", dark);
  const button = document.getElementById("theme");
  button.setAttribute("aria-pressed", String(dark));
}

const darkWanted = window.matchMedia("(prefers-color-scheme: dark)");
setTheme(darkWanted.matches);
build();
darkWanted.addEventListener("change", () => { setTheme(darkWanted.matches); drawAll(); });
document.getElementById("theme").addEventListener("click", () => { setTheme(!root.classList.contains("dark")); drawAll(); });
window.addEventListener("resize", () => charts.forEach((one) => one.drawn?.resize()));
// Paper is light, and has all that is folded away.
let wasDark = false;
window.addEventListener("beforeprint", () => {
  wasDark = root.classList.contains("dark");
  document.querySelectorAll("main details").forEach((one) => { one.dataset.was = one.open; one.open = true; });
  setTheme(false);
  drawAll();
});
window.addEventListener("afterprint", () => {
  document.querySelectorAll("main details").forEach((one) => { one.open = one.dataset.was === "true"; });
  setTheme(wasDark);
  drawAll();
});
