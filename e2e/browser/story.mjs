// The whole story, as a person lives it: set-up, sign-in, devices, ending one, the password, signing out.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';

import { accessible, answered, fill, launch, looked, person, press, signIn, where } from './chromium.mjs';

const origin = process.env.ORIGIN;
const email = 'alice@example.test';
const password = 'seven green doors open';
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

const browser = await launch();
try {
  const laptop = await person(browser);
  const { page } = laptop;

  // The first administrator, by the one-time link.
  await page.goto(process.env.SETUP_LINK);
  await looked(page, 'setup');
  await fill(page, { identifier: email, name: 'Alice Example', password: 'too short' });
  await page.locator('main form').evaluate((form) => (form.noValidate = true));
  await press(page, page.locator('main form button.main'));
  await looked(page, 'setup-refused');
  await fill(page, { password });
  await press(page, page.locator('main form button.main'));
  assert.equal(where(page), '/account');
  await looked(page, 'devices-one');

  // The link is burnt.
  const stranger = await person(browser);
  const burnt = await stranger.page.goto(process.env.SETUP_LINK);
  assert.ok(burnt.status() >= 400, `a used link answered ${burnt.status()}`);
  await looked(stranger.page, 'setup-used');

  // Signing out asks, then does it.
  await page.goto(`${origin}/logout`);
  await looked(page, 'logout');
  await press(page, page.locator('main form button.main'));
  await looked(page, 'signed-out');
  await page.goto(`${origin}/account`);
  assert.equal(where(page), '/login', 'signed out means out');

  // A wrong pair, then by keyboard alone, and on to the page first asked for.
  await page.goto(`${origin}/account/activity`);
  assert.equal(where(page), '/login');
  await looked(page, 'login');
  await fill(page, { identifier: email, password: 'not the password at all' });
  await press(page, page.locator('main form button.main'));
  await looked(page, 'login-refused');
  await page.locator('[name="password"]').focus();
  await page.keyboard.type(password);
  await Promise.all([page.waitForURL('**/account/activity'), page.keyboard.press('Enter')]);
  await looked(page, 'activity');

  // A second device, without script.
  const phone = await person(browser, { userAgent: firefox, javaScriptEnabled: false });
  await signIn(phone.page, origin, { email, password, remember: true });
  assert.equal(where(phone.page), '/account', 'a password login needs no script');
  const kept = (await phone.context.cookies()).find(({ name }) => name.includes('vestibule') && !name.endsWith('-form'));
  assert.ok(kept.httpOnly && kept.sameSite === 'Lax' && kept.path === '/', 'the cookie is as narrow as it can be');
  assert.ok(kept.expires > 0, 'remembered: the cookie outlives the browser');

  await page.goto(`${origin}/account`);
  assert.match(await page.locator('main').innerText(), /Firefox on Linux/);
  await looked(page, 'devices-two');
  // Six minutes on, the login is no longer fresh: what it ends, it ends after the password alone.
  writeFileSync(process.env.CLOCK, '+6m');
  await press(page, page.locator('form[action="/account/devices/end-others"] button'));
  await looked(page, 'fresh-end-others');
  await page.goto(`${origin}/account`);
  await press(page, page.locator('form[action="/account/devices/end"] button'));
  await looked(page, 'fresh');
  await fill(page, { password: 'not the password at all' });
  await press(page, page.locator('main form button.main'));
  await looked(page, 'fresh-refused');
  await fill(page, { password });
  await press(page, page.locator('main form button.main'));
  assert.equal(where(page), '/account');
  assert.doesNotMatch(await page.locator('main').innerText(), /Firefox on Linux/);

  // The one that was ended is out at its next click.
  await phone.page.goto(`${origin}/account`);
  assert.equal(where(phone.page), '/login');

  // A new password: every other device is out, this one stays.
  await signIn(phone.page, origin, { email, password });
  await page.goto(`${origin}/account/security`);
  await looked(page, 'security');
  const next = 'eight blue windows shut';
  await fill(page, { current_password: 'not this one, surely', new_password: next });
  await press(page, page.locator('main form button.main'));
  await looked(page, 'security-refused');
  await fill(page, { current_password: password, new_password: next });
  await press(page, page.locator('main form button.main'));
  await looked(page, 'security-changed');
  await phone.page.goto(`${origin}/account`);
  assert.equal(where(phone.page), '/login', 'the password change ended the other device');
  await page.goto(`${origin}/account`);
  assert.equal(where(page), '/account');
  await signIn(phone.page, origin, { email, password });
  assert.equal(where(phone.page), '/login', 'the old password is no good');
  await signIn(phone.page, origin, { email, password: next });
  assert.equal(where(phone.page), '/account');

  // What is not there.
  await page.goto(`${origin}/no/such/page`);
  await looked(page, 'not-found');
  await page.goto(`${origin}/login?next=/a&next=/b`);
  await looked(page, 'bad-request');
  await page.goto(`${origin}/account/devices/end`);
  await looked(page, 'method-not-allowed');
  await page.goto(`${origin}/logout`);
  await page.locator('main [name="csrf"]').evaluate((field) => (field.value = 'stale'));
  await press(page, page.locator('main form button.main'));
  await looked(page, 'form-expired');

  // Answers that no click leads to.
  const { page: odd } = stranger;
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const login = `${origin}/login`;
  await answered(odd, login, 413, { method: 'POST', headers: form, data: `password=${'x'.repeat(70_000)}` }, 'too-large');
  await answered(odd, login, 415, { method: 'POST', headers: { 'Content-Type': 'text/plain' }, data: 'x' }, 'other-type');
  await answered(odd, login, 421, { headers: { Host: 'elsewhere.example.test' } }, 'misdirected');
  await answered(odd, login, 431, { headers: { Cookie: `other=${'x'.repeat(17_000)}` } }, 'too-many-cookies');

  // Everywhere at once, this device too.
  await page.goto(`${origin}/account`);
  await press(page, page.locator('form[action="/account/devices/end-all"] button'));
  assert.equal(where(page), '/logout');
  for (const { page: out } of [laptop, phone]) {
    await out.goto(`${origin}/account`);
    assert.equal(where(out), '/login');
  }
  await looked(page, 'login-after-the-end');

  // In the reader's language.
  const leser = await person(browser, { locale: 'de-DE' });
  await leser.page.goto(`${origin}/login`);
  assert.equal(await leser.page.locator('html').getAttribute('lang'), 'de');
  await accessible(leser.page);

  for (const { faults } of [laptop, stranger, phone, leser]) assert.deepEqual(faults, []);
} finally {
  await browser.close();
}
