import * as glassEasel from 'glass-easel';
import type { Caller } from './caller.ts';
import type { LightRows } from './light-rows.ts';
import { createRowLists } from './row-lists.ts';
import type { Children } from './row-shape.ts';
import type { TreeBackend } from './tree-backend.ts';
import type { WxsScripts } from './wxs-scripts.ts';

/** Runs a listener that a template binds; what it returns goes to the dispatching event. */
export type EventWrapper = (caller: Caller, event: unknown, listener: (...args: unknown[]) => unknown) => unknown;

/** What compiled templates call; the letters are glass-easel's. */
interface ProcGenWrapper {
  /** Binds an event. */
  v(
    element: glassEasel.Element,
    type: string,
    value: unknown,
    final: boolean,
    mutated: boolean,
    capture: boolean,
    isDynamic: boolean,
    path?: unknown[] | null,
  ): void;
  /** Watches a change of an attribute. */
  p(element: glassEasel.Element, name: string, listener: unknown, path?: unknown[] | null): void;
  /** Sets a value of the dataset. */
  d(element: glassEasel.Element, name: string, value: unknown): void;
  setEventListenerWrapper(wrapper: EventWrapper): void;
  handleChildrenCreationAndInsert(children: Children, parent: glassEasel.Element, slot?: unknown, name?: string): void;
  handleChildrenUpdate(children: Children, parent: glassEasel.Element, slot?: unknown, name?: string): void;
}
interface TemplateInstance {
  /** Replaced with the template, by live reload. */
  procGenWrapper?: ProcGenWrapper;
}

/**
 * The template engine of glass-easel, with an eye on what templates bind: a WXS function that handles an event is told to the
 * view, which runs it.
 */
export function createTemplateEngine(
  scripts: WxsScripts,
  wrapListener: EventWrapper,
): glassEasel.templateEngine.TemplateEngine {
  const engine = new glassEasel.template.GlassEaselTemplateEngine();
  const lists = createRowLists();

  function watch(wrapper: ProcGenWrapper, component: glassEasel.GeneralComponent): ProcGenWrapper {
    wrapper.setEventListenerWrapper(wrapListener);
    const backend = component.getBackendContext() as unknown as TreeBackend | null;
    if (!backend) return wrapper;
    const { v: bind, p: watchChange, d: setData } = wrapper;
    let rows: LightRows | undefined;
    wrapper.v = (element, type, value, final, mutated, capture, ...rest) => {
      if (rows?.bind(element, type, value, [final, mutated, capture, ...rest])) return;
      const set = (): void => bind(element, type, value, final, mutated, capture, ...rest);
      scripts.addBound(value);
      const reference = scripts.referenceOf(value);
      // The logic layer calls methods, which are named, and functions that a module has made while it ran.
      if ((typeof value === 'string' && value !== '') || (typeof value === 'function' && !reference)) set();
      else backend.quietly(set);
      const known = reference ? backend.needScripts() : backend.scripts;
      known?.bind(element, { type, final, mutated, capture }, reference);
    };
    wrapper.p = (element, name, ...rest) => {
      if (!rows?.watch(element)) watchChange(element, name, ...rest);
    };
    wrapper.d = (element, name, value) => {
      setData(element, name, value);
      backend.scripts?.datasetChanged(element);
    };
    const create = wrapper.handleChildrenCreationAndInsert.bind(wrapper);
    const update = wrapper.handleChildrenUpdate.bind(wrapper);
    const isRow = (parent: glassEasel.Element, slot: unknown): boolean =>
      slot === undefined &&
      (parent as { is?: string }).is === 'wx:for-item' &&
      // A view that runs handlers of this template is told more of each node than a row knows.
      !backend.scripts?.owns(component.getShadowRoot());
    wrapper.handleChildrenCreationAndInsert = (children, parent, slot, name) => {
      if (!isRow(parent, slot)) return create(children, parent, slot, name);
      rows ??= lists.add(component, {
        create,
        update,
        bind: (element, type, value, rest) =>
          wrapper.v(element, type, value, ...(rest as [boolean, boolean, boolean, boolean])),
      });
      create(rows.item(children), parent, slot, name);
    };
    wrapper.handleChildrenUpdate = (children, parent, slot, name) =>
      update(rows && isRow(parent, slot) ? rows.item(children) : children, parent, slot, name);
    return wrapper;
  }

  return {
    create(behavior, options) {
      const template = engine.create(behavior, options);
      const { createInstance } = template;
      template.createInstance = (component, createShadowRoot) => {
        const instance = createInstance.call(template, component, createShadowRoot) as ReturnType<
          typeof createInstance
        > &
          TemplateInstance;
        if (!instance.procGenWrapper) return instance;
        let current = watch(instance.procGenWrapper, component);
        Object.defineProperty(instance, 'procGenWrapper', {
          get: () => current,
          set: (made: ProcGenWrapper) => {
            current = watch(made, component);
          },
        });
        return instance;
      };
      return template;
    },
  };
}
