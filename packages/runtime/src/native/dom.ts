/** Makes an element: `h('div.bar', { title: 'x' }, child, 'text')`. */
export function h<K extends keyof HTMLElementTagNameMap>(
  selector: K | `${K}.${string}`,
  properties: Partial<Record<string, unknown>> = {},
  ...children: (Node | string | undefined)[]
): HTMLElementTagNameMap[K] {
  const [tag, ...classes] = selector.split('.');
  const element = document.createElement(tag as K);
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [name, value] of Object.entries(properties)) {
    // As a property it would take a handler's `false` for preventDefault().
    if (name.startsWith('on') && typeof value === 'function')
      element.addEventListener(name.slice(2), value as EventListener);
    else Object.assign(element, { [name]: value });
  }
  for (const child of children) if (child !== undefined) element.append(child);
  return element;
}

/** A sheet from below with lines and buttons. */
export const sheet = (lines: HTMLElement[], buttons: [text: string, onclick: () => void][]): HTMLElement =>
  h(
    'div.sheet-layer',
    {},
    h('div.sheet', { role: 'dialog' }, ...lines, ...buttons.map(([text, onclick]) => h('button', { onclick }, text))),
  );

/** What the phone says, in the language of its user. */
export const words = <T>(language: string, texts: { zh: T; en: T }): T =>
  language.startsWith('zh') ? texts.zh : texts.en;
