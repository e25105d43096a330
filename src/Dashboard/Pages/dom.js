// Small words for the document. Text only ever becomes text: nothing here parses markup.

export const byId = id => document.getElementById(id);

/** An element with properties, data and children; strings become text. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name in node && typeof value !== 'string') node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
}

/** An element of SVG. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Sets text where it differs, so that nothing is laid out, or read out, for nothing. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets an attribute where it differs. */
export function mark(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** Shows text, or hides the element where there is none. */
export function sayOrHide(node, text) {
  say(node, text);
  node.hidden = !text;
}

/** Makes the children of a node those of a list, by key: what is there already stays, with focus and all. */
export function keyed(parent, list, keyOf, make, update) {
  const old = new Map([...parent.children].map(child => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const value of list) {
    const key = String(keyOf(value));
    let node = old.get(key);
    if (node) old.delete(key);
    else {
      node = make(value);
      node.dataset.key = key;
    }
    update(node, value);
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const gone of old.values()) gone.remove();
}
