// What script adds to the pages. Each of them works without it.

// Show and hide a password. The button is in the page, hidden until somebody is here to answer it.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  const reveal = (shown) => {
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    reveal(input.type === "password");
    input.focus();
  });
  // Sent as a password again, so that no browser keeps it among its remembered texts.
  input.form.addEventListener("submit", () => reveal(false));
}

// Say when Caps Lock is on. The paragraph is a live region, so its text is spoken too.
for (const hint of document.querySelectorAll("[data-caps]")) {
  const input = document.getElementById(hint.dataset.caps);
  const look = (event) => {
    const on = event.getModifierState?.("CapsLock") ?? false;
    hint.textContent = on ? hint.dataset.text : "";
  };
  input.addEventListener("keydown", look);
  input.addEventListener("keyup", look);
  input.addEventListener("blur", () => { hint.textContent = ""; });
}

// Say how strong a new password is while it is typed or filled in. Nothing is sent and nothing is refused here:
// the server judges, by lists that no page could carry (ASVS 6.2.6, 6.2.7, 6.2.12; N22, N23).
//
// <div hidden data-strength="ID of the input" data-fewest="15"
//      data-one="1 more character" data-more="{n} more characters"
//      data-easy="Easy to guess" data-fair="Fair" data-good="Good">
//   <meter min="0" max="3" low="2" high="3" optimum="3" aria-hidden="true"></meter> <span role="status"></span>
// </div>
for (const strength of document.querySelectorAll("[data-strength]")) {
  const input = document.getElementById(strength.dataset.strength);
  const [meter, status] = [strength.querySelector("meter"), strength.querySelector("[role=status]")];
  const { fewest, one, more, easy, fair, good } = strength.dataset;
  let pause;
  const look = () => {
    const points = [...input.value.normalize("NFC")];
    const missing = fewest - points.length;
    const level = missing > 0 ? 0 : guessable(points);
    const text = missing > 0 ? (missing === 1 ? one : more.replace("{n}", missing)) : [easy, fair, good][level - 1];
    meter.value = level;
    strength.dataset.level = level;
    strength.hidden = points.length === 0;
    // Spoken when the typing pauses, not at each key.
    clearTimeout(pause);
    pause = setTimeout(() => { status.textContent = points.length ? text : ""; }, 300);
  };
  input.addEventListener("input", look);
  input.addEventListener("change", look);
  if (input.value) look();
}

// 1: easy to guess, 2: fair, 3: good. What repeats, counts up or down, or lies beside the last on a keyboard adds nothing.
function guessable(points) {
  const rows = "1234567890 qwertyuiop asdfghjkl zxcvbnm qwertzuiop yxcvbnm azertyuiop qsdfghjklm";
  const walks = rows + [...rows].reverse().join("");
  const typed = points.slice(0, 256).join("").toLowerCase();
  const letters = [...typed];
  const seen = new Set();
  let worth = 0;
  letters.forEach((letter, at) => {
    const pair = letters.slice(at - 1, at + 1).join("");
    const step = at && letter.codePointAt() - letters[at - 1].codePointAt();
    if (at === 0 || (Math.abs(step) > 1 && !walks.includes(pair) && !seen.has(pair))) worth += 1;
    seen.add(pair);
  });
  if (worth < 9 || new Set(letters).size < 6) return 1;
  return worth < 14 ? 2 : 3;
}

// One box for all the boxes of a list. It is in the page, hidden until somebody is here to answer it.
for (const all of document.querySelectorAll("[data-pick-all]")) {
  const boxes = [...all.closest("table").querySelectorAll("tbody input[type=checkbox]")];
  const look = () => {
    const picked = boxes.filter((box) => box.checked).length;
    all.checked = picked === boxes.length;
    all.indeterminate = picked > 0 && !all.checked;
  };
  all.hidden = false;
  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
  for (const box of boxes) box.addEventListener("change", look);
  look();
}

// Copy a text that stands there to be copied. Where the browser gives no clipboard, the button stays away.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  const said = document.querySelector(`[data-said="${button.dataset.copy}"]`);
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    said.textContent = button.dataset.done;
  });
}

// A form goes once, however often its button is pressed. The button stays focusable; coming back to the page frees it.
const sent = new WeakSet();
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (sent.has(form)) return event.preventDefault();
    sent.add(form);
    event.submitter?.setAttribute("aria-disabled", "true");
  });
  addEventListener("pageshow", () => {
    sent.delete(form);
    form.querySelector("[aria-disabled]")?.removeAttribute("aria-disabled");
  });
}

// Parts of a page that are told anew while it is open. The server sends them as it writes pages, every text escaped.
for (const part of document.querySelectorAll("[data-events]")) follow(part.dataset.events);

// Reads a stream of events (HTML standard §9.2), and takes it up where it was cut off. An EventSource would give up at the first
// answer that is no stream, and could not tell why.
function follow(path) {
  const [shortest, longest] = [1000, 60000];
  const away = new AbortController();
  const anew = () => { away.abort(); location.reload(); };
  // A page that is shown though its stream is refused would otherwise load itself without end: marked for an hour.
  const once = () => {
    const now = Date.now();
    const first = !(now - Number(sessionStorage.getItem("refused")) < 3600000);
    if (first) sessionStorage.setItem("refused", now);
    return first;
  };
  let [last, pause] = ["", shortest];
  const hear = (lines) => {
    const event = Object.fromEntries(lines.split("\n").map((line) => line.split(/: ?(.*)/)));
    if (event.event === "put") put(JSON.parse(event.data));
    // Signed out, not an administrator any more, or something was missed: the page leads to where it now leads.
    else if (event.event) anew();
    last = event.id ?? last;
    pause = shortest;
  };
  const listen = async () => {
    let least = 0;
    try {
      const headers = { Accept: "text/event-stream", ...(last && { "Last-Event-ID": last }) };
      const answer = await fetch(path, { headers, redirect: "manual", cache: "no-store", signal: away.signal });
      const refused = answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403;
      if (refused && once()) return anew();
      if (answer.ok) sessionStorage.removeItem("refused");
      least = answer.ok ? 0 : Number(answer.headers.get("Retry-After")) * 1000 || 0;
      const [reader, decoder] = [answer.body.getReader(), new TextDecoder()];
      for (let text = ""; answer.ok;) {
        const { done, value } = await reader.read();
        if (done) break;
        const events = (text + decoder.decode(value, { stream: true })).split("\n\n");
        text = events.pop();
        events.forEach(hear);
      }
    } catch { /* Nobody answers: asked again. */ }
    if (away.signal.aborted) return;
    setTimeout(listen, Math.max(least, pause));
    pause = Math.min(pause * 2, longest);
  };
  addEventListener("pagehide", () => away.abort());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  listen();
}

// What is put in the place of something holds nothing to focus. Rows come in above; the page keeps 200, and the one that
// somebody is in.
function put({ into, html, above }) {
  const target = document.getElementById(into);
  if (!target) return;
  const template = document.createElement("template");
  template.innerHTML = html;
  if (!above) return target.replaceChildren(template.content);
  for (const row of target.querySelectorAll("[data-unsettled]")) row.remove();
  target.prepend(template.content);
  for (const row of [...target.children].slice(200)) if (!row.contains(document.activeElement)) row.remove();
  target.closest("[hidden]")?.removeAttribute("hidden");
  document.querySelector(`[data-while-empty="${into}"]`)?.remove();
}
