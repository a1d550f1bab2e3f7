/**
 * `hover-class` of view, button, navigator and label: the class is put on while a finger rests on the element.
 * Source of the times: the view and button pages of the component reference.
 */
const START_MS = { default: 50, 'wx-button': 20 } as Record<string, number>;
const STAY_MS = { default: 400, 'wx-button': 70, 'wx-navigator': 600 } as Record<string, number>;
/** Elements that show a finger without being told how. */
const OWN_CLASS: Record<string, string> = { 'wx-button': 'button-hover', 'wx-navigator': 'navigator-hover' };

export function installHover(target: ShadowRoot | HTMLElement): void {
  let pending: ReturnType<typeof setTimeout>[] = [];
  let hovered: HTMLElement[] = [];
  const time = (element: HTMLElement, attribute: string, table: Record<string, number>): number => {
    const ms = Number(element.getAttribute(attribute));
    const name = element.localName;
    return element.hasAttribute(attribute) && Number.isFinite(ms) ? ms : (table[name] ?? table.default ?? 0);
  };
  const given = (element: HTMLElement): string | undefined =>
    element.getAttribute('hover-class') ?? OWN_CLASS[element.localName];
  const classesOf = (element: HTMLElement): string[] =>
    (given(element) ?? '').split(/\s+/).filter((name) => name && name !== 'none');

  target.addEventListener('pointerdown', (event) => {
    for (const node of event.composedPath()) {
      if (!(node instanceof HTMLElement)) continue;
      if (given(node) !== undefined && !node.hasAttribute('disabled')) {
        const element = node;
        pending.push(
          setTimeout(
            () => {
              element.classList.add(...classesOf(element));
              hovered.push(element);
            },
            time(element, 'hover-start-time', START_MS),
          ),
        );
        if (element.hasAttribute('hover-stop-propagation')) break;
      }
      if (node === target) break;
    }
  });
  const end = (): void => {
    for (const timer of pending) clearTimeout(timer);
    pending = [];
    for (const element of hovered)
      setTimeout(() => element.classList.remove(...classesOf(element)), time(element, 'hover-stay-time', STAY_MS));
    hovered = [];
  };
  for (const type of ['pointerup', 'pointercancel', 'pointerleave']) target.addEventListener(type, end);
}
