// Arriving, recovering and leaving, as a person lives it, with letters from a real mail server.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';

import { fill, launch, looked, person, press, signIn, where } from './chromium.mjs';

const origin = process.env.ORIGIN;
const bob = 'bob@example.test';
const work = 'bob@work.example.test';
const first = 'nine amber lanterns glow';
const second = 'four violet umbrellas up';
const phoneAgent = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';

/** Time goes by: so many minutes since the server's start. */
const minutes = (n) => writeFileSync(process.env.CLOCK, `+${n}m`);

/** The nth letter to an address, waited for. */
async function letter(to, n) {
  const answer = await fetch(`${process.env.LETTERBOX}/?to=${to}&n=${n}`);
  assert.ok(answer.ok, `no letter ${n} to ${to}: ${answer.status === 504 ? await answer.text() : answer.status}`);
  return answer.json();
}

/** A link as a person follows it: only ever to the issuer. */
function link(message) {
  assert.ok(message.link?.startsWith(`${origin}/`), `the letter's link is ${message.link}`);
  return message.link;
}

const main = (page) => page.locator('main').innerText();
const submit = (page) => press(page, page.locator('main form button.main'));

const browser = await launch();
try {
  // Somebody new: the same page whether or not there is an account; the letter tells.
  const laptop = await person(browser);
  const { page } = laptop;
  await page.goto(`${origin}/login`);
  await looked(page, 'login-with-links');
  await page.goto(`${origin}/register`);
  await looked(page, 'register');
  await fill(page, { identifier: 'not an address', name: 'Bob Example' });
  await page.locator('main form').evaluate((form) => (form.noValidate = true));
  await submit(page);
  await looked(page, 'register-refused');
  await fill(page, { identifier: bob, name: 'Bob Example' });
  await submit(page);
  await looked(page, 'register-asked');
  const asked = await main(page);

  const welcome = await letter(bob, 1);
  const finish = link(welcome);
  await page.goto(finish);
  await looked(page, 'register-finish');
  await fill(page, { password: 'password1password1' });
  await submit(page);
  await looked(page, 'register-finish-common');
  await page.locator('main [name="password"]').pressSequentially(first);
  await looked(page, 'register-finish-strength');
  await fill(page, { password: first });
  await submit(page);
  assert.equal(where(page), '/account', 'the account exists and is signed in');
  await page.goto(finish);
  await looked(page, 'register-finish-used');

  // Asked again, the page says the same, and the letter says what is so.
  const stranger = await person(browser);
  await stranger.page.goto(`${origin}/register`);
  await fill(stranger.page, { identifier: bob, name: 'Bob Example' });
  await submit(stranger.page);
  assert.equal(await main(stranger.page), asked, 'the page tells nobody that the address has an account');
  const again = await letter(bob, 2);
  assert.doesNotMatch(again.text, /register\/finish/);

  // A login on a new device: its owner hears of it, and one link ends it.
  const thief = await person(browser, { userAgent: phoneAgent });
  await signIn(thief.page, origin, { email: bob, password: first });
  assert.equal(where(thief.page), '/account');
  const alert = await letter(bob, 3);
  assert.match(alert.text, /iPhone/);
  await page.goto(link(alert));
  await looked(page, 'end-login');
  await thief.page.goto(`${origin}/account`);
  assert.equal(where(thief.page), '/account', 'opening the link ends nothing yet');
  await submit(page);
  await looked(page, 'end-login-done');
  await thief.page.goto(`${origin}/account`);
  assert.equal(where(thief.page), '/login', 'ended by the link in the letter');

  // Forgotten: in the browser that asked.
  await page.goto(`${origin}/logout`);
  await submit(page);
  await page.goto(`${origin}/recover`);
  await looked(page, 'recover');
  await fill(page, { identifier: bob });
  await submit(page);
  await looked(page, 'recover-asked');
  const recover = await letter(bob, 4);
  await page.goto(link(recover));
  await looked(page, 'recover-finish');
  await fill(page, { password: second });
  await submit(page);
  assert.equal(where(page), '/login', 'a mailed link signs nobody in');
  await looked(page, 'login-recovered');
  assert.match((await letter(bob, 5)).subject, /password/i);
  await signIn(page, origin, { email: bob, password: first });
  assert.equal(where(page), '/login', 'the old password is no good');
  await signIn(page, origin, { email: bob, password: second });
  assert.equal(where(page), '/account');

  // Forgotten, the letter opened elsewhere: it asks for the code that the asking page shows. Without script.
  const plain = await person(browser, { javaScriptEnabled: false });
  await plain.page.goto(`${origin}/recover`);
  await fill(plain.page, { identifier: bob });
  await submit(plain.page);
  const code = (await main(plain.page)).match(/\b\d{4}[ \u00a0]\d{4}\b/)?.[0];
  assert.ok(code, 'the asking page shows a code');
  // Mails to one address are not to be had without end. What its owner's own browser asked for is counted apart.
  await plain.page.goto(`${origin}/recover`);
  await fill(plain.page, { identifier: bob });
  await submit(plain.page);
  assert.match(await main(plain.page), /asked for too often/);
  const elsewhere = await person(browser, { userAgent: phoneAgent });
  await elsewhere.page.goto(link(await letter(bob, 6)));
  await looked(elsewhere.page, 'recover-elsewhere');
  await fill(elsewhere.page, { code: code === '0000 0000' ? '1111 1111' : '0000 0000', password: first });
  await submit(elsewhere.page);
  await looked(elsewhere.page, 'recover-wrong-code');
  await fill(elsewhere.page, { code, password: first });
  await submit(elsewhere.page);
  assert.equal(where(elsewhere.page), '/login');
  await page.goto(`${origin}/account`);
  assert.equal(where(page), '/login', 'recovery ended every session');

  // An address nobody has: the same page, but for the code.
  await stranger.page.goto(`${origin}/recover`);
  await fill(stranger.page, { identifier: 'nobody@example.test' });
  await submit(stranger.page);
  minutes(6);
  await plain.page.goto(`${origin}/recover`);
  await fill(plain.page, { identifier: bob });
  await submit(plain.page);
  const without = (text) => text.replace(/\d{4}[ \u00a0]\d{4}/, '').replace(/\S+@\S+/, '');
  assert.equal(without(await main(stranger.page)), without(await main(plain.page)));
  const none = await letter('nobody@example.test', 1);
  assert.doesNotMatch(none.text, /token=/);

  // In German: longer words on the same pages.
  const german = await person(browser, { locale: 'de-DE' });
  for (const [door, headline] of [['register', 'Konto anlegen'], ['recover', 'Neues Passwort setzen']]) {
    await german.page.goto(`${origin}/${door}`);
    assert.equal(await german.page.locator('html').getAttribute('lang'), 'de');
    assert.equal(await german.page.locator('h1').innerText(), headline);
    await looked(german.page, `${door}-de`);
    await fill(german.page, { identifier: 'clara@example.test', ...(door === 'register' && { name: 'Clara Beispiel' }) });
    await submit(german.page);
    assert.equal(await german.page.locator('h1').innerText(), 'Sehen Sie in Ihr Postfach');
    await looked(german.page, `${door}-asked-de`);
  }

  // A second address, which becomes the primary one; both hear of it.
  await signIn(page, origin, { email: bob, password: first });
  await page.goto(`${origin}/account/addresses`);
  await looked(page, 'addresses');
  await fill(page, { email: work });
  await press(page, page.locator('form[action="/account/addresses/add"] button'));
  await looked(page, 'addresses-asked');
  await page.goto(link(await letter(work, 1)));
  await looked(page, 'addresses-confirm');
  await submit(page);
  await looked(page, 'addresses-two');
  minutes(15);
  await press(page, page.locator('form[action="/account/addresses/primary"] button').first());
  await looked(page, 'addresses-fresh');
  await fill(page, { password: first });
  await submit(page);
  assert.equal(where(page), '/account/addresses');
  await looked(page, 'addresses-primary');
  await signIn((await person(browser)).page, origin, { email: work, password: first });

  // Who one is.
  await page.goto(`${origin}/account/profile`);
  await looked(page, 'profile');
  await fill(page, { name: 'Bob Exemplar' });
  await submit(page);
  await looked(page, 'profile-changed');

  // What has happened, in words.
  await page.goto(`${origin}/account/activity`);
  await looked(page, 'activity-full');
  assert.match(await main(page), /iPhone/);

  // Too many wrong passwords: a stranger waits, the owner on a known device gets in.
  const guesser = await person(browser);
  let status = 401;
  for (let tries = 0; status === 401 && tries < 8; tries += 1) {
    const answered = guesser.page.waitForResponse((response) => response.request().method() === 'POST');
    await signIn(guesser.page, origin, { email: work, password: `wrong guess number ${tries}` });
    const response = await answered;
    status = response.status();
    if (status === 429) assert.match(response.headers()['retry-after'], /^\d+$/);
  }
  assert.equal(status, 429, 'guessing is slowed');
  await looked(guesser.page, 'login-throttled');
  await page.goto(`${origin}/logout`);
  await submit(page);
  await signIn(page, origin, { email: work, password: first });
  assert.equal(where(page), '/account', 'a known device has tries of its own');

  // Leaving: nothing stays.
  await page.goto(`${origin}/account/delete`);
  await looked(page, 'delete');
  await submit(page);
  await looked(page, 'deleted');
  let n = 7;
  while (!/delet/i.test((await letter(bob, n)).subject)) n += 1;
  await signIn(page, origin, { email: work, password: first });
  assert.equal(where(page), '/login', 'there is no such account');

  for (const { faults } of [laptop, stranger, thief, plain, elsewhere, german, guesser]) assert.deepEqual(faults, []);
} finally {
  await browser.close();
}
