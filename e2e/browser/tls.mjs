// Signing in where Vestibule ends TLS itself: over HTTP/2, with cookies bound to the host.
import assert from 'node:assert/strict';

import { fill, launch, person, press, where } from './chromium.mjs';

const origin = process.env.ORIGIN;

const browser = await launch();
try {
  const { page, context } = await person(browser);
  const first = await page.goto(`${origin}/login`);
  assert.equal(first.status(), 200);
  await fill(page, { identifier: 'alice@example.test', password: process.env.PASSWORD });
  await press(page, page.locator('main form button.main'));
  assert.equal(where(page), '/account');
  const protocol = await page.evaluate(() => performance.getEntriesByType('navigation')[0].nextHopProtocol);
  assert.equal(protocol, 'h2');
  const cookie = (await context.cookies()).find(({ name }) => name === '__Host-vestibule');
  assert.ok(cookie.secure && cookie.httpOnly && cookie.path === '/');
} finally {
  await browser.close();
}
