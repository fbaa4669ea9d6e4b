// What every page does: local times, theme, copying, asking before what can't be undone, and live changes.
import { keepMoments } from "./moments.js";
import { SteadySocket } from "./socket.js";

function showTheme() {
  const chosen = document.documentElement.dataset.themeChoice;
  for (const button of document.querySelectorAll("[data-choose-theme]")) {
    const pressed = button.dataset.chooseTheme === chosen;
    button.setAttribute("aria-pressed", String(pressed));
    button.classList.toggle("active", pressed);
  }
}

function chooseTheme(theme) {
  dispatchEvent(new CustomEvent("era:choose-theme", { detail: theme }));
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    // Without https there is no clipboard: select the text, so that one key copies it.
    getSelection().selectAllChildren(button.parentElement.querySelector("[data-secret]"));
    return;
  }
  const label = button.querySelector("[data-copy-label]");
  const before = label.textContent;
  label.textContent = document.body.dataset.copied;
  setTimeout(() => (label.textContent = before), 2000);
}

const actions = [
  ["[data-choose-theme]", (button) => chooseTheme(button.dataset.chooseTheme)],
  ["[data-theme-toggle]", () => chooseTheme(document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark")],
  ["[data-copy]", copy],
  ["[data-back]", () => history.back()],
];

document.addEventListener("click", (event) => {
  for (const [selector, action] of actions) {
    const target = event.target.closest(selector);
    if (target) {
      action(target);
    }
  }
});

function askFirst(form, submitter) {
  const dialog = document.getElementById("ask");
  const title = dialog.querySelector("h2");
  const yes = document.getElementById("ask-yes");
  title.dataset.usual ??= title.textContent;
  yes.dataset.usual ??= yes.textContent;
  title.textContent = form.dataset.confirmTitle ?? title.dataset.usual;
  yes.textContent = form.dataset.confirmYes ?? yes.dataset.usual;
  document.getElementById("ask-text").textContent = form.dataset.confirm;
  dialog.returnValue = "no";
  dialog.addEventListener(
    "close",
    () => {
      if (dialog.returnValue === "yes") {
        form.dataset.asked = "yes";
        form.requestSubmit(submitter);
      }
    },
    { once: true },
  );
  dialog.showModal();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && !form.dataset.asked) {
    event.preventDefault();
    askFirst(form, event.submitter);
  } else if (form.dataset.sending) {
    event.preventDefault(); // a second click while the first is under way changes nothing
  } else if (form.method === "post") {
    form.dataset.sending = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  }
});

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) {
    delete form.dataset.sending;
    delete form.dataset.asked;
  }
});

function follow(address) {
  const announce = (name, detail) => document.body.dispatchEvent(new CustomEvent(name, { detail }));
  new SteadySocket(() => address, {
    message(text) {
      const news = JSON.parse(text);
      if (news.type === "job") {
        announce("jobchange", news);
        announce(`jobchange-${news.id}`, news);
      } else if (news.type === "batch" && !news.done) {
        announce("batchpriced", news);
      } else if (news.type === "batch") {
        announce("jobchange", news);
      } else {
        // joined or missed: whatever happened since the page was made, or while nobody could hear it
        announce("jobchange", {});
        announce("jobmissed", {});
      }
    },
  });
}

addEventListener("era:theme", showTheme);
showTheme();
keepMoments();
if (document.body.dataset.events) {
  follow(document.body.dataset.events);
}
const firstError = document.querySelector(".is-invalid, [aria-invalid=true]");
firstError?.focus();
