// Lets xterm.js draw under a content security policy without 'unsafe-inline'.
//
// xterm's renderer writes its theme into <style> elements and 24-bit colours into style attributes. Both are inline
// styles, which `style-src 'self'` blocks, and must go on blocking: they are what an injected text would use. A
// stylesheet made by script and the CSSOM's own properties are not inline, so the policy leaves them alone.
//
// xterm has a `documentOverride` for its elements, but two of its parts ask the page's document all the same
// (Viewport's scroll bar and the rows). So it is the page's document that hands out elements which go the permitted way.

const original = Document.prototype.createElement;

/** From now on <style> elements and the style attributes of <span> elements that scripts make are not inline. */
export function allowStylesOfScripts() {
  document.createElement = createElement;
}

function createElement(name, options) {
  if (name === "style") return adoptedStyle();
  const element = original.call(document, name, options);
  if (name === "span") element.setAttribute = setAttribute;
  return element;
}

/** Stands where a <style> is expected, and keeps its text in a stylesheet that the document adopts. */
function adoptedStyle() {
  const sheet = new CSSStyleSheet();
  const element = original.call(document, "meta");
  document.adoptedStyleSheets.push(sheet);
  Object.defineProperty(element, "textContent", { set: (css) => sheet.replaceSync(css) });
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    Element.prototype.remove.call(element);
  };
  return element;
}

function setAttribute(name, value) {
  if (name === "style") this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}
