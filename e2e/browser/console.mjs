// The console, as an administrator uses it: looked at everywhere, by keyboard, without script, told of changes while it is open.
import assert from 'node:assert/strict';

import { fill, launch, looked, person, press, signIn, where } from './chromium.mjs';

const origin = process.env.ORIGIN;
const email = 'root@example.test';
const password = 'seven green doors open';
const widths = [320, 768, 1280];
const events = '**/console/events?*';

/** Every page of the console that a link leads to. A new page is put here, and is looked at in both languages. */
const rooms = [
  ['overview', '/console'],
  ['sessions', '/console/sessions'],
  ['sessions-none', '/console/sessions?text=nobody-at-all'],
  ['sessions-end-all', '/console/sessions/end-all'],
  ['people', '/console/people'],
  ['people-none', '/console/people?text=nobody-at-all'],
  ['people-add', '/console/people/add'],
  ['applications', '/console/applications'],
  ['application', '/console/applications/shop'],
  ['application-remove', '/console/applications/shop/remove'],
  ['application-secret', '/console/applications/shop/secret'],
  ['application-add', '/console/applications/add'],
  ['roles', '/console/roles'],
  ['role-add', '/console/roles/add'],
  ['role-change', '/console/roles/add?role=staff'],
  ['role-remove', '/console/roles/staff/remove'],
  ['connect', '/console/applications/shop/connect?proxy=haproxy'],
  ['settings', '/console/settings'],
  ['audit', '/console/audit'],
  ['audit-login', '/console/audit?kind=login.'],
  ['audit-none', '/console/audit?kind=backup.taken'],
  ['audit-unknown', '/console/audit?person=nobody%40example.test'],
  ['audit-export', '/console/audit/export'],
];

/** Presses the main button, and proves who it is where the login is not fresh any more: a slow machine takes its time. */
async function act(page) {
  await press(page, page.locator('main form button.main'));
  const asked = page.locator('main form [name="password"]');
  if (!(await asked.count()) || where(page) === '/login') return;
  await asked.fill(password);
  await press(page, page.locator('main form button.main'));
}

/** Every room, looked at; all widths by light, and some by dark. */
async function walked(page, lang, suffix, dark) {
  for (const [name, path] of rooms) {
    await page.goto(`${origin}${path}`);
    assert.equal(where(page), path.split('?')[0]);
    assert.equal(await page.locator('html').getAttribute('lang'), lang);
    await looked(page, `console-${name}${suffix}`, widths, dark);
  }
}

/** The second navigation: the page's own, after the one that the test asks for. */
function anew() {
  let seen = 0;
  return () => (seen += 1) === 2;
}

const browser = await launch();
try {
  const desk = await person(browser);
  const { page } = desk;
  await page.goto(process.env.SETUP_LINK);
  await fill(page, { identifier: email, name: 'Root Example', password });
  await press(page, page.locator('main form button.main'));

  // From the account there is a way to the console.
  await press(page, page.locator('nav a[href="/console"]'));
  assert.equal(where(page), '/console');

  // A login elsewhere shows without a reload: the figure is put in its place.
  const sessions = page.locator('#figures .tile strong').first();
  assert.equal(await sessions.innerText(), '1');
  const logins = page.locator('#hours td').first();
  const counted = Number(await logins.innerText());
  const others = [];
  for (const userAgent of [
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
    '<script>alert(1)</script>',
  ]) {
    const other = await person(browser, { userAgent, javaScriptEnabled: false });
    await signIn(other.page, origin, { email, password, remember: others.length === 1 });
    others.push(other);
  }
  await sessions.filter({ hasText: /^4$/ }).waitFor();
  // So do the rows of the table that says the same as the plots.
  await page.locator('summary').click();
  await logins.filter({ hasText: new RegExp(`^${counted + 3}$`) }).waitFor();

  // The trail is followed, also one in which nothing stands yet: what happens comes in above.
  await page.goto(`${origin}/console/audit?kind=login.refused`);
  const rows = page.locator('#trail > tr');
  assert.equal(await rows.count(), 0);
  const stranger = await person(browser);
  const refused = () => signIn(stranger.page, origin, { email, password: 'not the password, no' });
  await refused();
  await rows.first().waitFor();
  assert.match(await rows.first().innerText(), /login\.refused wrong_password/);
  assert.equal(await page.locator('[data-while-empty]').count(), 0);
  await looked(page, 'console-audit-followed', widths);

  // What is followed is taken up again where it was cut off, whatever is answered in between, and a burst disturbs nobody.
  const position = async () => Number(await rows.first().locator('dd').first().evaluate((dd) => dd.textContent));
  const last = await position();
  const row = '<tr role="row"><td role="cell"><details><summary>Burst</summary></details></td></tr>';
  const put = JSON.stringify({ into: 'trail', html: row.repeat(250), above: true });
  const burst = { contentType: 'text/event-stream', body: `event: put\nid: ${last}\ndata: ${put}\n\n` };
  const answers = [burst, { status: 429, headers: { 'Retry-After': '2' } }, { status: 503 }];
  const asked = [];
  let focus;
  const focused = new Promise((done) => { focus = done; });
  await page.route(events, async (route) => {
    const answer = answers[asked.length];
    asked.push({ at: Date.now(), last: route.request().headers()['last-event-id'] });
    await focused;
    return answer ? route.fulfill(answer) : route.fallback();
  });
  await page.reload();
  const read = rows.filter({ hasText: 'wrong_password' });
  await read.locator('summary').focus();
  focus();
  await rows.nth(200).waitFor();
  assert.equal(await rows.count(), 201, 'the page keeps 200, and the one that somebody reads');
  assert.match(await page.evaluate(() => document.activeElement.textContent), /login\.refused/);
  await refused();
  await read.nth(1).waitFor();
  assert.ok((await position()) > last);
  assert.equal(asked.length, 4);
  assert.deepEqual(asked.map((one) => one.last), [undefined, ...Array(3).fill(String(last))]);
  assert.ok(asked[2].at - asked[1].at >= 1900, 'asked again before the server wanted it');
  await page.unroute(events);

  // An answer that leads elsewhere leads the whole page there.
  for (const answer of [{ status: 303, headers: { Location: '/login' } }, { status: 401 }]) {
    await page.route(events, (route) => route.fulfill(answer), { times: 1 });
    await Promise.all([page.waitForEvent('framenavigated', { predicate: anew() }), page.reload()]);
    await rows.first().waitFor();
    // Told again: what was refused is forgotten.
    await page.waitForFunction(() => sessionStorage.getItem('refused') === null);
  }

  // Where the page stays and its stream is refused all the same, the page is loaded anew once, and then the stream asked for in
  // its own time.
  let [refusals, loads] = [0, 0];
  const loaded = () => { loads += 1; };
  page.on('domcontentloaded', loaded);
  const stayed = new Promise((done) => {
    page.route(events, (route) => {
      refusals += 1;
      if (refusals === 4) done();
      return route.fulfill({ status: 403 });
    });
  });
  await page.reload();
  await stayed;
  assert.equal(loads, 2, 'the page loads itself again and again');
  page.off('domcontentloaded', loaded);
  await page.unroute(events);

  // The chain is verified at the press of a button.
  await press(page, page.locator('form[action="/console/audit/verify"] button'));
  const chain = page.locator('#chain');
  while (!(await chain.innerText()).includes('Intact up to event')) {
    assert.match(await chain.innerText(), /It is being verified/);
    await page.reload();
  }

  // An application is made known step by step; what its proxy needs is copied by a button.
  await page.goto(`${origin}/console/applications`);
  await press(page, page.locator('a[href="/console/applications/add"]'));
  await fill(page, { title: 'The "shop"; } {', name: 'Shop', origins: 'shop.example.com/cart' });
  await press(page, page.locator('main form button.main'));
  assert.equal(await page.locator('[aria-invalid="true"]').count(), 2);
  await looked(page, 'console-application-add-faults', widths);
  await fill(page, { name: 'shop', origins: 'https://shop.example.com' });
  await page.locator('#proxy-caddy').check();
  await act(page);
  assert.equal(where(page), '/console/applications/shop/connect');
  assert.match(await page.locator('[role="status"]').first().innerText(), /The application is known now/);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.locator('[data-copy="file-1"]').click();
  await page.locator('[data-said="file-1"]').filter({ hasText: 'Copied' }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, await page.locator('#file-1').evaluate((pre) => pre.textContent));
  assert.match(copied, /^shop\.example\.com \{$/m);
  assert.ok(!copied.includes('"shop"; }'));

  // A role is described, and one that nobody holds is removed.
  for (const name of ['staff', 'editors']) {
    await page.goto(`${origin}/console/roles`);
    await press(page, page.locator('a[href="/console/roles/add"]'));
    await fill(page, { name, description: 'Whoever <b>works</b> here', permissions: 'orders:read orders:write' });
    await act(page);
    assert.match(await page.locator('[role="status"]').innerText(), /The role is described now/);
  }
  await press(page, page.locator('a[href="/console/roles/editors/remove"]'));
  assert.match(await page.locator('main').innerText(), /its 2 permissions are gone/);
  await act(page);
  assert.match(await page.locator('[role="status"]').innerText(), /The role is described no more/);

  // Somebody is added; where no mail can be sent, or to the page for development, they get a link.
  await page.goto(`${origin}/console/people/add`);
  await fill(page, { email: 'carol@example.test', name: '<b>Carol</b>', roles: 'editors' });
  await page.locator('#how-now').check();
  await act(page);
  await page.goto(`${origin}/console/people?text=carol`);
  await press(page, page.locator('main .rows h2 a'));
  await looked(page, 'console-person', widths);
  await press(page, page.locator('main a[href$="/delete"]'));
  await looked(page, 'console-person-delete', widths);
  await act(page);
  assert.match(await page.locator('[role="status"]').innerText(), /The account is deleted/);

  // Every room, everywhere, in both languages.
  const german = await person(browser, { locale: 'de-DE' });
  await signIn(german.page, origin, { email, password, next: '/console' });
  await Promise.all([walked(page, 'en', '', [1280]), walked(german.page, 'de', '-de', [])]);

  // One session in full, by keyboard alone: past the skip link, to the first of the list.
  await page.goto(`${origin}/console/sessions?text=firefox`);
  await page.keyboard.press('Tab');
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Skip/);
  await page.keyboard.press('Enter');
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement.name?.startsWith('session-'))) break;
  }
  await page.keyboard.press('Space');
  assert.equal(await page.locator('input[name^="session-"]:checked').count(), 1, 'picked by keyboard');
  await page.keyboard.press('Tab');
  await Promise.all([page.waitForURL('**/console/sessions/0*'), page.keyboard.press('Enter')]);
  await looked(page, 'console-session', widths);

  // Ending the picked: said in numbers, then done.
  await page.goto(`${origin}/console/sessions?text=iphone`);
  await page.locator('input[name^="session-"]').first().check();
  await looked(page, 'console-sessions-picked', widths);
  await press(page, page.locator('form[action="/console/sessions/end"] button'));
  assert.match(await page.locator('main').innerText(), /This ends 1 device\./);
  await looked(page, 'console-sessions-end', widths);
  await act(page);
  assert.equal(where(page), '/console/sessions');
  assert.match(await page.locator('[role="status"]').innerText(), /1 session is ended\./);
  await looked(page, 'console-sessions-ended', widths);
  await others[1].page.goto(`${origin}/account`);
  assert.equal(where(others[1].page), '/login');

  // Without script all of it works: look for, page, pick, end.
  const plain = others[2].page;
  await plain.goto(`${origin}/console/sessions`);
  await plain.fill('[name="text"]', 'firefox');
  await press(plain, plain.locator('form[role="search"] button'));
  assert.equal(new URL(plain.url()).searchParams.get('text'), 'firefox');
  await plain.locator('input[name^="session-"]').first().check();
  await press(plain, plain.locator('form[action="/console/sessions/end"] button'));
  await act(plain);
  assert.match(await plain.locator('[role="status"]').innerText(), /1 session is ended\./);

  // Everybody's: this page is told that it is over, and leads to sign in.
  await page.goto(`${origin}/console`);
  await plain.goto(`${origin}/console/sessions/end-all`);
  await act(plain);
  assert.equal(where(plain), '/logout');
  await page.waitForURL('**/login?next=*');

  for (const { faults } of [desk, german, stranger, ...others]) assert.deepEqual(faults, []);
} finally {
  await browser.close();
}
