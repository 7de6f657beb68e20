// The control that goes by a name, as a person or a screen reader would find
// it: buttons, links or fields; what is named exactly so comes first.
const [kind, name] = arguments;
const kinds = {
  button: "button, summary, input[type=submit], [role=button]",
  link: "a[href]",
  field: "input:not([type=hidden]), select, textarea",
};
const clean = (text) => (text || "").replace(/\s+/g, " ").trim().toLowerCase();
const named = (element) => {
  const by = element.getAttribute("aria-labelledby");
  if (by) return by.split(/\s+/).map((id) => document.getElementById(id)?.innerText).join(" ");
  const label = element.getAttribute("aria-label");
  if (label) return label;
  if (element.labels?.length) return Array.from(element.labels, (label) => label.innerText).join(" ");
  return element.innerText || element.value;
};
const wanted = clean(name);
const rank = (element) => {
  const has = clean(named(element));
  return has === wanted ? 0 : has.startsWith(wanted) ? 1 : has.includes(wanted) ? 2 : 3;
};
return Array.from(document.querySelectorAll(kinds[kind]))
  .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.disabled)
  .map((element, place) => ({ element, place, rank: rank(element) }))
  .filter((found) => found.rank < 3)
  .sort((a, b) => a.rank - b.rank || a.place - b.place)[0]?.element ?? null;
