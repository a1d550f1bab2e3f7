/** Makes an element: `h('div.bar', { title: 'x' }, child, 'text')`. */
export function h<K extends keyof HTMLElementTagNameMap>(
  selector: K | `${K}.${string}`,
  properties: Partial<Record<string, unknown>> = {},
  ...children: (Node | string | undefined)[]
): HTMLElementTagNameMap[K] {
  const [tag, ...classes] = selector.split('.');
  const element = document.createElement(tag as K);
  if (classes.length > 0) element.className = classes.join(' ');
  Object.assign(element, properties);
  for (const child of children) if (child !== undefined) element.append(child);
  return element;
}
