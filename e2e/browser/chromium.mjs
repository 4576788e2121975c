// Chromium, pages and the checks that hold on every page.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = process.env.VESTIBULE_SHOTS;
mkdirSync(shots, { recursive: true });

export const launch = (...more) =>
  chromium.launch({ executablePath: process.env.VESTIBULE_CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage', ...more] });

/** A browser of its own: cookies, errors and foreign requests are its own. Nothing moves, so that nothing is looked at half-way. */
export async function person(browser, options = {}, hosts = ['localhost']) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, reducedMotion: 'reduce', viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`script: ${error}`));
  page.on('console', (message) => {
    // A refused request is logged by Chromium itself; those are asserted where they are expected.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text());
  });
  page.on('request', (request) => {
    const { hostname } = new URL(request.url());
    if (!hosts.includes(hostname)) faults.push(`asked another host: ${request.url()}`);
  });
  return { context, page, faults };
}

/** Scans the page for accessibility faults. */
export async function accessible(page) {
  const scan = await scanner(page);
  await scan();
  await scan.done();
}

/** Puts the scanner into the page as it is loaded now, past the page's policy, by the driver; it needs a browser with script. */
async function scanner(page) {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
  await session.send('Runtime.evaluate', { expression: axe, contextId });
  const scan = async () => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression: `axe.run(document).then((found) => JSON.stringify({
        violations: found.violations.map((v) => ({ id: v.id, help: v.help, nodes: v.nodes.map((n) => n.html) })),
        passes: found.passes.length }))`,
      contextId,
      awaitPromise: true,
      returnByValue: true,
    });
    assert.equal(exceptionDetails, undefined, 'the scanner itself failed');
    const found = JSON.parse(result.value);
    assert.ok(found.passes > 5, 'the scanner looked at nothing');
    assert.deepEqual(found.violations, [], `accessibility faults on ${page.url()}`);
  };
  scan.done = () => session.detach();
  return scan;
}

/** Looks at the page as it is: scanned in light and dark, never wider than a 320 px screen, pictures kept. In `dark`, the widths
 * that are looked at there: nothing but colours is other than in light. */
export async function looked(page, name, widths = [320, 1280], dark = widths) {
  const scan = await scanner(page);
  for (const [scheme, sizes] of [['light', widths], ['dark', dark]]) {
    for (const width of sizes) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 900 });
      const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
      assert.ok(wide <= width, `${name} is ${wide} px wide on a ${width} px screen`);
      await scan();
      await page.screenshot({ path: path.join(shots, `${name}-${scheme}-${width}.png`), fullPage: true });
    }
  }
  await scan.done();
  await page.emulateMedia({ colorScheme: 'light' });
}

/** Looks at an answer that no click of a person leads to: asked for by hand, shown at the address it came from. */
export async function answered(page, url, status, request, name) {
  const headers = { Accept: 'text/html', Origin: new URL(url).origin, 'Sec-Fetch-Site': 'same-origin', ...request.headers };
  const answer = await page.context().request.fetch(url, { maxRedirects: 0, ...request, headers });
  assert.equal(answer.status(), status, name);
  await page.route(url, (route) => route.fulfill({ response: answer }));
  await page.goto(url);
  await looked(page, name);
  await page.unroute(url);
}

export async function fill(page, fields) {
  for (const [name, value] of Object.entries(fields)) {
    await page.locator(`main [name="${name}"]`).fill(value);
  }
}

/** Presses the one main button of the page's form and waits for the page that follows. */
export async function press(page, button) {
  await Promise.all([page.waitForEvent('framenavigated'), button.click()]);
  await page.waitForLoadState('domcontentloaded');
}

export async function signIn(page, origin, { email, password, remember = false, next = '' }) {
  await page.goto(`${origin}/login${next && `?next=${encodeURIComponent(next)}`}`);
  await fill(page, { identifier: email, password });
  if (remember) await page.locator('[name="remember"]').check();
  await press(page, page.locator('main form button.main'));
}

export const where = (page) => new URL(page.url()).pathname;
