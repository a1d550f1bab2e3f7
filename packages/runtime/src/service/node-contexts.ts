import type { NodeInstances } from './selector-query.ts';
import type { TreeBackend } from './tree-backend.ts';
import type { TreeNode } from './tree-node.ts';

/** A component of the view that is called by name; without one (the element is gone) calls do nothing. */
type Remote = (method: string, ...args: unknown[]) => void;

const remoteOf =
  (backend: TreeBackend, node: TreeNode): Remote =>
  (method, ...args) => {
    if (!node.released) void backend.call(backend.idOf(node), method, args);
  };

/** A component of a page, found by its tag and id when it is called: it may not be rendered yet, or again. */
export function findComponent(
  page: { backend: TreeBackend } | undefined,
  tag: string,
  id: string,
): { backend: TreeBackend; node: TreeNode } | undefined {
  const backend = page?.backend;
  backend?.flush();
  const node = [...(backend?.nodes.values() ?? [])].find((each) => each.tag === tag && each.domId === id);
  return backend && node && { backend, node };
}

/** What `node()` of a query gives for a scroll-view. Source: the ScrollViewContext page of the API reference. */
class ScrollViewContext {
  readonly #remote: Remote;
  constructor(remote: Remote) {
    this.#remote = remote;
  }
  scrollTo(options: { top?: number; left?: number; animated?: boolean } = {}): void {
    const { top, left, animated } = options;
    this.#remote('scrollTo', {
      ...(typeof top === 'number' && { top }),
      ...(typeof left === 'number' && { left }),
      behavior: animated ? 'smooth' : 'instant',
    });
  }
  scrollIntoView(selector: string, options: { animated?: boolean } = {}): void {
    this.#remote('scrollIntoView', String(selector), options.animated === true);
  }
  triggerRefresh(): void {
    this.#remote('triggerRefresh');
  }
  closeRefresh(): void {
    this.#remote('closeRefresh');
  }
}

/** A video of a page. Source: the VideoContext page of the API reference. */
export class VideoContext {
  readonly #remote: () => Remote | undefined;
  constructor(remote: () => Remote | undefined) {
    this.#remote = remote;
  }
  #call(method: string, ...args: unknown[]): void {
    this.#remote()?.(method, ...args);
  }
  play(): void {
    this.#call('play');
  }
  pause(): void {
    this.#call('pause');
  }
  stop(): void {
    this.#call('stop');
  }
  seek(position: number): void {
    this.#call('seek', Number(position));
  }
  playbackRate(rate: number): void {
    this.#call('playbackRate', Number(rate));
  }
  requestFullScreen(): void {
    this.#call('requestFullScreen');
  }
  exitFullScreen(): void {
    this.#call('exitFullScreen');
  }
}

/** The video that has this id, looked up at each call: it may not be rendered yet, or again. */
export const videoContext = (find: () => { backend: TreeBackend; node: TreeNode } | undefined): VideoContext =>
  new VideoContext(() => {
    const found = find();
    return found && remoteOf(found.backend, found.node);
  });

/** The objects behind `node()` and `context()` of a query: those of the canvas first. */
export function createNodeInstances(canvases: NodeInstances): NodeInstances {
  return (kind, backend, node) => {
    const canvas = canvases(kind, backend, node);
    if (canvas) return canvas;
    if (node.tag === 'scroll-view') return Promise.resolve(new ScrollViewContext(remoteOf(backend, node)));
    if (kind === 'context' && node.tag === 'video') return Promise.resolve(videoContext(() => ({ backend, node })));
    return undefined;
  };
}
