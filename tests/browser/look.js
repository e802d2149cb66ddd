// Opens a page from disk as a reader would, and prints what is to be found out of it as JSON.
//
// node look.js BROWSER FILE SCHEME WIDTH [SCREENSHOT]
const fs = require("fs");
const { chromium } = require("playwright-core");

const [browserPath, file, scheme, width, screenshot] = process.argv.slice(2);

// Boxes of texts of the drawings that lie over each other.
function overlaps() {
  const boxes = [...document.querySelectorAll("figure strong, figure span, figure text, figcaption")]
    .map((one) => ({ text: one.textContent, ...one.getBoundingClientRect().toJSON() }))
    .filter((one) => one.width && one.height);
  const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  return boxes.flatMap((a, n) => boxes.slice(n + 1).filter((b) => over(a, b)).map((b) => [a.text, b.text]));
}

async function main() {
  const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const found = { console: [], requests: [] };
    const settings = { colorScheme: scheme, viewport: { width: Number(width), height: 900 } };
    const context = await browser.newContext({ ...settings, offline: true });
    const page = await context.newPage();
    page.on("console", (message) => found.console.push(message.text()));
    page.on("pageerror", (error) => found.console.push(String(error)));
    page.on("request", (request) => found.requests.push(request.url()));
    await page.goto("file://" + file);
    found.width = await page.evaluate(() => document.documentElement.scrollWidth);
    found.overlaps = await page.evaluate(overlaps);
    found.title = await page.title();
    found.ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    if (screenshot) await page.screenshot({ path: screenshot, fullPage: screenshot.includes("full") });
    // Scripts of the page itself may not run; what looks at it is put into a second one without the policy.
    const free = await browser.newContext({ ...settings, bypassCSP: true });
    const checked = await free.newPage();
    await checked.goto("file://" + file);
    await checked.evaluate(fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf-8"));
    const result = await checked.evaluate(() => axe.run());
    found.violations = result.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes[0].html.slice(0, 200)}`);
    found.passes = result.passes.length;
    console.log(JSON.stringify(found));
  } finally {
    await browser.close();
  }
}

main().catch((error) => { console.error(error); process.exit(1); });
