// What script adds to the demo's pages. Each of them works without it.

// The wire, live: told that there is more, the page is asked for again, and what is open stays open.
const clicks = document.getElementById("clicks");
if (clicks) {
  const live = document.getElementById("live");
  const fetched = async () => {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const anew = page.getElementById("clicks");
    const held = document.activeElement?.closest("#clicks details")?.id;
    const known = new Map([...clicks.querySelectorAll("details")].map((one) => [one.id, one.open]));
    for (const one of anew.querySelectorAll("details")) {
      if (known.has(one.id)) one.open = known.get(one.id);
    }
    clicks.replaceChildren(...anew.childNodes);
    if (held) document.getElementById(held)?.querySelector("summary")?.focus();
  };
  // One at a time, and the last of a flood.
  let asking = false;
  let more = false;
  const look = async () => {
    if (asking) {
      more = true;
      return;
    }
    asking = true;
    do {
      more = false;
      await fetched().catch(() => {});
    } while (more);
    asking = false;
  };
  const events = new EventSource(clicks.dataset.events);
  events.addEventListener("open", () => {
    live.textContent = live.dataset.live;
    look();
  });
  events.addEventListener("message", look);
  events.addEventListener("error", () => {
    live.textContent = live.dataset.lost;
  });
}

// A button that takes a moment says so, and is pressed once.
for (const button of document.querySelectorAll("[data-wait]")) {
  const said = button.textContent;
  button.form.addEventListener("submit", (event) => {
    if (button.getAttribute("aria-disabled") === "true") event.preventDefault();
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.wait;
  });
  // Back from the browser's own memory of the page.
  addEventListener("pageshow", () => {
    button.removeAttribute("aria-disabled");
    button.textContent = said;
  });
}
