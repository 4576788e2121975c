// The demo: from the command's own line to a signed-in shop, an order, what went over the wire, and the stopwatch.
import assert from 'node:assert/strict';
import { request } from 'node:http';

import { fill, launch, looked, person, press } from './chromium.mjs';

const { DEMO, ISSUER, SHOP } = process.env;
const hosts = ['localhost', 'shop.localhost'];
const browser = await launch();
const somebody = (options = {}) => person(browser, options, hosts);
/** A request of a program's to the shop, which says what it likes. */
const asked = (method, path, headers) =>
  new Promise((resolve, reject) => {
    const { host, port } = new URL(SHOP);
    const sent = request({ host: '127.0.0.1', port, method, path, headers: { Host: host, ...headers } }, (answer) => {
      let body = '';
      answer.on('data', (part) => (body += part)).on('end', () => resolve({ status: answer.statusCode, body }));
    });
    sent.on('error', reject).end();
  });
const main = (page) => page.locator('main').innerText();

try {
  // The first page says whom to sign in as.
  const visitor = await somebody();
  const { page } = visitor;
  await page.goto(`${DEMO}/`);
  await looked(page, 'demo-start');
  const passwords = await page.locator('.people code').allInnerTexts();
  assert.equal(passwords.length, 3);
  const password = passwords[0];
  assert.match(password, /^[a-z]{6}(-[a-z]{6}){3}$/);
  assert.equal(await page.locator('.tries li').count(), 3);

  // Everybody looks around; who orders signs in on the way, and comes back to the very page.
  await press(page, page.locator('.tries a.main'));
  assert.equal(page.url(), `${SHOP}/`);
  await looked(page, 'demo-shop');
  await press(page, page.locator('button[value="lamp"]'));
  await press(page, page.locator('button[name="remove"]'));
  assert.match(await main(page), /nothing here yet/);
  await page.goto(`${SHOP}/`);
  await press(page, page.locator('button[value="kettle"]'));
  assert.equal(page.url(), `${SHOP}/basket`);
  await looked(page, 'demo-basket');
  await page.locator('main a.main').click();
  await page.waitForURL(`${ISSUER}/login**`);
  assert.match(await main(page), /to continue to .?The corner shop/);
  await fill(page, { identifier: 'alice@example.test', password });
  await page.locator('main form button.main').click();
  await page.waitForURL(`${SHOP}/order`);
  assert.match(await main(page), /Signed in as .?Alice Abel/);
  await looked(page, 'demo-order');
  await press(page, page.locator('main form button.main'));
  assert.equal(page.url(), `${SHOP}/orders?placed=1`);
  assert.match(await main(page), /Order 1/);
  await page.locator('.told summary').click();
  assert.match(await page.locator('.told dl').innerText(), /Remote-Email:?\s*alice@example\.test/);
  await looked(page, 'demo-orders');

  // What another site's page sends is refused by /verify; the shop's forms have no token.
  const cookie = (await visitor.context.cookies(SHOP)).map(({ name, value }) => `${name}=${value}`).join('; ');
  const evil = { Origin: 'http://evil.test', 'Sec-Fetch-Site': 'cross-site' };
  assert.equal((await asked('POST', '/order', { ...evil, Cookie: cookie })).status, 403);
  assert.equal((await asked('POST', '/order', { Cookie: cookie })).status, 403);
  // What the shop says who is calling is Vestibule's word, and no client's.
  const claim = await asked('GET', '/', { 'Remote-User': 'mallory', Remote_User: 'mallory', 'Remote-Name': 'Mallory' });
  assert.equal(claim.status, 200);
  assert.ok(!claim.body.includes('allory'));
  assert.equal((await asked('GET', '/orders', { 'Remote-User': 'mallory' })).status, 401);

  // The wire: one click, whole, and no secret in it.
  const watcher = await somebody();
  await watcher.page.goto(`${DEMO}/wire`);
  await watcher.page.getByText('Live:').waitFor();
  const ordered = watcher.page.locator('.click', { hasText: 'GET shop.localhost' }).filter({ hasText: '/vestibule/start' }).filter({ hasText: '/login' }).first();
  const legs = await ordered.locator('.legs > li').allTextContents();
  const told = legs.join('\n');
  for (const part of ['asks who is calling', 'passes Vestibule', '/vestibule/handshake', '/login']) {
    assert.ok(told.includes(part), `${part} is missing in:\n${told}`);
  }
  const everything = await watcher.page.content();
  assert.ok(!everything.includes(password), 'a password went over the wire, and into the page');
  for (const { name, value } of await visitor.context.cookies()) {
    if (name.startsWith('shop-basket')) continue;
    assert.ok(everything.includes(name.replace(/-[\w-]{6}$/, '')), `${name} is named`);
    for (let at = 4; at + 8 <= value.length; at += 1) {
      assert.ok(!everything.includes(value.slice(at, at + 8)), `a part of ${name} is shown`);
    }
  }
  assert.doesNotMatch(everything, /code=[\w-]{8}/);
  // It is live: what the other browser does appears by itself, and what was open stays open.
  const before = await watcher.page.locator('.click').count();
  const opened = watcher.page.locator('.click').nth(1);
  const id = await opened.getAttribute('id');
  await opened.locator('> summary').click();
  await opened.locator('.legs details summary').first().click();
  await page.goto(`${SHOP}/`);
  await watcher.page.waitForFunction((count) => document.querySelectorAll('.click').length > count, before);
  assert.ok(await watcher.page.locator(`#${id}`).evaluate((one) => one.open));
  await watcher.page.locator('.click > summary').first().focus();
  await looked(watcher.page, 'demo-wire');

  // The stopwatch: everybody is refused, and nobody let in after it was done.
  await page.goto(`${DEMO}/stopwatch`);
  await looked(page, 'demo-stopwatch-before');
  for (const run of [1, 2]) {
    await press(page, page.locator('main form button.main'));
    await page.locator('[role="status"]').waitFor();
    if (run === 1) await looked(page, 'demo-stopwatch-ready');
    await press(page, page.locator('main form button.main.danger'));
    assert.equal(await page.locator('[role="alert"]').count(), 0);
    assert.equal(await page.locator('.run').count(), run);
    assert.equal(await page.locator('.run').first().locator('[data-device]').count(), 3);
    for (const late of await page.locator('[data-late]').allInnerTexts()) assert.equal(late.trim(), '0');
    for (const row of await page.locator('.run').first().locator('[data-device] td:nth-child(2)').allInnerTexts()) {
      assert.match(row, /^[\d.]+ ms \(401\)$/);
    }
  }
  await looked(page, 'demo-stopwatch');
  // It was the same person's login: this browser is out as well.
  await page.goto(`${SHOP}/orders`);
  assert.ok(page.url().startsWith(`${ISSUER}/login`), page.url());

  // The administrator's way, and the same in German.
  const german = await somebody({ locale: 'de-DE' });
  for (const [path, title, shot] of [
    [`${DEMO}/`, /Vestibule bei der Arbeit/, 'demo-start-de'],
    [`${DEMO}/wire`, /über die Leitung/, 'demo-wire-de'],
    [`${DEMO}/stopwatch`, /Überall abmelden/, 'demo-stopwatch-de'],
    [`${SHOP}/`, /Schönes/, 'demo-shop-de'],
    [`${SHOP}/nowhere`, /melden Sie sich an|Anmelden/i, 'demo-login-de'],
  ]) {
    await german.page.goto(path);
    assert.match(await main(german.page), title);
    assert.equal(await german.page.locator('html').getAttribute('lang'), 'de');
    await looked(german.page, shot);
  }
  await german.page.goto(`${DEMO}/`);
  const administrator = await german.page.locator('.people code').nth(2).innerText();
  await german.page.goto(`${ISSUER}/login`);
  await fill(german.page, { identifier: 'grace@example.test', password: administrator });
  await press(german.page, german.page.locator('main form button.main'));
  await german.page.goto(`${SHOP}/nowhere`);
  assert.match(await main(german.page), /gibt es im Laden nicht/);
  await looked(german.page, 'demo-nowhere-de');

  // Without script the same, by hand.
  const plain = await somebody({ javaScriptEnabled: false });
  await plain.page.goto(`${DEMO}/wire`);
  assert.ok((await plain.page.locator('.click').count()) > 5);
  await press(plain.page, plain.page.locator('form[action="/wire/forget"] button'));
  assert.equal(await plain.page.locator('.click').count(), 0);
  await plain.page.goto(`${DEMO}/stopwatch`);
  await press(plain.page, plain.page.locator('main form button.main'));
  await press(plain.page, plain.page.locator('main form button.main.danger'));
  assert.equal(await plain.page.locator('.run').count(), 3);

  for (const { faults } of [visitor, watcher, german, plain]) assert.deepEqual(faults, []);
} finally {
  await browser.close();
}
