"use strict";
// Tree: the page's compact arrays as nodes with sums. [label, [children]] | [label | count, head, base, change?] -> Node
//
// `head` and `base` are bytes (null: the list of that side is cut above this function, so its size there is unknown),
// `delta` is the change in bytes. A number in the place of a label counts functions that are summed here; where their
// change is not head - base, the sum also holds the side of functions that only the other side lists.

const UNATTRIBUTED = "(unattributed)";
const GRAY = 8;

/** The whole tree of one Worker. */
function makeTree(code) {
  const root = { label: "all", parent: null, depth: 0, children: [] };
  root.children = code.tree.map((item) => makeNode(item, root, code.kind));
  addUp(root);
  root.children.sort((a, b) => b.head + b.base - a.head - a.base).forEach((child, index) => paint(child, index % GRAY));
  return root;
}

function makeNode(item, parent, kind) {
  const node = { label: item[0], parent, depth: parent.depth + 1, children: null, kind };
  if (Array.isArray(item[1])) {
    node.children = item[1].map((child) => makeNode(child, node, kind));
    addUp(node);
    return node;
  }
  [, node.head, node.base] = item;
  node.unknown = node.head === null || node.base === null;
  node.delta = item.length > 3 ? item[3] : node.unknown ? 0 : node.head - node.base;
  node.isSum = typeof node.label === "number";
  node.isMixed = node.isSum && item.length > 3;
  if (node.isSum) node.label = node.isMixed ? "… not listed singly" : `… ${count(node.label)} smaller`;
  return node;
}

function addUp(node) {
  for (const side of ["head", "base", "delta"]) {
    node[side] = node.children.reduce((total, child) => total + (child[side] || 0), 0);
  }
}

/** Crates keep their color in every view, so that they can be found again. What is unknown or summed is gray. */
function paint(node, index) {
  node.color = node.label === UNATTRIBUTED || node.isSum || index === GRAY ? GRAY : index % GRAY;
  for (const child of node.children || []) paint(child, node.color);
}

/** From the root to the node, without the root. */
function ancestry(node) {
  const path = [];
  for (let step = node; step.parent; step = step.parent) path.unshift(step);
  return path;
}

/** The name as the compiler says it: `<T as Trait>::f` and raw symbols are whole, all others begin with their path. */
function fullName(node) {
  if (node.name === undefined) {
    const whole = !node.children && /^(<(?!impl )|_R|_ZN)/.test(node.label);
    const path = whole ? [node] : ancestry(node).filter((step) => step.label !== UNATTRIBUTED || step === node);
    const labels = path.map((step) => step.label);
    node.name = node.isSum ? `${labels.slice(0, -1).join("::")} ${node.label}`.trim() : labels.join("::");
  }
  return node.name;
}

/** Every leaf below, in no order. */
function leaves(node, found = []) {
  if (!node.children) found.push(node);
  else for (const child of node.children) leaves(child, found);
  return found;
}

/** Those leaves whose name, or place, holds every word. An empty search finds all. */
function search(nodes, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return nodes;
  return nodes.filter((node) => {
    node.key ??= `${ancestry(node).map((step) => step.label).join("::")} ${fullName(node)}`.toLowerCase();
    return words.every((word) => node.key.includes(word));
  });
}

/** How large a node is drawn in a view. */
function area(node, view) {
  if (view.side === "delta") return view.area === "size" ? node.head || 0 : Math.abs(node.delta);
  return node[view.side] || 0;
}
