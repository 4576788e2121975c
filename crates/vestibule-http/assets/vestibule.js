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
