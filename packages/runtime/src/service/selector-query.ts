import type { NodeQuery } from '@sparrow/protocol';
import type * as glassEasel from 'glass-easel';
import type { Caller } from './caller.ts';
import { copyPlain } from './definitions.ts';
import type { TreeBackend } from './tree-backend.ts';
import type { TreeNode } from './tree-node.ts';

/** What `fields` may ask for. Source: NodesRef.fields of the API reference. */
export interface QueryFields {
  id?: boolean;
  dataset?: boolean;
  mark?: boolean;
  rect?: boolean;
  size?: boolean;
  scrollOffset?: boolean;
  properties?: string[];
  computedStyle?: string[];
  context?: boolean;
  node?: boolean;
}

type Answer = Record<string, unknown> | null;
type Callback = (result: never) => void;

interface Request {
  component: Caller;
  /** null is the viewport. */
  selector: string | null;
  all: boolean;
  fields: QueryFields;
  callback: Callback | undefined;
}

/** Makes the objects behind `node` and `context`: a canvas, a video context … undefined when the component has none. */
export type NodeInstances = (
  kind: 'node' | 'context',
  backend: TreeBackend,
  node: TreeNode,
) => Promise<unknown> | undefined;

/** A selector query: all its questions go to the view in one message. */
export class SelectorQuery {
  readonly #requests: Request[] = [];
  readonly #instances: NodeInstances;
  #component: Caller | undefined;

  constructor(component: Caller | undefined, instances: NodeInstances) {
    this.#component = component;
    this.#instances = instances;
  }

  in(component: Caller): this {
    this.#component = component;
    return this;
  }
  select(selector: string): NodesRef {
    return this.#ref(String(selector), false);
  }
  selectAll(selector: string): NodesRef {
    return this.#ref(String(selector), true);
  }
  selectViewport(): NodesRef {
    return this.#ref(null, false);
  }

  #ref(selector: string | null, all: boolean): NodesRef {
    const component = this.#component;
    return new NodesRef((fields, callback) => {
      if (component) this.#requests.push({ component, selector, all, fields, callback });
      return this;
    });
  }

  exec(callback?: (results: unknown[]) => void): this {
    const requests = [...this.#requests];
    void this.#run(requests).then((results) => {
      results.forEach((result, index) => requests[index]?.callback?.(result as never));
      callback?.(results);
    });
    return this;
  }

  async #run(requests: Request[]): Promise<unknown[]> {
    // Asked in an observer or before it is attached, the component is measured when this turn has drawn it, as in the
    // original.
    await Promise.resolve();
    const questions = new Map<TreeBackend, NodeQuery[]>();
    const places = requests.map((request) => {
      const host = request.component._$;
      const backend = host.getBackendContext() as unknown as TreeBackend | null;
      if (!backend) return [];
      const ask = (node: number): { backend: TreeBackend; at: number } => {
        const list = questions.get(backend) ?? [];
        questions.set(backend, list);
        const { rect, size, scrollOffset, properties, computedStyle } = request.fields;
        list.push({
          node,
          ...(rect && { rect }),
          ...(size && { size }),
          ...(scrollOffset && { scrollOffset }),
          ...(properties && { properties }),
          ...(computedStyle && { computedStyle }),
        });
        return { backend, at: list.length - 1 };
      };
      if (request.selector === null) return [{ ...ask(0), element: undefined, node: undefined }];
      return find(host, request.selector, request.all).map((element) => {
        const node = nodeOf(element);
        return { ...(node ? ask(backend.idOf(node)) : { backend, at: -1 }), element, node };
      });
    });
    const answers = new Map<TreeBackend, unknown[]>();
    await Promise.all([...questions].map(async ([backend, list]) => answers.set(backend, await backend.query(list))));
    return Promise.all(
      requests.map(async (request, index) => {
        const results = await Promise.all(
          (places[index] ?? []).map(({ backend, at, element, node }) =>
            this.#answer(request.fields, (answers.get(backend)?.[at] ?? null) as Answer, backend, element, node),
          ),
        );
        return request.all ? results : (results[0] ?? null);
      }),
    );
  }

  async #answer(
    fields: QueryFields,
    answer: Answer,
    backend: TreeBackend,
    element: glassEasel.Element | undefined,
    node: TreeNode | undefined,
  ): Promise<Answer> {
    const result: Record<string, unknown> = {};
    if (fields.id) result.id = element?.id ?? '';
    if (fields.dataset) result.dataset = copyPlain(element?.dataset ?? {});
    if (fields.mark) result.mark = element?.collectMarks() ?? {};
    Object.assign(result, answer);
    // Properties of a custom component are its data, which the view does not have.
    const data = (element as unknown as { data?: Record<string, unknown> } | undefined)?.data;
    for (const name of fields.properties ?? []) if (data && name in data) result[name] = copyPlain(data[name]);
    if (node && fields.node) result.node = await this.#instances('node', backend, node);
    if (node && fields.context) result.context = await this.#instances('context', backend, node);
    return result;
  }
}

/** One selected node, or all that a selector finds. */
export class NodesRef {
  readonly #add: (fields: QueryFields, callback: Callback | undefined) => SelectorQuery;
  constructor(add: (fields: QueryFields, callback: Callback | undefined) => SelectorQuery) {
    this.#add = add;
  }
  boundingClientRect(callback?: Callback): SelectorQuery {
    return this.#add({ id: true, dataset: true, rect: true, size: true }, callback);
  }
  scrollOffset(callback?: Callback): SelectorQuery {
    return this.#add({ id: true, dataset: true, scrollOffset: true }, callback);
  }
  fields(fields: QueryFields, callback?: Callback): SelectorQuery {
    return this.#add(fields ?? {}, callback);
  }
  context(callback?: Callback): SelectorQuery {
    return this.#add({ context: true }, callback);
  }
  node(callback?: Callback): SelectorQuery {
    return this.#add({ node: true }, callback);
  }
}

export function find(host: glassEasel.GeneralComponent, selector: string, all: boolean): glassEasel.Element[] {
  const shadow = host.getShadowRoot();
  if (!shadow) return [];
  try {
    if (all) return shadow.querySelectorAll(selector);
    const found = shadow.querySelector(selector);
    return found ? [found] : [];
  } catch {
    return [];
  }
}

function nodeOf(element: glassEasel.Element): TreeNode | undefined {
  return (element.getBackendElement() as unknown as TreeNode | null) ?? undefined;
}
