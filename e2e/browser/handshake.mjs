// One login, three hosts: the issuer's, a sibling and one that has nothing to do with either.
import assert from 'node:assert/strict';

import { fill, launch, looked, person, press, where } from './chromium.mjs';

const { ISSUER, SHOP, WIKI, PORT, EMAIL, PASSWORD } = process.env;
const hosts = [ISSUER, SHOP, WIKI].map((origin) => new URL(origin).hostname);
const browser = await launch(`--host-resolver-rules=${hosts.map((host) => `MAP ${host}:443 127.0.0.1:${PORT}`).join(',')}`);

const somebody = () => person(browser, {}, hosts);
const main = (page) => page.locator('main').innerText();
const names = async ({ context }, origin) => (await context.cookies(origin)).map(({ name }) => name.replace(/^(.*-handshake)-[\w-]{6}$/, '$1')).sort();

/** Opens a page of an application, and signs in on the way if need be. */
async function open(page, url) {
  await page.goto(url);
  if (page.url().startsWith(ISSUER)) {
    await fill(page, { identifier: EMAIL, password: PASSWORD });
    await page.locator('main form button.main').click();
    await page.waitForURL(url);
  }
  assert.equal(page.url(), url, 'back at the page first asked for');
}

/** Opens a page as a browser whose way back is cut off; answers the URL with the code, not used yet. */
async function stolen({ context, page }, url) {
  const session = await context.newCDPSession(page);
  await session.send('Fetch.enable', { patterns: [{ urlPattern: '*/vestibule/finish*' }] });
  const paused = new Promise((resolve) => session.once('Fetch.requestPaused', resolve));
  const going = page.goto(url).catch(() => undefined);
  const { requestId, request } = await paused;
  await session.send('Fetch.failRequest', { requestId, errorReason: 'Aborted' });
  await going;
  await session.send('Fetch.disable');
  await session.detach();
  return request.url;
}

try {
  // The sign-in page says what for, and leads to the very page; the second application asks for nothing.
  const laptop = await somebody();
  const { page } = laptop;
  await page.goto(`${SHOP}/orders?id=7&sort=%C3%BC`);
  assert.equal(where(page), '/login');
  assert.ok(page.url().startsWith(ISSUER));
  assert.match(await main(page), /to continue to .?The shop/);
  await looked(page, 'handshake-login');
  await open(page, `${SHOP}/orders?id=7&sort=%C3%BC`);
  assert.match(await page.locator('pre').innerText(), /^GET \/orders\?id=7&sort=%C3%BC /);
  await open(page, `${WIKI}/page`);
  assert.match((await page.locator('pre').innerText()).toLowerCase(), /remote-user: [0-9a-f-]{36}/);

  // Each host has its own cookies and no other's.
  assert.deepEqual(await names(laptop, SHOP), ['__Host-vestibule-app', '__Host-vestibule-handshake']);
  assert.deepEqual(await names(laptop, WIKI), ['__Host-vestibule-app', '__Host-vestibule-handshake']);
  assert.deepEqual(await names(laptop, ISSUER), ['__Host-vestibule', '__Host-vestibule-device']);
  for (const cookie of await laptop.context.cookies()) {
    assert.ok(cookie.secure && cookie.httpOnly && cookie.path === '/' && !cookie.domain.startsWith('.'), cookie.name);
  }
  const values = (await laptop.context.cookies()).map(({ value }) => value);
  assert.equal(new Set(values).size, values.length);

  // Tabs that begin at once all arrive.
  await laptop.context.clearCookies({ domain: new URL(SHOP).hostname });
  const tabs = await Promise.all([1, 2, 3].map(async (tab) => [await laptop.context.newPage(), `${SHOP}/tab/${tab}`]));
  await Promise.all(tabs.map(async ([tab, url]) => tab.goto(url)));
  for (const [tab, url] of tabs) {
    assert.equal(tab.url(), url);
    await tab.close();
  }

  // A stolen URL: in a browser that was never here, and in one that was.
  const mallory = await somebody();
  for (const [been, shot] of [
    [false, 'handshake-no-cookie'],
    [true, 'handshake-elsewhere'],
  ]) {
    await laptop.context.clearCookies({ domain: new URL(SHOP).hostname });
    const url = await stolen(laptop, `${SHOP}/secret`);
    assert.match(url, /\/vestibule\/finish\?code=[\w-]{43}&browser=[\w-]{6}$/);
    if (been) await mallory.page.goto(`${SHOP}/`);
    await mallory.page.goto(url);
    assert.equal(where(mallory.page), '/vestibule/finish');
    await looked(mallory.page, shot);
    assert.ok(!(await names(mallory, SHOP)).includes('__Host-vestibule-app'));
    await page.goto(url);
    await looked(page, 'handshake-gone');
    await press(page, page.locator('main a.button'));
    await page.waitForURL(`${SHOP}/`);
  }

  // A frame of another host's gets no code.
  await open(page, `${WIKI}/page`);
  const framed = await page.evaluate(
    (src) =>
      new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.onload = () => resolve(frame.contentDocument === null);
        frame.src = src;
        document.body.append(frame);
      }),
    `${SHOP}/vestibule/start?next=/`,
  );
  assert.ok(framed, 'an error of the browser, and no page of ours');

  // The devices tell which applications were opened through them.
  await page.goto(`${ISSUER}/account`);
  assert.match(await main(page), /The shop, The wiki/);
  await looked(page, 'devices-applications');

  // The owner ends another device: every application is shut at its next click.
  const phone = await somebody();
  await open(phone.page, `${SHOP}/`);
  await open(phone.page, `${WIKI}/`);
  await page.goto(`${ISSUER}/account`);
  await press(page, page.locator('form[action="/account/devices/end"] button').first());
  for (const origin of [SHOP, WIKI]) {
    await phone.page.goto(`${origin}/again`);
    assert.ok(phone.page.url().startsWith(`${ISSUER}/login`), phone.page.url());
  }
  await open(page, `${WIKI}/still-here`);

  // A form that meets no login is not passed on, and a page says so.
  await open(phone.page, `${SHOP}/orders/new`);
  await page.goto(`${ISSUER}/account`);
  await press(page, page.locator('form[action="/account/devices/end"] button').first());
  await phone.page.evaluate(() => {
    const form = document.createElement('form');
    form.method = 'post';
    form.action = '/orders';
    form.innerHTML = '<input name="what" value="ten bicycles">';
    document.body.append(form);
    form.submit();
  });
  await phone.page.waitForURL(`${SHOP}/vestibule/not-sent**`);
  await looked(phone.page, 'handshake-not-sent');
  await press(phone.page, phone.page.locator('main a.button'));
  assert.ok(phone.page.url().startsWith(`${ISSUER}/login`));
  await open(phone.page, `${SHOP}/orders/new`);

  // Signing out at one application ends all of this device's, and no other device's.
  await phone.page.goto(`${SHOP}/vestibule/logout`);
  await looked(phone.page, 'handshake-logout');
  await press(phone.page, phone.page.locator('main form button.main'));
  await phone.page.waitForURL(`${SHOP}/vestibule/logout?done=1`);
  await looked(phone.page, 'handshake-signed-out');
  for (const url of [`${SHOP}/`, `${WIKI}/`, `${ISSUER}/account`]) {
    await phone.page.goto(url);
    assert.ok(phone.page.url().startsWith(`${ISSUER}/login`), url);
  }
  await open(page, `${SHOP}/and-here`);

  for (const { faults } of [laptop, phone, mallory]) assert.deepEqual(faults.filter((fault) => !fault.startsWith('Framing')), []);
} finally {
  await browser.close();
}
