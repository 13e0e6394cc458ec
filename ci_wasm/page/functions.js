"use strict";
// Functions: the table behind the picture, with the same data and one row for each box. leaves -> elements

const PAGE_ROWS = 100;

class FunctionTable {
  /** `onOpen(node)` is called for the function whose name is pressed. */
  constructor({ kind, compared, onOpen }) {
    Object.assign(this, { compared, onOpen, nodes: [], rows: PAGE_ROWS, key: "head", down: true });
    this.columns = [[kind === "functions" ? "function" : "section", "name"], ["size", "head"],
      ...(compared ? [["base", "base"], ["change", "delta"]] : [])];
    this.head = element("thead", {}, element("tr", {}, this.columns.map((column) => this.#header(column))));
    this.body = element("tbody");
    this.more = element("button", { type: "button", className: "more", onclick: () => this.#showMore() });
    this.element = element("div", {}, element("div", { className: "scroll" }, element("table", { className: "functions" },
      element("caption", { className: "unseen" }, "What the treemap shows, as a table"), this.head, this.body)), this.more);
  }

  /** Show other rows, from the top. */
  show(nodes) {
    this.nodes = nodes;
    this.rows = PAGE_ROWS;
    this.#draw();
  }

  /** Sort by a column; by the same once more turns the order round. */
  sort(key) {
    this.down = key === this.key ? !this.down : key !== "name";
    this.key = key;
    this.#draw();
  }

  /** Sort by what the picture shows, largest first; nothing is drawn yet. */
  prefer(key) {
    this.key = key;
    this.down = true;
  }

  #header([title, key]) {
    return element("th", { scope: "col", "data-key": key },
      element("button", { type: "button", onclick: () => this.sort(key) }, title));
  }

  #showMore() {
    this.rows += 4 * PAGE_ROWS;
    this.#draw();
  }

  #draw() {
    const sorted = [...this.nodes].sort((a, b) => this.#order(a, b));
    for (const header of this.head.querySelectorAll("th")) {
      const chosen = header.dataset.key === this.key;
      header.setAttribute("aria-sort", chosen ? (this.down ? "descending" : "ascending") : "none");
    }
    this.body.replaceChildren(...sorted.slice(0, this.rows).map((node) => this.#row(node)));
    const left = sorted.length - this.rows;
    this.more.hidden = left <= 0;
    this.more.textContent = `Show ${count(Math.min(left, 4 * PAGE_ROWS))} more of ${count(left)}`;
  }

  #order(a, b) {
    // A sum is no function: it does not compete with them.
    if (a.isSum !== b.isSum) return a.isSum ? 1 : -1;
    const turn = this.down ? -1 : 1;
    if (this.key === "name") return turn * fullName(a).localeCompare(fullName(b), "en");
    // A change counts by how much it is, whichever way it goes.
    const value = (node) => (this.key === "delta" ? Math.abs(node.delta) : node[this.key] ?? -1);
    return turn * (value(a) - value(b)) || fullName(a).localeCompare(fullName(b), "en");
  }

  #row(node) {
    const name = element("button", { type: "button", className: "name", onclick: () => this.onOpen(node) }, fullName(node));
    const amounts = [amountOf(node, node.head)];
    if (this.compared) amounts.push(amountOf(node, node.base), this.#change(node));
    return element("tr", {}, element("th", { scope: "row" }, name), amounts.map((amount) => element("td", {}, amount)));
  }

  #change(node) {
    const text = node.unknown ? "?" : node.isSum ? signed(node.delta) : change(node.base, node.head);
    const way = node.delta > 0 ? "grown" : node.delta < 0 ? "shrunk" : "";
    return element("span", { className: way }, node.delta || node.unknown ? text : DASH);
  }
}

/** What cannot be told is a question mark; what is not there is a dash. */
function amountOf(node, bytes) {
  if (bytes === null || node.isMixed) return "?";
  return bytes ? size(bytes) : DASH;
}
