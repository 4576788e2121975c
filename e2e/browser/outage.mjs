// What a person sees when the disk is full, and when Vestibule is gone: 503, and the cookie stays.
import assert from 'node:assert/strict';
import { appendFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import { fill, launch, looked, person, press, signIn, where } from './chromium.mjs';

const origin = process.env.ORIGIN;
const email = 'alice@example.test';
const password = 'seven green doors open';
const ballast = path.join(process.env.DISK, 'ballast');

function fillDisk() {
  for (const size of [65536, 4096, 1]) {
    const block = Buffer.alloc(size);
    try {
      for (;;) appendFileSync(ballast, block);
    } catch (error) {
      assert.equal(error.code, 'ENOSPC');
    }
  }
}

const browser = await launch();
try {
  const { context, page } = await person(browser);
  const cookie = async () => (await context.cookies()).find(({ name }) => name === '__Host-vestibule')?.value;
  await signIn(page, origin, { email, password });
  const kept = await cookie();
  assert.ok(kept);

  // A second device, signed out on the full disk: enforced, though it cannot be written down.
  const other = await person(browser);
  await signIn(other.page, origin, { email, password });

  fillDisk();
  // The log may have room for a few transitions still.
  let status = 303;
  for (let tries = 0; tries < 200 && status !== 503; tries += 1) {
    const third = await person(browser);
    await third.page.goto(`${origin}/login`);
    await fill(third.page, { identifier: email, password });
    const [answer] = await Promise.all([
      third.page.waitForResponse((response) => response.request().method() === 'POST'),
      third.page.locator('main form button.main').click(),
    ]);
    status = answer.status();
    if (status === 503) await looked(third.page, 'full-disk-login');
    await third.context.close();
  }
  assert.equal(status, 503, 'a login on a full disk');

  await other.page.goto(`${origin}/logout`);
  const [refused] = await Promise.all([
    other.page.waitForResponse((response) => response.request().method() === 'POST'),
    press(other.page, other.page.locator('main form button.main')),
  ]);
  assert.equal(refused.status(), 503, 'a logout on a full disk');
  assert.equal(await other.page.locator('h1').innerText(), 'Almost signed out');
  await looked(other.page, 'full-disk-logout');
  assert.ok((await other.context.cookies()).some(({ name }) => name === '__Host-vestibule'), 'the cookie is kept');
  await other.page.goto(`${origin}/orders`);
  assert.equal(where(other.page), '/login', 'and yet that device is out');

  const onward = await page.goto(`${origin}/orders`);
  assert.equal(onward.status(), 200, 'checks answer on while the disk is full');
  rmSync(ballast);

  // Vestibule itself is gone.
  process.kill(Number(process.env.VESTIBULE_PID), 'SIGKILL');
  for (const asked of ['/orders', '/account', '/login']) {
    const answer = await page.goto(`${origin}${asked}`);
    assert.equal(answer.status(), 503, `${asked} with Vestibule gone`);
    assert.equal(answer.headers()['set-cookie'], undefined);
  }
  assert.equal(await cookie(), kept, 'the cookie is kept');
} finally {
  await browser.close();
}
