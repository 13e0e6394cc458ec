"use strict";
/* global d3 */
// Treemap: three levels of a tree as nested boxes in which one walks with mouse, finger or keys. Node, view -> elements
//
// To assistive technology it is a tree (https://www.w3.org/WAI/ARIA/apg/patterns/treeview/): arrow keys move, Enter
// opens, Escape goes up, and one tab stop holds it all. The table below has the same data.

const LEVELS = 3;
const HEADER = 20;
const SMALLEST = 2;

class Treemap {
  /** `onOpen(node)` is called for a box that is opened, `onUp()` for Escape, `onPoint(node)` for one that is looked at. */
  constructor({ onOpen, onUp, onPoint }) {
    Object.assign(this, { onOpen, onUp, onPoint, cells: [], marked: null });
    this.element = element("div", { className: "treemap", role: "tree", "aria-label": "Treemap" });
    this.element.addEventListener("click", (event) => this.#clicked(event));
    this.element.addEventListener("keydown", (event) => this.#pressed(event));
    this.element.addEventListener("pointerover", (event) => this.#pointed(event));
    this.element.addEventListener("focusin", (event) => this.#pointed(event));
    this.element.addEventListener("pointerleave", () => this.onPoint(null));
  }

  /** Draw the children of `node` in the space there is. */
  draw(node, view) {
    const hadFocus = this.element.contains(document.activeElement);
    Object.assign(this, { node, view });
    const { clientWidth: width, clientHeight: height } = this.element;
    const boxes = this.#layout(node, view, width, height);
    this.scale = Math.max(1, ...boxes.filter((box) => !isOpen(box)).map((box) => Math.abs(box.data.node.delta)));
    this.cells = boxes.map((box) => this.#cell(box));
    this.element.replaceChildren(...this.cells.map((cell) => cell.element));
    if (!this.cells.length) this.element.append(element("p", { className: "nothing" }, emptyReason(view)));
    if (this.cells.length) this.cells[0].element.tabIndex = 0;
    if (hadFocus && this.cells.length) this.cells[0].element.focus();
    this.mark(this.marked);
  }

  /** Highlight some leaves and dim all others; null ends it. */
  mark(found) {
    this.marked = found;
    const lit = new Set();
    for (const leaf of found || []) for (let step = leaf; step; step = step.parent) lit.add(step);
    for (const { element: box, node } of this.cells) {
      box.classList.toggle("dim", found !== null && !lit.has(node));
      box.classList.toggle("hit", found !== null && lit.has(node));
    }
  }

  #layout(node, view, width, height) {
    const boxed = (inner, level) => {
      const divided = inner.children && level < LEVELS;
      return { node: inner, children: divided ? inner.children.map((child) => boxed(child, level + 1)) : null };
    };
    // A leaf may be opened too, as a table row is: then it is alone in the picture.
    const top = node.children ? boxed(node, 0) : { node, children: [boxed(node, 1)] };
    const root = d3.hierarchy(top, (item) => item.children).sum((item) => (item.children ? 0 : area(item.node, view)));
    root.sort((a, b) => b.value - a.value);
    d3.treemap().size([width, height]).round(true).paddingInner((box) => (box.depth < 2 ? 2 : 1))
      .paddingOuter((box) => (box.depth && isRoomy(box) ? 3 : 0))
      .paddingTop((box) => (box.depth && isRoomy(box) ? HEADER : 0))(root);
    return [...visible(root)];
  }

  #cell(box) {
    const { node } = box.data;
    const [width, height] = [box.x1 - box.x0, box.y1 - box.y0];
    const group = Boolean(node.children);
    const made = element("div", {
      className: `cell ${group ? "group" : "leaf"}${isOpen(box) ? " open" : ""}`, tabIndex: -1, role: "treeitem",
      "aria-level": box.depth, "aria-label": this.#describe(node), ...(group ? { "aria-expanded": String(isOpen(box)) } : {}),
    });
    Object.assign(made.style, { left: `${box.x0}px`, top: `${box.y0}px`, width: `${width}px`, height: `${height}px` });
    this.#color(made, node);
    if (width > 30 && height > 13) {
      const label = element("span", { className: "label" }, shortLabel(node));
      const roomy = isOpen(box) ? width > 110 : height > 32 && width > 56;
      made.append(label, roomy ? element("span", { className: "amount" }, this.#amount(node)) : "");
    }
    return { element: made, node, box };
  }

  #color(made, node) {
    if (this.view.side !== "delta") {
      made.style.setProperty("--hue", `var(--crate-${node.color})`);
      return;
    }
    // The root of the share: otherwise one large change would leave all others without color.
    const strength = node.delta ? 25 + 75 * Math.sqrt(Math.min(1, Math.abs(node.delta) / this.scale)) : 0;
    made.style.setProperty("--hue", `var(--${node.delta > 0 ? "grown" : node.delta < 0 ? "shrunk" : "crate-8"})`);
    made.style.setProperty("--strength", `${Math.round(strength)}%`);
    made.classList.add("change");
  }

  #amount(node) {
    return this.view.side === "delta" ? signed(node.delta) : size(node[this.view.side] || 0);
  }

  #describe(node) {
    const amount = this.view.side === "delta" ? `${signed(node.delta)}, now ${size(node.head || 0)}` : this.#amount(node);
    return `${fullName(node)}: ${amount}`;
  }

  #at(event) {
    const box = event.target.closest?.(".cell");
    return box && this.cells.find((cell) => cell.element === box);
  }

  #pointed(event) {
    const cell = this.#at(event);
    if (cell) this.onPoint(cell.node);
  }

  #clicked(event) {
    const cell = this.#at(event);
    if (!cell) return;
    this.#focus(cell);
    this.#open(cell.node);
  }

  /** A group opens; a function opens the group that it is in, and is looked at where it is in the picture already. */
  #open(node) {
    const target = node.children ? node : node.parent;
    if (target !== this.node) this.onOpen(target);
    else this.onPoint(node);
  }

  #pressed(event) {
    const cell = this.#at(event);
    if (event.key === "Escape") this.onUp();
    else if (!cell) return;
    else if (event.key === "Enter" || event.key === " ") this.#open(cell.node);
    else if (!this.#moved(cell, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #moved(cell, key) {
    const siblings = this.cells.filter((other) => other.box.parent === cell.box.parent);
    const place = siblings.indexOf(cell);
    const target = {
      ArrowRight: () => siblings[place + 1],
      ArrowLeft: () => siblings[place - 1],
      ArrowDown: () => this.cells.find((other) => other.box.parent === cell.box),
      ArrowUp: () => this.cells.find((other) => other.box === cell.box.parent),
      Home: () => this.cells[0],
      End: () => siblings.at(-1),
    }[key];
    if (!target) return false;
    if (target()) this.#focus(target());
    return true;
  }

  #focus(cell) {
    for (const other of this.cells) other.element.tabIndex = other === cell ? 0 : -1;
    cell.element.focus();
  }
}

const isRoomy = (box) => box.x1 - box.x0 > 44 && box.y1 - box.y0 > 34;
const isOpen = (box) => Boolean(box.children) && isRoomy(box);

/** The boxes that can be seen, outer ones first. A group without room for its name is one box. */
function* visible(box) {
  for (const child of box.children || []) {
    // Gaps between very many boxes can add up to more than there is.
    if (box.depth) Object.assign(child, { x1: Math.min(child.x1, box.x1 - 2), y1: Math.min(child.y1, box.y1 - 2) });
    if (!child.value || child.x1 - child.x0 < SMALLEST || child.y1 - child.y0 < SMALLEST) continue;
    yield child;
    if (isOpen(child)) yield* visible(child);
  }
}

/** `<alloc::vec::Vec<T> as core::ops::Drop>::drop` says nothing in its first thirty characters: paths are left out. */
function shortLabel(node) {
  return node.children ? node.label : node.label.replace(/\b[a-z_][a-z0-9_]*::(?=\w)/g, "");
}

function emptyReason(view) {
  return view.side === "delta" ? "Nothing changed here." : "There is no code here.";
}
