// Keeps what is shown true: for each change on the host, the elements that show it ask for themselves again.
//
// data-live-id="ID"       shows the object of this ID; with data-live-remove it goes when the object is destroyed
// data-live-kind="KIND"   shows all objects of a kind (container, image, …), or of several
// Both carry hx-get and hx-trigger="refresh". Other scripts listen to "portside:change" on document.
import { refresh } from "./refresh.js";
import { Socket } from "./socket.js";

const all = (selector) => [...document.querySelectorAll(selector)];

function refreshAll() {
  all("[data-live-kind], [data-live-id]:not([data-live-kind] *)").forEach(refresh);
}

function show(change) {
  document.dispatchEvent(new CustomEvent("portside:change", { detail: change }));
  const shown = all(`[data-live-id="${CSS.escape(change.id)}"]`);
  if (change.action === "destroy") {
    shown.filter((element) => element.hasAttribute("data-live-remove")).forEach((element) => element.remove());
  }
  shown.filter((element) => element.isConnected).forEach(refresh);
  if (shown.length === 0 || change.action === "destroy") {
    all(`[data-live-kind~="${CSS.escape(change.kind)}"]`).forEach(refresh);
  }
}

function start(host, mark) {
  const tell = (state) => {
    mark.dataset.live = state;
    mark.textContent = mark.dataset[`text${state[0].toUpperCase()}${state.slice(1)}`];
  };
  let hasBeenLost = false;
  const onEngine = (action) => {
    tell(action === "up" ? "live" : "down");
    if (action === "up") refreshAll();
  };
  new Socket(`/ws/hosts/${encodeURIComponent(host)}/changes/`, {
    open() {
      tell("live");
      if (hasBeenLost) refreshAll();
    },
    message(data) {
      const change = JSON.parse(data);
      if (change.kind === "engine") onEngine(change.action);
      else show(change);
    },
    lost() {
      hasBeenLost = true;
      tell("connecting");
    },
    over() {
      tell("connecting");
    },
  });
}

const mark = document.getElementById("live");
if (mark) start(document.body.dataset.host, mark);
