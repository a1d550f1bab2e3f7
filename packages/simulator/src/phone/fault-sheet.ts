import { PROBLEM_HINTS } from '@sparrow/protocol';
import { h } from '@sparrow/runtime/native';
import type { Fault } from './faults.ts';
import { fitText, markedFrame } from './overlay.ts';
import type { PhoneTexts } from './texts.ts';

/** Faults that are listed; the others stand in the log. */
const LISTED = 20;
/** Different faults that are counted. */
const COUNTED = 200;

interface Entry {
  fault: Fault;
  count: number;
  badge: HTMLElement;
}

/**
 * A sheet over the lower half of the phone with what broke in the running program. The first fault stands open, since
 * the others often follow from it; one that comes again is counted. Closed, it comes back for faults that it has not
 * shown.
 */
export function createFaultSheet(
  parent: HTMLElement,
  texts: PhoneTexts,
): { add(fault: Fault): void; fit(): void; clear(): void } {
  const title = h('h2');
  const list = h('div');
  const close = (): void => {
    layer.hidden = true;
    list.replaceChildren();
    listed = 0;
  };
  const layer = h(
    'aside.faults',
    { hidden: true, role: 'alert' },
    h('button.faults-close', { onclick: close, title: texts.close, ariaLabel: texts.close }, '✕'),
    title,
    list,
  );
  parent.append(layer);
  const entries = new Map<string, Entry>();
  let listed = 0;

  const draw = (fault: Fault, badge: HTMLElement): void => {
    listed++;
    title.textContent = texts.runtimeErrors(listed);
    if (listed > LISTED) return;
    const place = fault.place ? `${fault.place.file}:${fault.place.line}:${fault.place.column}` : fault.page;
    const article = h(
      'article',
      {},
      h('strong', {}, `${fault.code} ${place} `, badge),
      h('p', {}, fault.message),
      fault.place?.frame ? h('pre', {}, ...markedFrame(fault.place.frame)) : undefined,
      fault.stack ? h('details', {}, h('summary', {}, texts.stack), h('pre', {}, fault.stack)) : undefined,
      h('p.overlay-hint', {}, texts.fix(texts.problems?.[fault.code].fix ?? PROBLEM_HINTS[fault.code])),
    );
    if (listed === 1) {
      list.append(article);
      return;
    }
    const folded = list.querySelector<HTMLElement>('.faults-more') ?? h('details.faults-more', {}, h('summary'));
    list.append(folded);
    folded.append(article);
    const summary = folded.querySelector('summary');
    if (summary) summary.textContent = texts.moreErrors(listed - 1);
  };

  return {
    add(fault) {
      const { file, line, column } = fault.place ?? { file: fault.page, line: 0, column: 0 };
      const key = JSON.stringify([fault.code, fault.message, file, line, column]);
      const known = entries.get(key);
      if (known) {
        known.count++;
        known.badge.textContent = `×${known.count}`;
        return;
      }
      if (entries.size >= COUNTED) return;
      const badge = h('span.faults-count');
      entries.set(key, { fault, count: 1, badge });
      draw(fault, badge);
      layer.hidden = false;
      fitText(layer);
    },
    fit: () => fitText(layer),
    clear() {
      entries.clear();
      close();
    },
  };
}
