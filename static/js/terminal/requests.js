// What the panel asks the console besides its sockets.

const PATIENCE_MS = 10_000;

/** The JSON that answers; null for a stranger, who is sent to sign in. A console that is away or refuses answers nothing:
 * an empty object. */
export async function ask(url, fields) {
  let answer;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    answer = await fetch(url, { redirect: "manual", signal, ...(fields ? post(fields) : {}) });
  } catch {
    return {};
  }
  if (answer.type === "opaqueredirect" || answer.status === 401) return null;
  return answer.ok ? answer.json() : {};
}

/** A link for others to `watch` or to `type`; null after `stop`, which voids those that were given out. */
export async function share(terminal, kind) {
  if (kind === "stop") {
    await ask(`${terminal}unshare/`, {});
    return null;
  }
  return (await ask(`${terminal}share/`, { types: kind === "type" ? "1" : "" }))?.path ?? null;
}

function post(fields) {
  const headers = JSON.parse(document.body.getAttribute("hx-headers"));
  return { method: "POST", headers, body: new URLSearchParams(fields) };
}
