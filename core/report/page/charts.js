// The charts, each with what it shows as a table.

const differencesOf = (target, arm) => report.differences.filter((one) => one.target === target && one.arm === arm);

function scoresOf(target, arm, language) {
  return report.scores.find((one) => one.target === target && one.arm === arm && one.language === language);
}

// Blue helps, orange harms; white (on a dark page: dark grey) is 0.
function heatColour(value, limit, dark) {
  const end = value < 0 ? [178, 70, 24] : [27, 94, 158];
  const zero = dark ? [48, 53, 60] : [245, 246, 247];
  const share = Math.min(1, Math.abs(value) / limit);
  const rgb = zero.map((from, i) => Math.round(from + (end[i] - from) * share));
  const light = (0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]) / 255;
  return { color: `rgb(${rgb.join(",")})`, text: light > 0.55 ? "#111" : "#fff" };
}

function heatLines(one) {
  const lines = [`${one.arm} − ${one.baseline}, ${languageName(one.subject)}`];
  if (!isNumber(one.difference)) return [...lines, "missing: no seed has scores of both"];
  lines.push(`${signed(one.difference, 2)} points, from ${fixed(one.baseline_score, 2)} to ${fixed(one.arm_score, 2)}`);
  lines.push(isNumber(one.low) ? `95 % interval ${signed(one.low, 2)} to ${signed(one.high, 2)}`
    : `no interval with one seed; by test examples alone ${signed(one.examples_low, 2)} to ${signed(one.examples_high, 2)}`);
  lines.push(`${one.verdict}${isNumber(one.q) ? `, q = ${small(one.q)}` : ""}; seeds ${one.seeds.join(", ")}; ${one.examples} examples`);
  return lines;
}

function heatOption(target, codes, theme) {
  const cells = compared.flatMap((arm) => differencesOf(target.name, arm.name));
  const limit = Math.max(report.margin, ...cells.map((one) => Math.abs(one.difference ?? 0)));
  const place = (one) => [codes.indexOf(one.subject), compared.findIndex((arm) => arm.name === one.arm)];
  const roomy = codes.length <= 24;
  const known = cells.filter((one) => isNumber(one.difference)).map((one) => {
    const colour = heatColour(one.difference, limit, theme.dark);
    const sure = one.verdict === "helps" || one.verdict === "harms";
    return {
      value: [...place(one), one.difference], finding: one,
      itemStyle: { color: colour.color, borderColor: sure ? theme.text : theme.page, borderWidth: sure ? 2 : 1 },
      label: { show: roomy, color: colour.text },
    };
  });
  known.sort((a, b) => a.itemStyle.borderWidth - b.itemStyle.borderWidth);  // no neighbour covers a frame
  const missing = cells.filter((one) => !isNumber(one.difference)).map((one) => ({ value: [...place(one), 0], finding: one }));
  return {
    height: 70 + 34 * compared.length,
    width: 160 + codes.length * 90,
    grid: { left: 10, right: 10, top: 10, bottom: 10, containLabel: true },
    tooltip: tooltip(theme, (item) => heatLines(item.data.finding)),
    xAxis: axis(theme, { type: "category", data: codes, axisLabel: { color: theme.text, interval: 0, rotate: roomy ? 0 : 60 }, splitLine: { show: false } }),
    yAxis: axis(theme, { type: "category", data: compared.map((arm) => arm.name), inverse: true, splitLine: { show: false } }),
    series: [
      { name: "difference", type: "heatmap", data: known, label: { formatter: (item) => signed(item.data.value[2]) } },
      { name: "missing", type: "heatmap", data: missing, itemStyle: { color: theme.page, borderColor: theme.line, borderWidth: 1, borderType: "dashed" },
        label: { show: true, color: theme.soft, formatter: roomy ? "missing" : "×" } },
    ],
    // Colours are set above; a heat map needs one of these all the same.
    visualMap: { show: false, min: -limit, max: limit, seriesIndex: [], dimension: 2 },
  };
}

function heatMaps() {
  const parts = [];
  for (const target of report.targets) {
    const codes = ordered(target.languages);
    parts.push(element("h3", {}, `${target.name}: ${metricName(target)}, ${target.split}`));
    parts.push(chart(`heat-${target.name}`, 200, `Heat map of differences in ${target.name}; the table below has its numbers`,
      (theme) => heatOption(target, codes, theme)));
    const columns = [{ title: "language", cell: (code) => languageName(code) }, { title: "group", cell: (code) => languages.get(code)?.group ?? "none" }];
    for (const arm of report.arms.filter((one) => one.name === one.baseline)) {
      columns.push({ title: arm.name, number: true, cell: (code) => {
        const scores = scoresOf(target.name, arm.name, code);
        return scores ? fixed(mean(Object.values(scores.values))) : "missing";
      } });
    }
    for (const arm of compared) {
      const findings = new Map(differencesOf(target.name, arm.name).map((one) => [one.subject, one]));
      columns.push({ title: `${arm.name} − ${arm.baseline}`, number: true, cell: (code) => {
        const one = findings.get(code);
        return !one || !isNumber(one.difference) ? "missing" : `${signed(one.difference)} (${interval(one)}) ${one.verdict}`;
      } });
    }
    parts.push(details("As a table", table(`${target.name}: scores of the baseline, differences of the other arms with 95 % intervals`, columns, codes)));
  }
  return parts;
}

// One arm in one target: languages by group, then the groups' means.
function forestRows(target, arm) {
  const rows = [];
  const of = differencesOf(target, arm);
  for (const code of ordered(targets.get(target).languages)) {
    const one = of.find((finding) => finding.subject === code);
    if (one) rows.push({ name: languageName(code), one });
  }
  for (const one of report.groups) {
    if (one.target === target && one.arm === arm) rows.push({ name: one.kind === "all" ? "all languages" : one.subject, one, mean: true });
  }
  return rows;
}

function forestOption(target, arm, theme) {
  const rows = forestRows(target, arm);
  const points = rows.map((row, i) => ({ value: [row.one.difference, i], row })).filter((point) => isNumber(point.value[0]));
  const bars = rows.map((row, i) => [row.one.low ?? row.one.examples_low, row.one.high ?? row.one.examples_high, i, isNumber(row.one.low)]);
  const line = (x, type) => ({ xAxis: x, lineStyle: { color: theme.soft, type }, label: { show: false } });
  return {
    height: 90 + 24 * rows.length,
    grid: { left: 10, right: 30, top: 10, bottom: 40, containLabel: true },
    tooltip: tooltip(theme, (item) => (item.data.row ? heatLines({ ...item.data.row.one, subject: item.data.row.name }) : [])),
    xAxis: axis(theme, { type: "value", name: "points", nameLocation: "middle", nameGap: 26 }),
    yAxis: axis(theme, { type: "category", inverse: true, data: rows.map((row) => row.name), splitLine: { show: false } }),
    series: [
      { type: "custom", silent: true, encode: { x: [0, 1], y: 2 }, data: bars.filter((bar) => isNumber(bar[0])),
        renderItem: (_, api) => {
          const from = api.coord([api.value(0), api.value(2)]);
          const to = api.coord([api.value(1), api.value(2)]);
          return { type: "line", shape: { x1: from[0], y1: from[1], x2: to[0], y2: to[1] },
            style: { stroke: theme.text, lineWidth: 2, lineDash: api.value(3) ? null : [3, 4] } };
        } },
      { type: "scatter", data: points.map((point) => ({ ...point, symbol: point.row.mean ? "diamond" : "circle", symbolSize: point.row.mean ? 13 : 9 })),
        itemStyle: { color: theme.dark ? "#86b9f0" : "#1b5e9e" },
        markLine: { silent: true, symbol: "none", data: [line(0, "solid"), line(-report.margin, "dashed"), line(report.margin, "dashed")] } },
    ],
  };
}

function forestPlot() {
  const shown = { target: report.targets[0].name, arm: compared[0].name };
  const place = element("div");
  const update = () => {
    redraw("forest");
    place.replaceChildren(details("As a table", table(`${shown.arm}, ${shown.target}`, [
      { title: "", cell: (row) => row.name }, { title: "difference", number: true, cell: (row) => signed(row.one.difference, 2) },
      { title: "95 % interval", number: true, cell: (row) => interval(row.one) }, { title: "q", number: true, cell: (row) => small(row.one.q) },
      { title: "verdict", cell: (row) => word(row.one) },
    ], forestRows(shown.target, shown.arm))));
  };
  const controls = element("div", { class: "controls" },
    choice("Target", report.targets.map((one) => one.name), (value) => { shown.target = value; update(); }),
    choice("Arm", compared.map((one) => one.name), (value) => { shown.arm = value; update(); }));
  return { parts: [controls, chart("forest", 300, "Forest plot of differences by language and group", (theme) => forestOption(shown.target, shown.arm, theme)), place], update };
}

// Scores of each seed in one language of a target.
function seedsOption(target, code, theme) {
  const arms = report.arms.map((arm) => arm.name);
  const points = arms.flatMap((arm) => Object.entries(scoresOf(target, arm, code)?.values ?? {}).map(([seed, value]) => ({ seed, value: [value, arm] })));
  return {
    height: 90 + 30 * arms.length,
    grid: { left: 10, right: 30, top: 30, bottom: 40, containLabel: true },
    legend: { top: 0, data: report.seeds.map((seed) => `seed ${seed}`), textStyle: { color: theme.text } },
    tooltip: tooltip(theme, (item) => [`${item.data.value[1]}, seed ${item.data.seed}: ${fixed(item.data.value[0], 2)}`]),
    xAxis: axis(theme, { type: "value", scale: true, name: metricName(targets.get(target)), nameLocation: "middle", nameGap: 26 }),
    yAxis: axis(theme, { type: "category", inverse: true, data: arms }),
    series: report.seeds.map((seed, i) => ({
      name: `seed ${seed}`, type: "scatter", symbol: symbols[i % symbols.length], symbolSize: 11, itemStyle: { color: palette[i % palette.length] },
      data: points.filter((point) => point.seed === String(seed)),
    })),
  };
}

function seedDots() {
  const shown = { target: report.targets[0].name, code: ordered(report.targets[0].languages)[0] };
  const place = element("div");
  const codes = element("span");
  const update = () => {
    redraw("seeds");
    place.replaceChildren(details("As a table", table(`${shown.target}, ${languageName(shown.code)}: scores by seed`, [
      { title: "arm", cell: (arm) => arm.name },
      ...report.seeds.map((seed) => ({ title: `seed ${seed}`, number: true, cell: (arm) => {
        const value = scoresOf(shown.target, arm.name, shown.code)?.values[seed];
        return isNumber(value) ? fixed(value, 2) : "missing";
      } })),
    ], report.arms)));
  };
  const chooseLanguage = () => codes.replaceChildren(choice("Language", ordered(targets.get(shown.target).languages), (value) => { shown.code = value; update(); }));
  const controls = element("div", { class: "controls" },
    choice("Target", report.targets.map((one) => one.name), (value) => {
      shown.target = value;
      shown.code = ordered(targets.get(value).languages)[0];
      chooseLanguage();
      update();
    }), codes);
  chooseLanguage();
  return { parts: [controls, chart("seeds", 200, "Scores of each seed by arm", (theme) => seedsOption(shown.target, shown.code, theme)), place], update };
}

// Lines of `second` belong to an axis of that name on the right.
function lineOption(theme, lines, xName, yName, second = null) {
  return {
    height: 380,
    grid: { left: 20, right: 30, top: 60, bottom: 40, containLabel: true },
    legend: { type: "scroll", top: 0, textStyle: { color: theme.text }, pageTextStyle: { color: theme.text } },
    tooltip: tooltip(theme, (item) => [`${item.seriesName}: ${item.value[1]} at ${xName} ${item.value[0]}`]),
    xAxis: axis(theme, { type: "value", name: xName, nameLocation: "middle", nameGap: 26, minInterval: 1 }),
    yAxis: [axis(theme, { type: "value", scale: true, name: yName, nameTextStyle: { align: "left" } }),
      ...(second ? [axis(theme, { type: "value", scale: true, name: second, nameTextStyle: { align: "right" }, splitLine: { show: false } })] : [])],
    series: lines.map((line, i) => ({
      name: line.name, yAxisIndex: line.second ? 1 : 0, type: "line", data: line.points, symbol: symbols[i % symbols.length], symbolSize: line.points.length > 30 ? 4 : 8,
      lineStyle: { color: palette[i % palette.length], type: i < palette.length ? "solid" : "dashed" }, itemStyle: { color: palette[i % palette.length] },
    })),
  };
}

// Stages of one arm; a study has too many for one picture.
function trainingCurves() {
  const armOf = (stage) => stage.split("/")[0];
  const arms = [...new Set(report.curves.map((one) => armOf(one.stage)))];
  const shown = { arm: arms[0] };
  const place = element("div");
  const lines = () => report.curves.filter((one) => armOf(one.stage) === shown.arm).flatMap((one) => [
    { name: one.stage, points: one.losses },
    ...(one.evaluations.length ? [{ name: `${one.stage}, dev score`, points: one.evaluations, second: true }] : []),
  ]);
  const update = () => {
    redraw("curves");
    place.replaceChildren(details("As a table", table(`Stages of ${shown.arm}`, [
      { title: "stage", cell: (one) => one.name }, { title: "first", number: true, cell: (one) => fixed(one.points[0]?.[1], 4) },
      { title: "last", number: true, cell: (one) => fixed(one.points.at(-1)?.[1], 4) }, { title: "steps", number: true, cell: (one) => String(one.points.at(-1)?.[0] ?? "–") },
    ], lines())));
  };
  const controls = element("div", { class: "controls" }, choice("Arm", arms, (value) => { shown.arm = value; update(); }));
  return { parts: [controls, chart("curves", 380, "Training loss by step", (theme) => lineOption(theme, lines(), "step", "loss", lines().some((line) => line.second) ? "dev score" : null)), place], update };
}

function layerCharts() {
  const parts = [];
  for (const target of report.targets) {
    const lines = report.layers.filter((one) => one.target === target.name).map((one) => ({ name: one.arm, points: one.points }));
    if (lines.length === 0) continue;
    parts.push(element("h3", {}, target.name));
    parts.push(chart(`layers-${target.name}`, 360, `${target.name} by layer`, (theme) => lineOption(theme, lines, "layer", metricName(target))));
    const layers = [...new Set(lines.flatMap((line) => line.points.map((point) => point[0])))].sort((a, b) => a - b);
    parts.push(details("As a table", table(`${target.name} by layer, mean over languages and seeds`, [
      { title: "layer", cell: (layer) => String(layer) },
      ...lines.map((line) => ({ title: line.name, number: true, cell: (layer) => fixed(line.points.find((point) => point[0] === layer)?.[1]) })),
    ], layers)));
  }
  return parts;
}
