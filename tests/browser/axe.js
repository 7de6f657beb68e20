// Runs axe-core over the whole page once nothing moves any more.
const done = arguments[arguments.length - 1];
const still = Promise.all(document.getAnimations().map((animation) => animation.finished));
const enough = new Promise((resolve) => setTimeout(resolve, 1000));
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
Promise.race([still, enough])
  .then(() => axe.run(document, {
    runOnly: { type: "tag", values: tags },
    // Off by default, and yet of WCAG 2.2 AA.
    rules: { "target-size": { enabled: true } },
    resultTypes: ["violations"],
  }))
  .then((results) => done(results.violations.map(({ id, impact, help, nodes }) => ({
    id, impact, help,
    nodes: nodes.map((node) => `${node.target.join(" ")} — ${node.failureSummary.replace(/\s+/g, " ")}`),
  }))))
  .catch((problem) => done(String(problem)));
