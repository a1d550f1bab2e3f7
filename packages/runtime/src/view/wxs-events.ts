import type { NodeId, ViewEvent } from '@sparrow/protocol';
import { HandleFlag } from '../bridge/tree-ops.ts';
import { factsOf, type Handler, keyOf, needFacts } from './node-facts.ts';
import { createDescriptors, type DescriptorOptions, type Descriptors, outer, plain } from './wxs-descriptors.ts';
import { createWxsModules, type WxsModules } from './wxs-modules.ts';

export interface ViewWxsOptions extends Omit<DescriptorOptions, 'guard'> {
  print(level: string, values: unknown[]): void;
  /** Runs before the first script. */
  prepare(): void;
  onError(error: unknown): void;
}

/** WXS of one page in its view: handlers of events and of changes run here, without a word to the logic layer. */
export interface ViewWxs {
  readonly modules: Pick<WxsModules, 'add'>;
  readonly descriptors: Descriptors;
  /** `script` -1 takes the handler away. */
  handle(element: HTMLElement, type: string, flags: number, script: number, path: string[]): void;
  /** A handler of the logic layer ends this event here, or does so no longer. */
  catch(element: HTMLElement, type: string, capture: boolean, on: boolean): void;
  hear(element: HTMLElement, type: string): void;
  /** Runs a function when the batch is applied: a change, or an event that the logic layer has raised. */
  later(element: HTMLElement, component: NodeId, script: number, path: string[], value: RunValue): void;
  settle(): void;
  /** Some node of the page has a handler for it. */
  handles(type: string): boolean;
  /** The logic layer listens to this touch event at the element or around it. */
  isHeard(element: Element | undefined, type: string): boolean;
  /** Runs the handlers an event meets. @returns the node whose handler has ended it */
  dispatch(element: HTMLElement | undefined, event: ViewEvent): NodeId | undefined;
}

export type RunValue = { now?: unknown; before?: unknown } | { event: Record<string, unknown> };

/** Events that a browser answers by scrolling unless it is told not to. */
const SCROLLS = /^(touch|wheel$)/;

export function createViewWxs(options: ViewWxsOptions): ViewWxs {
  const modules = createWxsModules(options.print, options.prepare);
  const guard = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (error) {
      options.onError(error);
      return undefined;
    }
  };
  const descriptors = createDescriptors({ ...options, guard });
  const handled = new Set<string>();
  /** Types of events that the last dispatch of the type was ended by a handler. */
  const ended = new Set<string>();
  /** Elements with a listener of the DOM that keeps the browser from scrolling. */
  const guarded = new WeakMap<HTMLElement, Set<string>>();
  let waiting: (() => void)[] = [];

  /** An event that ends at this element does not scroll the page. */
  function keepFromScrolling(element: HTMLElement, type: string): void {
    if (!SCROLLS.test(type)) return;
    const types = guarded.get(element) ?? new Set();
    guarded.set(element, types);
    if (types.has(type)) return;
    types.add(type);
    const stop = (event: Event): void => {
      const { catches } = factsOf(element) ?? {};
      if (event.cancelable && (ended.has(type) || catches?.has(type) || catches?.has(keyOf(type, true))))
        event.preventDefault();
    };
    element.addEventListener(type, stop, { passive: false });
  }

  function targetOf(element: HTMLElement): Record<string, unknown> {
    const { offsetLeft, offsetTop } = element;
    return { id: element.id, dataset: plain(factsOf(element)?.dataset ?? {}), offsetLeft, offsetTop };
  }

  function run(handler: Handler, element: HTMLElement, path: HTMLElement[], event: ViewEvent): unknown {
    const call = modules.functionOf(handler);
    if (!call) return undefined;
    const owner = descriptors.ownerOf(element);
    // Inside of other components nothing is to be seen: the first node of the same template stands for what is in it.
    const target = path.find((other) => descriptors.ownerOf(other) === owner) ?? element;
    const { type, timeStamp, detail, touches, changedTouches } = event;
    const given = {
      ...{ type, timeStamp, detail: plain(detail), target: targetOf(target), currentTarget: targetOf(element) },
      ...(touches && { touches: plain(touches) }),
      ...(changedTouches && { changedTouches: plain(changedTouches) }),
      instance: descriptors.of(options.numberOf(element)),
    };
    return call(given, descriptors.of(owner));
  }

  function dispatch(path: HTMLElement[], event: ViewEvent): NodeId | undefined {
    const { type } = event;
    let mutated = false;
    /** @returns whether the event ends here, and by which node's handler */
    const meet = (element: HTMLElement, capture: boolean): NodeId | boolean => {
      const facts = factsOf(element);
      const key = keyOf(type, capture);
      const handler = facts?.handlers?.get(key);
      if (handler && !(handler.mutated && mutated)) {
        mutated ||= handler.mutated;
        const result = guard(() => run(handler, element, path, event));
        if (result === false) return options.numberOf(element);
        if (handler.final) return true;
      }
      return facts?.catches?.has(key) ?? false;
    };
    for (let at = path.length - 1; at >= 0; at--) {
      const end = meet(path[at] as HTMLElement, true);
      if (end !== false) return end === true ? undefined : end;
    }
    for (const element of path) {
      const end = meet(element, false);
      if (end !== false) return end === true ? undefined : end;
      if (!event.bubbles) break;
    }
    return undefined;
  }

  return {
    modules,
    descriptors,
    handle(element, type, flags, script, path) {
      const facts = needFacts(element);
      const key = keyOf(type, (flags & HandleFlag.Capture) !== 0);
      if (script < 0) {
        facts.handlers?.delete(key);
        return;
      }
      handled.add(type);
      facts.handlers ??= new Map();
      const final = (flags & HandleFlag.Final) !== 0;
      facts.handlers.set(key, { script, path, final, mutated: (flags & HandleFlag.Mutated) !== 0 });
      keepFromScrolling(element, type);
    },
    catch(element, type, capture, on) {
      const facts = needFacts(element);
      facts.catches ??= new Set();
      if (on) facts.catches.add(keyOf(type, capture));
      else facts.catches.delete(keyOf(type, capture));
      keepFromScrolling(element, type);
    },
    hear(element, type) {
      const facts = needFacts(element);
      facts.heard ??= new Set();
      facts.heard.add(type);
    },
    later(element, component, script, path, value) {
      waiting.push(() => {
        const call = modules.functionOf({ script, path });
        const instance = descriptors.of(options.numberOf(element));
        if ('event' in value) call?.({ ...value.event, instance }, descriptors.of(component));
        else call?.(value.now, value.before, descriptors.of(component), instance);
      });
    },
    settle() {
      const runs = waiting;
      waiting = [];
      for (const each of runs) guard(each);
    },
    handles: (type) => handled.has(type),
    isHeard(element, type) {
      for (let node: Element | null | undefined = element; node; node = outer(node))
        if (factsOf(node)?.heard?.has(type)) return true;
      return false;
    },
    dispatch(element, event) {
      if (!element || !handled.has(event.type)) return undefined;
      const path: HTMLElement[] = [];
      const owner = event.composed ? 0 : descriptors.ownerOf(element);
      for (let node: Element | null = element; node && node !== options.root; node = outer(node))
        if (options.numberOf(node) !== 0 && (event.composed || descriptors.ownerOf(node) === owner))
          path.push(node as HTMLElement);
      const end = dispatch(path, event);
      if (end === undefined) ended.delete(event.type);
      else ended.add(event.type);
      return end;
    },
  };
}
