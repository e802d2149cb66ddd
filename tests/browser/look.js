// Opens a page from disk as its readers would, on a desk and on a phone, by day and by night, and prints what it finds.
//
// node look.js BROWSER FILE
const fs = require("fs");
const { chromium } = require("playwright-core");

const [executablePath, file] = process.argv.slice(2);
const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf-8");

// Texts of the chart that lie over each other.
function overlaps() {
  const boxes = [...document.querySelectorAll("figure strong, figure span, figure text, figcaption")]
    .map((one) => ({ text: one.textContent, ...one.getBoundingClientRect().toJSON() }))
    .filter((one) => one.width && one.height);
  const shared = (a, b, from, to) => Math.min(a[to], b[to]) - Math.max(a[from], b[from]);
  const over = (a, b) => shared(a, b, "left", "right") > 1 && shared(a, b, "top", "bottom") > 1;
  return boxes.flatMap((a, n) => boxes.slice(n + 1).filter((b) => over(a, b)).map((b) => [a.text, b.text]));
}

async function look(browser, colorScheme, width) {
  const found = { scheme: colorScheme, viewport: width, console: [], requests: [] };
  const settings = { colorScheme, viewport: { width, height: 900 } };
  const page = await (await browser.newContext({ ...settings, offline: true })).newPage();
  page.on("console", (message) => found.console.push(message.text()));
  page.on("pageerror", (error) => found.console.push(String(error)));
  page.on("request", (request) => found.requests.push(request.url()));
  await page.goto("file://" + file);
  found.width = await page.evaluate(() => document.documentElement.scrollWidth);
  found.overlaps = await page.evaluate(overlaps);
  found.ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  // The policy of the page lets no script in, so that the checks look at it in a context that does not keep to it.
  const checked = await (await browser.newContext({ ...settings, bypassCSP: true })).newPage();
  await checked.goto("file://" + file);
  await checked.evaluate(AXE);
  const result = await checked.evaluate(() => axe.run());
  found.passes = result.passes.length;
  found.violations = result.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes[0].html.slice(0, 200)}`);
  return found;
}

async function main() {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const found = [];
    for (const scheme of ["light", "dark"]) {
      for (const width of [1280, 360]) found.push(await look(browser, scheme, width));
    }
    console.log(JSON.stringify(found));
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
