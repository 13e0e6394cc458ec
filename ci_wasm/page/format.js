"use strict";
// Format: numbers as a reader takes them in, and elements whose text is only ever text. value -> string | Element

const DASH = "–";

/** Bytes with at most four figures, as everywhere in ci-wasm: 812 B, 1.21 KiB, 34.2 MiB. */
function size(bytes) {
  if (Math.abs(bytes) < 1024) return `${bytes}\u00a0B`;
  let value = bytes / 1024;
  let unit = "KiB";
  if (Math.abs(value) >= 1024) [value, unit] = [value / 1024, "MiB"];
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return `${value.toFixed(digits)}\u00a0${unit}`;
}

/** A change with a true minus sign. */
function signed(count, write = size) {
  if (count === 0) return `±${write(0)}`;
  return (count > 0 ? "+" : "−") + write(Math.abs(count));
}

function percent(part, whole) {
  if (!whole) return "";
  const value = (100 * part) / whole;
  return `${value.toFixed(Math.abs(value) >= 10 ? 0 : 1)}\u00a0%`;
}

/** A relative change in parentheses: +3.1 %, from tenfold on ×32; empty where there is none. */
function relative(base, head) {
  if (!base || head === base) return "";
  if (head >= 10 * base) return ` (×${(head / base).toFixed(0)})`;
  return ` (${head > base ? "+" : "−"}${percent(Math.abs(head - base), base)})`;
}

/** A change and what part of the former size it is: +812 B (+3.1 %), new, gone. */
function change(base, head) {
  if (base === 0 && head) return `new, ${signed(head)}`;
  if (head === 0 && base) return `gone, ${signed(-base)}`;
  return signed(head - base) + relative(base, head);
}

const count = (value) => value.toLocaleString("en-US");

/**
 * An element. Properties are set as properties (`className`, `onclick`, …), names with a dash as attributes. Children
 * are elements or texts; a text becomes a text node, never markup.
 */
function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key.includes("-") || key === "role" || key === "scope" || key === "for") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** One of ci-wasm's sentences: what stands between backticks is code. */
function prose(text) {
  const parts = text.split("`");
  if (parts.length % 2 === 0) parts.splice(-2, 2, parts.slice(-2).join("`"));
  return parts.map((part, index) => (index % 2 ? element("code", {}, part) : part));
}

/** A link where the address is http(s), else its text. */
function link(text, address) {
  try {
    const { protocol, href } = new URL(address);
    return protocol === "https:" || protocol === "http:" ? element("a", { href, rel: "noopener noreferrer" }, text) : text;
  } catch {
    return text;
  }
}

/** A table with a caption for those who do not see it. Cells are text, elements or lists of both. */
function table(caption, header, rows, className = "") {
  const cells = (tag, row) => row.map((cell, index) =>
    element(index === 0 && tag === "td" ? "th" : tag, { scope: tag === "th" ? "col" : index === 0 ? "row" : null }, cell));
  return element("div", { className: "scroll" },
    element("table", { className },
      element("caption", { className: "unseen" }, caption),
      element("thead", {}, element("tr", {}, cells("th", header))),
      element("tbody", {}, rows.map((row) => element("tr", {}, cells("td", row))))));
}
