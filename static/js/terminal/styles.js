// Lets xterm.js draw under a content security policy without 'unsafe-inline'.
//
// xterm's renderer writes its theme into <style> elements and 24-bit colours into style attributes. Both are inline
// styles, which `style-src 'self'` blocks, and must go on blocking: they are what an injected text would use. A
// stylesheet made by script and the CSSOM's own properties are not inline, so the policy leaves them alone. xterm
// takes all its elements from `documentOverride`: this document hands out elements that go the permitted way.

/** `document`, but for <style> and for the style attribute of <span>. */
export function documentWithoutInlineStyles() {
  return new Proxy(document, {
    get(target, name) {
      if (name === "createElement") return createElement;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}

function createElement(name, options) {
  if (name === "style") return adoptedStyle();
  const element = document.createElement(name, options);
  if (name === "span") element.setAttribute = setAttribute;
  return element;
}

/** Stands where xterm expects a <style>, and keeps its text in a stylesheet that the document adopts. */
function adoptedStyle() {
  const sheet = new CSSStyleSheet();
  const element = document.createElement("meta");
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
