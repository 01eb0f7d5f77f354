// Links in a container's output. The text is a stranger's: nothing but http and https is opened, by a Ctrl-click or
// after a question, and the page that opens learns nothing of ours.

/** The address if it may be opened, or null. */
export function permitted(address) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
}

/** xterm's handler of links; `question` is the text to ask, with %s for the address. */
export function opener(question) {
  return (event, address) => {
    const url = permitted(address);
    if (url === null) return;
    if (event.ctrlKey || event.metaKey || confirm(question.replace("%s", url))) open(url, "_blank", "noopener,noreferrer");
  };
}
