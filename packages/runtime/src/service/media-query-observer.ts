import type { Caller } from './caller.ts';
import type { TreeBackend } from './tree-backend.ts';

/** What a descriptor may hold. Source: MediaQueryObserver.observe of the API reference. */
const FEATURES = ['minWidth', 'maxWidth', 'width', 'minHeight', 'maxHeight', 'height', 'orientation'];

/** wx.createMediaQueryObserver: tells whether the page's window matches, at once and on every change. */
export class MediaQueryObserver {
  readonly #component: Caller;
  #stop: (() => void) | undefined;

  constructor(component: Caller) {
    this.#component = component;
  }
  observe(descriptor: Record<string, string | number>, listener: (result: { matches: boolean }) => void): void {
    const backend = this.#component._$.getBackendContext() as unknown as TreeBackend | null;
    if (!backend) return;
    this.disconnect();
    const query = Object.fromEntries(Object.entries(descriptor ?? {}).filter(([name]) => FEATURES.includes(name)));
    const { disconnect } = backend.observe({ kind: 'media', query }, (entry) =>
      listener(entry as { matches: boolean }),
    );
    this.#stop = disconnect;
  }
  disconnect(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}
