"use strict";
// Explorer: one Worker's code, as a picture and a table that follow the same view, place and search. code -> Element

class Explorer {
  /** `code` is {kind, compared, cut, count, tree}; `base` says why there is nothing to compare with, where that is so. */
  constructor(code, base, id) {
    this.root = makeTree(code);
    this.node = this.root;
    this.view = { side: "head", area: "change" };
    this.code = code;
    this.found = null;
    this.path = element("ol");
    this.facts = element("p", { className: "facts", role: "status" });
    this.pointed = element("p", { className: "pointed" });
    this.legend = element("p", { className: "legend" });
    this.map = new Treemap({ onOpen: (node) => this.open(node), onUp: () => this.up(), onPoint: (node) => this.point(node) });
    this.table = new FunctionTable({ ...code, onOpen: (node) => this.open(node.children ? node : node.parent) });
    this.element = element("section", { className: "explorer", "aria-label": "Where the bytes are" },
      element("h3", {}, "Where the bytes are"), this.#note(base), this.#tools(id),
      element("nav", { "aria-label": "Place in the treemap" }, this.path),
      this.map.element, this.pointed, this.legend, this.facts, this.table.element);
    this.element.addEventListener("keydown", (event) => this.#pressed(event));
    new ResizeObserver(() => this.map.draw(this.node, this.view)).observe(this.map.element);
    this.#show();
  }

  open(node) {
    this.node = node;
    this.#show();
  }

  up() {
    if (this.node.parent) this.open(this.node.parent);
  }

  /** Tell what is under the pointer or the focus; without one, what is open. */
  point(node) {
    const shown = node || this.node;
    const parts = [element("strong", {}, shown.parent ? fullName(shown) : "The whole module's code"),
      shown.head === null ? "size unknown" : size(shown.head)];
    if (shown.parent && this.root.head) parts.push(`${percent(shown.head || 0, this.root.head)} of all`);
    if (this.code.compared && !shown.isMixed) {
      parts.push(shown.unknown ? "the base does not list it singly" : `${signed(shown.delta)} against ${size(shown.base)}`);
    }
    this.pointed.replaceChildren(...parts.flatMap((part, index) => (index ? [" · ", part] : [part])));
  }

  #show() {
    const below = leaves(this.node);
    const shown = this.view.side === "delta" ? below.filter((node) => node.delta) : below;
    const found = search(shown, this.searchBox.value);
    this.found = this.searchBox.value.trim() ? found : null;
    this.map.element.setAttribute("aria-label", `Treemap of ${this.node.parent ? fullName(this.node) : "the whole module"}`);
    this.map.marked = this.found;
    this.map.draw(this.node, this.view);
    this.table.show(found);
    this.#showPath();
    this.#showFacts(found);
    this.point(null);
    this.legend.hidden = this.view.side !== "delta";
    this.areas.hidden = this.view.side !== "delta";
  }

  #showPath() {
    const steps = [this.root, ...ancestry(this.node)];
    this.path.replaceChildren(...steps.map((step, index) => {
      const here = index === steps.length - 1;
      const open = () => { this.open(step); this.path.lastElementChild.firstElementChild.focus(); };
      return element("li", {}, element("button", { type: "button", onclick: open, "aria-current": here ? "location" : null },
        step.parent ? step.label : "all"));
    }));
  }

  #showFacts(found) {
    const side = this.view.side;
    const sum = found.reduce((total, node) => total + (node[side] || 0), 0);
    // Sums do not count.
    const named = found.filter((node) => !node.isSum).length;
    const noun = this.code.kind === "functions" ? "function" : "section";
    const what = `${count(named)} ${noun}${named === 1 ? "" : "s"}`;
    const verb = this.found ? " found" : side === "delta" ? " changed" : "";
    const together = side === "delta" ? signed(sum) : size(sum);
    const of = this.code.kind === "functions" && this.node === this.root && !verb && this.code.count > named
      ? ` listed of ${count(this.code.count)}; the small ones are summed per module path` : "";
    this.facts.textContent = `${what}${verb}${of}, ${together}${of ? " together" : ""}`;
  }

  #note(base) {
    if (this.code.cut) {
      return element("p", { className: "note" },
        "The base was recorded with its largest functions only; the others are compared per crate, as “not listed singly”.");
    }
    if (this.code.kind === "sections") {
      return element("p", { className: "note" }, "The module has no function names, so its sections are all that can be told apart.");
    }
    if (this.code.compared) return null;
    return element("p", { className: "note" }, "Nothing to compare with: ", ...prose(base.reason || "the base has no function names"), ".");
  }

  #tools(id) {
    this.searchBox = element("input", { type: "search", placeholder: `Search ${this.code.kind}`, autocomplete: "off", spellcheck: false,
      "aria-label": "Search functions, crates and module paths", oninput: () => this.#show() });
    const sides = [["head", "Head"], ...(this.code.compared ? [["base", "Base"], ["delta", "Change"]] : [])];
    this.areas = this.#choice("Area", `${id}-area`, "area", [["change", "by change"], ["size", "by size"]]);
    this.legend.append(element("span", { className: "key shrunk" }), " smaller ", element("span", { className: "key" }),
      " unchanged ", element("span", { className: "key grown" }), " larger");
    return element("div", { className: "tools" }, this.#choice("Show", `${id}-side`, "side", sides), this.areas, this.searchBox);
  }

  #choice(title, name, key, options) {
    return element("fieldset", {}, element("legend", { className: "unseen" }, title), options.map(([value, text]) =>
      element("label", {}, element("input", { type: "radio", name, value, checked: this.view[key] === value,
        onchange: () => this.#choose(key, value) }), element("span", {}, text))));
  }

  #choose(key, value) {
    this.view[key] = value;
    if (key === "side") this.table.prefer(value);
    this.#show();
  }

  #pressed(event) {
    if (event.key !== "Escape") return;
    if (event.target === this.searchBox && this.searchBox.value) {
      this.searchBox.value = "";
      this.#show();
    } else {
      this.up();
    }
    event.preventDefault();
  }
}
