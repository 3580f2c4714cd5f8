// Returns what is wrong with the page as it is shown now: a list of sentences.
(() => {
  const wrong = [];
  const name = (el) => {
    let s = el.tagName.toLowerCase();
    if (el.id) s += "#" + el.id;
    if (el.className) s += "." + String(el.className).split(" ").join(".");
    return s + (el.textContent.trim() ? " “" + el.textContent.trim().slice(0, 40) + "”" : "");
  };
  const shown = (el) => {
    const box = el.getBoundingClientRect();
    return el.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && box.width > 1 && box.height > 1;
  };

  // Colours as [r, g, b, a], laid over each other and compared as WCAG 2.2 says.
  const colour = (s) => {
    const n = s.match(/^rgba?\(([^)]*)\)$/);
    if (!n) { wrong.push("cannot read the colour " + s); return [0, 0, 0, 0]; }
    const p = n[1].split(/[\s,/]+/).map(Number);
    return [p[0], p[1], p[2], p.length > 3 ? p[3] : 1];
  };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const behind = (el) => {
    const layers = [];
    for (let e = el; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.opacity !== "1") wrong.push(name(e) + " is translucent, so its contrast is not known");
      layers.push(colour(style.backgroundColor));
    }
    return layers.reverse().reduce((under, top) => over(top, under), dark ? [18, 18, 18, 1] : [255, 255, 255, 1]);
  };
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [hi, lo] = [light(a), light(b)].sort((x, y) => y - x);
    return (hi + 0.05) / (lo + 0.05);
  };
  const check = (what, el, fore, back, least) => {
    const ratio = contrast(over(fore, back), back);
    if (ratio < least) wrong.push(`${what} of ${name(el)} has contrast ${ratio.toFixed(2)}, not ${least}`);
  };

  let seen = 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const el = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !shown(el)) continue;
    seen++;
    check("text", el, colour(getComputedStyle(el).color), behind(el), 4.5);
  }
  if (seen === 0) wrong.push("no text on the page");

  const controls = [...document.querySelectorAll("input, select, textarea")].filter((el) => el.type !== "hidden");
  for (const el of controls) {
    const labels = [...(el.labels || [])].map((l) => l.textContent.trim()).join("") || el.getAttribute("aria-label");
    if (!labels) wrong.push(name(el) + " [name=" + el.name + "] has no label");
    if (!el.autocomplete && !["checkbox", "radio"].includes(el.type)) wrong.push(name(el) + " has no autocomplete");
    if (["checkbox", "radio"].includes(el.type) || !shown(el)) continue;
    const style = getComputedStyle(el);
    check("value", el, colour(style.color), behind(el), 4.5);
    check("border", el, colour(style.borderTopColor), behind(el.parentElement), 3);
  }

  // What a finger must hit (WCAG 2.5.5); links in a sentence are exempt.
  const targets = [...document.querySelectorAll("button, .bar a, .links a, .list a, .fs-button")]
    .concat(controls.map((el) => ["checkbox", "radio"].includes(el.type) && el.labels.length ? el.labels[0] : el));
  for (const el of targets) {
    if (shown(el) && el.getBoundingClientRect().height < 43.5) wrong.push(`${name(el)} is only ${el.getBoundingClientRect().height}px high`);
  }

  const one = (sel, what) => {
    const n = document.querySelectorAll(sel).length;
    if (n !== 1) wrong.push(`${n} ${what} on the page, not one`);
  };
  one("main", "main landmarks");
  one("h1", "first headings");
  one("header nav[aria-label]", "named menus");
  if (!document.documentElement.lang) wrong.push("the language of the page is not given");
  if (!document.title.trim()) wrong.push("the page has no title");
  const skip = document.querySelector("a");
  if (!skip || !skip.hash || !document.querySelector(skip.hash)) wrong.push("the first link does not skip to the content");

  const ids = [...document.querySelectorAll("[id]")].map((el) => el.id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) wrong.push("two elements have the id " + id);
  for (const attr of ["aria-describedby", "aria-labelledby", "for"]) {
    for (const el of document.querySelectorAll(`[${attr}]`)) {
      for (const id of el.getAttribute(attr).split(/\s+/)) {
        if (!document.getElementById(id)) wrong.push(`${attr} of ${name(el)} points to #${id}, which is not there`);
      }
    }
  }
  for (const el of document.querySelectorAll("script, style, [style]")) wrong.push(name(el) + " needs what the policy forbids");
  for (const el of document.querySelectorAll("[aria-invalid=true]")) {
    if (!el.getAttribute("aria-describedby")) wrong.push(name(el) + " is marked as wrong without saying why");
  }

  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll("body *")].filter((el) => shown(el) && el.getBoundingClientRect().right > root.clientWidth + 0.5);
    wrong.push(`the page is ${root.scrollWidth}px wide on a screen of ${root.clientWidth}px: ${wide.slice(0, 3).map(name).join(", ")}`);
  }
  return wrong;
})()
