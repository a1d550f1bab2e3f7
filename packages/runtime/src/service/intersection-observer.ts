import type { Caller } from './caller.ts';
import { find } from './selector-query.ts';
import type { TreeBackend } from './tree-backend.ts';
import type { TreeNode } from './tree-node.ts';

export interface IntersectionOptions {
  thresholds?: number[];
  initialRatio?: number;
  observeAll?: boolean;
}
type Margins = Partial<{ left: number; top: number; right: number; bottom: number }>;
type Listener = (entry: Record<string, unknown>) => void;

/** wx.createIntersectionObserver. Listeners are called when a threshold is crossed, seen from `initialRatio`. */
export class IntersectionObserver {
  readonly #component: Caller;
  readonly #options: Required<IntersectionOptions>;
  #relative: { selector: string | null; margins: Margins } = { selector: null, margins: {} };
  #stops: (() => void)[] = [];

  constructor(component: Caller, options: IntersectionOptions = {}) {
    this.#component = component;
    this.#options = { thresholds: [0], initialRatio: 0, observeAll: false, ...options };
  }
  relativeTo(selector: string, margins: Margins = {}): this {
    this.#relative = { selector, margins };
    return this;
  }
  relativeToViewport(margins: Margins = {}): this {
    this.#relative = { selector: null, margins };
    return this;
  }

  observe(selector: string, listener: Listener): void {
    const host = this.#component._$;
    const backend = host.getBackendContext() as unknown as TreeBackend | null;
    if (!backend) return;
    const idOf = (element: { getBackendElement(): unknown } | undefined): number => {
      const node = element?.getBackendElement() as TreeNode | undefined;
      return node ? backend.idOf(node) : 0;
    };
    const { thresholds, initialRatio, observeAll } = this.#options;
    const relativeTo = this.#relative.selector === null ? 0 : idOf(find(host, this.#relative.selector, false)[0]);
    for (const element of find(host, selector, observeAll)) {
      let before = initialRatio;
      let first = true;
      const { disconnect } = backend.observe(
        {
          kind: 'intersection',
          node: idOf(element),
          relativeTo,
          margins: { left: 0, top: 0, right: 0, bottom: 0, ...this.#relative.margins },
          thresholds,
        },
        (raw) => {
          const entry = raw as { intersectionRatio: number; intersectionRect: { width: number; height: number } };
          const ratio = entry.intersectionRatio;
          const crossed = thresholds.some((threshold) => before <= threshold !== ratio <= threshold);
          // The first report of a browser says how things are; the original reports only what differs from
          // initialRatio.
          const tell = first ? ratio !== initialRatio || crossed : crossed || ratio !== before;
          first = false;
          before = ratio;
          if (tell) listener({ id: element.id, dataset: element.dataset, ...entry });
        },
      );
      this.#stops.push(disconnect);
    }
  }

  disconnect(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }
}
