// What has the focus, and whether somebody who looks at the page can tell.
const element = document.activeElement;
if (!element || element === document.body) return { name: "", isVisible: true };
const style = getComputedStyle(element);
const box = element.getBoundingClientRect();
const isMarked =
  (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none";
const isInside =
  box.width > 1 && box.height > 1 && box.right > 0 && box.bottom > 0 &&
  box.left < innerWidth && box.top < innerHeight;
const label = element.getAttribute("aria-label") || element.labels?.[0]?.innerText || element.innerText;
return {
  name: (label || "").replace(/\s+/g, " ").trim(),
  isVisible: element.matches(":focus-visible") && isMarked && isInside,
};
