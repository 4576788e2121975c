// The hint at how strong a new password is, in a page of its own: each rule of the script, and that nothing is sent.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';

import { launch, person } from './chromium.mjs';

const script = fileURLToPath(new URL('../../crates/vestibule-http/assets/vestibule.js', import.meta.url));
const browser = await launch();
try {
  const { page, faults } = await person(browser);
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.setContent(`<!doctype html><html lang="en"><title>A password</title><main><form method="post">
    <label for="password">Password</label><input id="password" type="password" name="password" autocomplete="new-password">
    <div hidden data-strength="password" data-fewest="15" data-one="1 more character" data-more="{n} more characters"
      data-easy="Easy to guess" data-fair="Fair" data-good="Good">
      <meter min="0" max="3" low="2" high="3" optimum="3" aria-hidden="true"></meter> <span role="status"></span></div>
    </form></main>`);
  await page.addScriptTag({ path: script });
  const [input, status] = [page.locator('input'), page.locator('[role=status]')];
  const says = (text) => status.getByText(text, { exact: true }).waitFor({ state: 'attached' });
  const meter = () => page.locator('meter').evaluate((meter) => meter.value);

  assert.equal(await page.locator('[data-strength]').isVisible(), false, 'nothing is said of nothing');
  for (const [typed, level, text] of [
    ['k', 0, '14 more characters'],
    ['mvqhzkturbypgc', 0, '1 more character'],
    // Code points after NFC: eight keys are eight, and a letter with its accent is one.
    ['🗝'.repeat(8), 0, '7 more characters'],
    ['e\u0301mvqhzkturbypg', 0, '1 more character'],
    ['🗝'.repeat(15), 1, 'Easy to guess'],
    ['aaaaaaaaaaaaaaaaaaaa', 1, 'Easy to guess'],
    ['passwordpassword', 1, 'Easy to guess'],
    ['abcdefghijklmnop', 1, 'Easy to guess'],
    ['qwertyuiopasdfghjkl', 1, 'Easy to guess'],
    ['987654321987654321', 1, 'Easy to guess'],
    ['vestibule2026!!!', 2, 'Fair'],
    ['mvqhzkturbypgco', 3, 'Good'],
    ['turnip cartwheel lantern', 3, 'Good'],
    ['五本の赤い傘と七匹の黒い猫が歩く', 3, 'Good'],
  ]) {
    await input.fill(typed);
    await says(text);
    assert.equal(await meter(), level, typed);
    assert.equal(await input.inputValue(), typed, 'what was typed is left as it is');
  }
  await input.fill('');
  await says('');
  assert.equal(await page.locator('[data-strength]').isVisible(), false);

  // As a manager or the clipboard puts it in: at once, without a key.
  await input.focus();
  await page.keyboard.insertText('turnip cartwheel lantern');
  await says('Good');

  assert.deepEqual(asked, [], 'nothing leaves the page');
  assert.deepEqual(faults, []);
} finally {
  await browser.close();
}
