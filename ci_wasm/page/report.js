"use strict";
// Report: the page from top to bottom. data -> document
//
// The data is made by ci_wasm/render/page_data.py:
// {version, docs, title, passed, headline, repository, commit, pullRequest, pullRequestUrl, runUrl, moreWorkers,
//  notes: List<string>, failures: List<Finding>, workers: [Worker],       List: {shown: [], more: how many are left out}
//  groups: List<{name, workers: List<string>, findings: List<Finding>, sizes: [Size]}>}
// Worker: {name, preview, failures: [Finding], findings: List<Finding>, base, changes: List<{weight, text}>,
//  dependencies?: List<{name, versions, head, base, shared}> with {cause, note, named},
//  sizes?: [Size], sections?: List<[name, head, base | null]>, code?: {kind, compared, cut, count, tree},
//  trend?: as in trend.js}
// Finding: {severity, message, cure, page, detail?}      Size: {metric, counted, head, base, budgets: [Budget]}

const SIGNS = { error: "✗", warning: "!", notice: "i" };
const STATES = { within: "✓", warned: "!", broken: "✗", unmeasured: "?" };

function report(data) {
  document.title = data.title ? `ci-wasm: ${data.title}` : `${data.passed ? "✓" : "✗"} ci-wasm: ${data.headline}`;
  return [
    element("header", { className: data.title ? "" : data.passed ? "passed" : "failed" },
      element("p", { className: "subject" }, ...subject(data)),
      data.title ? element("h1", {}, data.title)
        : element("h1", {}, element("span", { className: "sign" }, data.passed ? "✓ Passed" : "✗ Failed"), " ", ...prose(data.headline)),
      data.notes.shown.map((note) => element("p", { className: "note" }, ...prose(note)))),
    ...findings(data.failures, data.docs),
    ...data.groups.shown.map((entry, index) => group(entry, data, `group-${index}`)), moreNote(data.groups),
    ...data.workers.map((entry, index) => worker(entry, data, `worker-${index}`)),
    data.moreWorkers ? element("p", {}, `… and ${data.moreWorkers} more Workers; they are in report.json.`) : null,
    element("footer", {}, `ci-wasm ${data.version} · the treemap is laid out by d3-hierarchy, © Mike Bostock, ISC license`),
  ].filter(Boolean);
}

function subject(data) {
  const where = data.pullRequest ? `${data.repository}#${data.pullRequest}` : data.repository;
  const parts = [where && link(where, data.pullRequestUrl), data.commit && ["commit ", element("code", {}, data.commit.slice(0, 7))],
    data.runUrl && link("workflow run", data.runUrl)].filter(Boolean);
  return parts.flatMap((part, index) => (index ? [" · ", part] : [part])).flat();
}

function worker(entry, data, id) {
  const explorer = entry.code && entry.code.tree.length ? new Explorer(entry.code, entry.base, id).element : null;
  return element("section", { className: "worker", "aria-labelledby": id },
    element("h2", { id }, element("code", {}, entry.name)),
    data.title ? null : preview(entry.preview, data.docs),
    findings({ shown: entry.failures, more: 0 }, data.docs),
    findings(entry.findings, data.docs),
    entry.sizes ? [sizes(entry.sizes, entry.base), baseNote(entry.base)] : null,
    ...dependencies(entry.dependencies),
    entry.trend ? trend(entry.trend) : null,
    explorer,
    entry.sections ? fold("Sections", sections(entry.sections)) : null,
    entry.changes.shown.length ? fold(changesTitle(entry.changes), changes(entry.changes)) : null);
}

function group(entry, data, id) {
  const names = entry.workers.shown.flatMap((name, index) => [index ? ", " : "", element("code", {}, name)]);
  if (entry.workers.more) names.push(` and ${count(entry.workers.more)} more`);
  return element("section", { className: "worker", "aria-labelledby": id },
    element("h2", { id }, "Group ", element("code", {}, entry.name)),
    findings(entry.findings, data.docs),
    sizes(entry.sizes, {}),
    element("p", { className: "note" }, "The sum of ", ...names, "."));
}

function fold(title, ...body) {
  return element("details", {}, element("summary", {}, title), ...body);
}

function findings(list, docs) {
  if (!list.shown.length) return [];
  const items = list.shown.map((finding) => element("li", { className: finding.severity },
    element("span", { className: "sign", role: "img", "aria-label": finding.severity }, SIGNS[finding.severity]),
    element("div", {}, element("strong", {}, ...prose(finding.message)), element("p", {}, ...prose(finding.cure), ...help(finding.page, docs)),
      finding.detail ? element("pre", { tabIndex: 0 }, finding.detail) : null)));
  if (list.more) items.push(element("li", {}, `… and ${count(list.more)} more; they are in report.json.`));
  return [element("ul", { className: "findings" }, items)];
}

function help(page, docs) {
  return docs ? [" ", link("help", docs + page)] : [" See ", element("code", {}, page), "."];
}

function preview(stage, docs) {
  if (stage.failure) return findings({ shown: [stage.failure], more: 0 }, docs);
  if (stage.reason) return element("p", {}, "No preview: ", ...prose(stage.reason), ".");
  const answers = stage.answers.shown.map((answer) =>
    element("li", {}, element("code", {}, answer.request), ` answered ${answer.status} in ${answer.milliseconds} ms`));
  const where = stage.public ? [link(stage.url, stage.url)]
    : [element("code", {}, stage.url), " on the runner’s own workerd, gone with the job"];
  return element("div", { className: "preview" }, element("p", {}, "Preview: ", ...where),
    answers.length ? element("ul", {}, answers) : null);
}

function sizes(list, base) {
  const compared = !base.reason;
  const rows = list.map((row) => {
    const write = row.counted ? count : size;
    const cells = [element("code", {}, row.metric), row.head === null ? "?" : write(row.head)];
    if (compared) cells.push(row.base === null ? DASH : write(row.base), difference(row, write));
    return [...cells, row.budgets.length ? row.budgets.map((budget) => limits(budget, write)) : DASH];
  });
  return table("Sizes", ["metric", "size", ...(compared ? ["base", "change"] : []), "budget"], rows, "sizes");
}

function difference(row, write) {
  if (row.base === null || row.head === null) return DASH;
  const delta = row.head - row.base;
  const part = row.counted ? "" : relative(row.base, row.head);
  return element("span", { className: delta > 0 ? "grown" : delta < 0 ? "shrunk" : "" }, delta ? signed(delta, write) + part : DASH);
}

function limits(budget, write) {
  const texts = [];
  if (budget.max !== null) texts.push(`≤\u00a0${write(budget.max)}`);
  if (budget.warn !== null) texts.push(`warn >\u00a0${write(budget.warn)}`);
  if (budget.growthPercent !== null) texts.push(`≤\u00a0+${budget.growthPercent}\u00a0%`);
  if (budget.growth !== null) texts.push(`≤\u00a0+${write(budget.growth)}`);
  if (budget.warnGrowthPercent !== null) texts.push(`warn >\u00a0+${budget.warnGrowthPercent}\u00a0%`);
  if (budget.warnGrowth !== null) texts.push(`warn >\u00a0+${write(budget.warnGrowth)}`);
  if (budget.shrinkPercent !== null) texts.push(`≤\u00a0−${budget.shrinkPercent}\u00a0%`);
  if (budget.shrink !== null) texts.push(`≤\u00a0−${write(budget.shrink)}`);
  return element("div", { className: `budget ${budget.state}` },
    element("span", { role: "img", "aria-label": budget.state }, STATES[budget.state] || "?"), ` ${texts.join(", ")}`);
}

function baseNote(base) {
  if (base.reason) return element("p", { className: "note" }, "No base to compare with: ", ...prose(base.reason), ".");
  const how = base.recorded ? "as recorded when it was merged" : "built in this run with the same toolchain";
  return element("p", { className: "note" }, "Base: ", element("code", {}, base.commit.slice(0, 7)), `, ${how}.`);
}

function dependencies(list) {
  if (!list || !(list.shown.length || list.note)) return [];
  const rows = list.shown.map((row) => [element("code", {}, row.name), row.versions, row.head === null
    ? (list.named ? "none in the module" : "?") : [change(row.base, row.head), row.shared ? ", all versions" : ""]]);
  return [list.cause ? element("p", { className: "cause" }, ...prose(`${list.cause}.`)) : null,
    fold("Cargo.lock", list.note ? element("p", { className: "note" }, ...prose(list.note)) : null,
      rows.length ? table("Cargo.lock", ["package", "version", "code"], rows) : null, moreNote(list))];
}

function sections(list) {
  const compared = list.shown.some((row) => row[2] !== null);
  const rows = list.shown.map(([name, head, base]) =>
    [element("code", {}, name), head ? size(head) : DASH, ...(compared ? [base ? size(base) : DASH, base === head ? DASH : change(base, head)] : [])]);
  return [table("Sections", ["section", "size", ...(compared ? ["base", "change"] : [])], rows), moreNote(list)];
}

function changesTitle(list) {
  return `Interface changes: a ${list.shown.some((entry) => entry.weight === "major") ? "major" : "minor"} version`;
}

function changes(list) {
  return [element("ul", {}, list.shown.map((entry) => element("li", {}, `${entry.weight}: `, ...prose(entry.text)))), moreNote(list)];
}

function moreNote(list) {
  return list.more ? element("p", {}, `… and ${count(list.more)} more; they are in report.json.`) : null;
}

document.getElementById("report").append(...report(JSON.parse(document.getElementById("data").textContent)));
