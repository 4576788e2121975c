// A page behind a real nginx: reached after sign-in, with the identity nginx passes on, and lost at the next click.
import assert from 'node:assert/strict';
import https from 'node:https';

import { fill, launch, looked, person, press, signIn, where } from './chromium.mjs';

const origin = process.env.ORIGIN;
const email = 'alice@example.test';
const password = 'seven green doors open';

/** What no browser sends: any header, any spelling of a path. */
const ask = (path, headers) =>
  new Promise((resolve, reject) => {
    const request = https.request(origin, { path, headers, rejectUnauthorized: false }, async (answer) => {
      const body = (await answer.toArray()).join('').toLowerCase();
      resolve({ status: answer.statusCode, headers: answer.headers, body });
    });
    request.on('error', reject).end();
  });

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

  // Nobody talks past nginx: an upgrade is a WebSocket or none.
  const Cookie = (await stranger.context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  const tunnel = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAoAAAAAIAAAAA' };
  const tunnelled = await ask('/orders', { Cookie, Origin: origin, ...tunnel });
  assert.equal(tunnelled.status, 200);
  assert.doesNotMatch(tunnelled.body, /^(upgrade:|connection:.*upgrade)/m);
  const socket = await ask('/orders', { Cookie, Origin: origin, Connection: 'Upgrade', Upgrade: 'WebSocket' });
  assert.match(socket.body, /^upgrade: websocket/m);
  assert.match(socket.body, /^connection: upgrade/m);

  // The same in every spelling and family that only programs can send.
  const claims = { Remote_User: 'root', 'remote-user': 'root', 'X-Remote-User': 'root', 'X-Forwarded-User': 'root', Forwarded: 'host=root' };
  const proxied = { 'X-Forwarded-Host': 'root', 'X-Forwarded-Uri': '/root', 'X-Forwarded-Method': 'ROOT', 'X-Original-URI': '/root' };
  const claimed = await ask('/orders', { Cookie, ...claims, ...proxied });
  assert.equal(claimed.status, 200);
  assert.doesNotMatch(claimed.body, /\broot\b/);
  assert.equal((await ask('/orders', { ...claims, ...proxied })).status, 401, 'and they sign nobody in');

  // Cookies know no port: those of a Vestibule on this host's loopback stay out as well, and the application's own come through.
  const loopback = 'vestibule-8080=a; mine=1; vestibule-8080-mail=b';
  const carried = await ask('/orders', { Cookie: `${Cookie}; ${loopback}; vestibule-news=2` });
  assert.equal(carried.status, 200);
  assert.doesNotMatch(carried.body, /__host-vestibule|vestibule-\d/i);
  assert.match(carried.body, /mine=1; vestibule-news=2/);

  // HSTS is on every answer, and once: Vestibule's, the application's, nginx's own.
  for (const [path, headers, status] of [
    ['/login', {}, 200],
    ['/orders', { Cookie }, 200],
    ['/orders', {}, 401],
    ['/orders', { Accept: 'text/html' }, 302],
    ['/verify', {}, 404],
  ]) {
    const answer = await ask(path, headers);
    assert.equal(answer.status, status, path);
    assert.equal(answer.headers['strict-transport-security'], 'max-age=31536000; includeSubDomains', `${status} ${path}`);
  }

  // A role's part of the application is closed in every spelling that applications take for the same.
  const guest = await person(browser);
  await signIn(guest.page, origin, { email: process.env.GUEST, password, next: '/orders' });
  const guests = (await guest.context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  assert.equal((await ask('/orders', { Cookie: guests })).status, 200);
  for (const path of ['/admin', '/admin/', '/admin/x', '/%61dmin', '/Admin', '/ADMIN/x', '/admin.json', '/admin%20']) {
    assert.equal((await ask(path, { Cookie: guests })).status, 403, path);
    assert.equal((await ask(path, { Cookie })).status, 200, path);
  }
  const rewritten = await ask('/orders', { Cookie: guests, 'X-Rewrite-URL': '/admin' });
  assert.doesNotMatch(rewritten.body, /x-rewrite-url/);

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

  for (const { faults } of [laptop, stranger, guest]) assert.deepEqual(faults, []);
} finally {
  await browser.close();
}
