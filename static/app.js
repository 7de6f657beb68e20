// Copy buttons and relative times. Without this script buttons that would do
// nothing stay hidden, times are told in full, and nothing is missing.
for (const button of document.querySelectorAll("button[data-copies]")) {
  const source = document.getElementById(button.dataset.copies);
  if (!source || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const status = button.nextElementSibling;
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      status.textContent = "Copied";
    } catch {
      status.textContent = "Copying did not work: select it by hand";
    }
  });
}

// "3 hours ago", for a week; the whole of it when pointed at.
const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
for (const time of document.querySelectorAll("time[data-relative]")) {
  const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
  if (!(Math.abs(seconds) < 7 * 86400)) continue;
  const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ["minute", Infinity];
  time.title = time.textContent;
  time.textContent = length === Infinity ? "just now" : words.format(Math.trunc(seconds / length), unit);
}
