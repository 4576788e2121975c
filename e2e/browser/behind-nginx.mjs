// A page behind a real nginx: reached after sign-in, with the identity nginx passes on, and lost at the next click.
import assert from 'node:assert/strict';

import { fill, launch, looked, person, press, signIn, where } from './chromium.mjs';

const origin = process.env.ORIGIN;
const email = 'alice@example.test';
const password = 'seven green doors open';

const browser = await launch();
try {
  const laptop = await person(browser);
  const { page } = laptop;

  // The administrator is made through nginx as well: __Host- cookies and HSTS are real here.
  const setup = await page.goto(process.env.SETUP_LINK);
  assert.match(setup.headers()['strict-transport-security'], /max-age=\d{8}.*includeSubDomains/);
  await fill(page, { identifier: email, name: 'Älice Example', password });
  await press(page, page.locator('main form button.main'));
  const cookie = (await laptop.context.cookies()).find(({ name }) => name === '__Host-vestibule');
  assert.ok(cookie.secure && cookie.httpOnly && cookie.path === '/' && cookie.domain === 'localhost');

  // A stranger asks for a page and is brought back to it after sign-in.
  const stranger = await person(browser);
  await stranger.page.goto(`${origin}/orders?id=7&sort=%C3%BC`);
  assert.equal(where(stranger.page), '/login');
  await looked(stranger.page, 'nginx-login');
  await fill(stranger.page, { identifier: email, password });
  await press(stranger.page, stranger.page.locator('main form button.main'));
  assert.equal(stranger.page.url(), `${origin}/orders?id=7&sort=%C3%BC`, 'back at the page first asked for');
  const seen = (await stranger.page.locator('pre').innerText()).toLowerCase();
  assert.match(seen, /^get \/orders\?id=7&sort=%c3%bc /);
  assert.doesNotMatch(seen, /remote-email:/, 'an address nobody verified is not passed on');
  assert.match(seen, /remote-name: %c3%84lice%20example/);
  assert.match(seen, /remote-groups: admin/);
  assert.doesNotMatch(seen, /__host-vestibule/, 'our cookies never reach the application');

  // What a client says of itself does not count.
  await stranger.context.setExtraHTTPHeaders({ 'Remote-User': 'root', 'Remote-Groups': 'kings', 'X-Original-URL': `${origin}/login` });
  await stranger.page.goto(`${origin}/orders`);
  const spoofed = (await stranger.page.locator('pre').innerText()).toLowerCase();
  assert.doesNotMatch(spoofed, /remote-user: root|kings/);
  await stranger.context.setExtraHTTPHeaders({});

  // The owner ends that device; its next click is refused, and nothing it sends reaches the application.
  await page.goto(`${origin}/account`);
  await press(page, page.locator('form[action="/account/devices/end"] button').first());
  await stranger.page.goto(`${origin}/orders`);
  assert.equal(where(stranger.page), '/login');
  const program = await stranger.context.request.get(`${origin}/orders`, { headers: { Accept: 'application/json' }, maxRedirects: 0 });
  assert.equal(program.status(), 401, 'a program gets its 401 and no page');
  const { length } = await stranger.context.cookies();
  assert.ok(length > 0, 'a refusal takes no cookie away');

  // Signing out here bites on the next request.
  await page.goto(`${origin}/orders`);
  assert.equal(where(page), '/orders');
  await page.goto(`${origin}/logout`);
  await press(page, page.locator('main form button.main'));
  await page.goto(`${origin}/orders`);
  assert.equal(where(page), '/login');
  await signIn(page, origin, { email, password, next: '/orders' });
  assert.equal(where(page), '/orders');

  for (const { faults } of [laptop, stranger]) assert.deepEqual(faults, []);
} finally {
  await browser.close();
}
