type Child = Node | string | null | undefined | false;

/** An element with attributes (false and undefined leave one out) and children. Text stays text. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number | boolean | undefined>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child): child is Node | string => isShown(child)));
  return element;
}

function isShown(child: Child): boolean {
  return child !== null && child !== undefined && child !== false;
}

export function button(text: string, pressed: () => void, kind: 'primary' | 'secondary' = 'secondary') {
  const element = el('button', { type: 'button', class: kind }, text);
  element.addEventListener('click', pressed);
  return element;
}

/** A checkbox inside its label. */
export function checkbox(
  label: readonly Child[],
  checked: boolean,
  changed: (checked: boolean) => void,
): HTMLLabelElement {
  const input = el('input', { type: 'checkbox' });
  input.checked = checked;
  input.addEventListener('change', () => changed(input.checked));
  return el('label', { class: 'check' }, input, el('span', {}, ...label));
}

const svgSpace = 'http://www.w3.org/2000/svg';

/** An element of a drawing inside the page. */
export function svg(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(svgSpace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
