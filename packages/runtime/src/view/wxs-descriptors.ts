import type { NodeId } from '@sparrow/protocol';
import { convertRpx } from '../bridge/rpx.ts';
import type { WxElement } from '../components/wx-element.ts';
import { factsOf, needFacts } from './node-facts.ts';

/** What WXS code gets of a component or node. Source: the WXS event chapter of the guide (ComponentDescriptor). */
export interface ComponentDescriptor {
  selectComponent(selector: string): ComponentDescriptor | undefined;
  selectAllComponents(selector: string): ComponentDescriptor[];
  setStyle(style: string | Record<string, string | number>): ComponentDescriptor;
  addClass(names: string): ComponentDescriptor;
  removeClass(names: string): ComponentDescriptor;
  hasClass(name: string): boolean;
  getDataset(): Record<string, unknown>;
  callMethod(name: string, argument?: unknown): void;
  triggerEvent(name: string, detail?: unknown): void;
  /** An object that stays with the node. */
  getState(): Record<string, unknown>;
  getComputedStyle(names: string[]): Record<string, string>;
  getBoundingClientRect(): { left: number; top: number; right: number; bottom: number; width: number; height: number };
  requestAnimationFrame(callback: () => void): void;
  setTimeout(callback: () => void, milliseconds?: number): number;
  clearTimeout(timer: number): void;
}

export interface DescriptorOptions {
  root: HTMLElement;
  window: Window;
  element(id: NodeId): HTMLElement | undefined;
  /** The number of a DOM node of the tree. */
  numberOf(node: Node | null): NodeId;
  isHost(element: Element): boolean;
  /** To the logic layer: calls a method of the component, or raises an event of it. */
  call(component: NodeId, call: { method?: string; event?: string; value?: unknown }): void;
  /** Runs a function of a WXS module; what it throws is reported. */
  guard(run: () => unknown): unknown;
}

export interface Descriptors {
  /** The same number always gives the same one, so that its state stays. */
  of(number: NodeId): ComponentDescriptor;
  /** The component whose template this node is of. */
  ownerOf(element: Element): NodeId;
  setPrefixes(component: NodeId, prefixes: string[]): void;
  /** Puts what WXS has set over the class or style that the template has just set. */
  restore(element: HTMLElement, what: 'class' | 'style'): void;
  /** These numbers will not be named again. */
  forget(from: NodeId, to: NodeId): void;
}

export function createDescriptors(options: DescriptorOptions): Descriptors {
  const { root, window } = options;
  const known = new Map<NodeId, ComponentDescriptor>();
  /** Class prefixes by component. */
  const prefixes = new Map<NodeId, string[]>();

  function ownerOf(element: Element): NodeId {
    for (let node: Element | null = element; node; ) {
      const owner = factsOf(node)?.owner;
      if (owner !== undefined) return owner;
      node = outer(node);
      if (node && options.isHost(node)) return options.numberOf(node);
    }
    return 0;
  }

  function select(component: NodeId, selector: string): HTMLElement[] {
    const query = domSelector(selector);
    if (query === undefined) return [];
    const crosses = selector.includes('>>>');
    // A component without a node of its own has its nodes anywhere in the page.
    const from = options.element(component) ?? root;
    const found = [...from.querySelectorAll<HTMLElement>(query)];
    for (const home of root.querySelectorAll(':scope > wx-portal-layer'))
      found.push(...home.querySelectorAll<HTMLElement>(query));
    return [...new Set(found)].filter(
      (element) => options.numberOf(element) !== 0 && (crosses || ownerOf(element) === component),
    );
  }

  function classNames(element: HTMLElement, names: string): string[] {
    const own = prefixes.get(ownerOf(element)) ?? [''];
    return names
      .split(/\s+/)
      .filter(Boolean)
      .flatMap((name) => own.map((prefix) => (prefix ? `${prefix}--${name}` : name)));
  }
  function changeClasses(element: HTMLElement, names: string, on: boolean): void {
    const facts = needFacts(element);
    facts.classes ??= new Map();
    for (const name of classNames(element, names)) {
      facts.classes.set(name, on);
      element.classList.toggle(name, on);
    }
  }

  function setStyle(element: HTMLElement, style: string | Record<string, string | number>): void {
    const facts = needFacts(element);
    facts.style ??= element.style.cssText;
    facts.scriptStyle = convertRpx(typeof style === 'string' ? style : cssText(style));
    element.style.cssText = `${facts.style};${facts.scriptStyle}`;
    (element as WxElement).styleReplaced?.();
  }

  function describe(number: NodeId): ComponentDescriptor {
    const state: Record<string, unknown> = {};
    /** Does something to the node, if it is there. */
    const change = (run: (element: HTMLElement) => void): ComponentDescriptor => {
      const element = options.element(number);
      if (element) run(element);
      return made;
    };
    const made: ComponentDescriptor = {
      selectComponent(selector) {
        const found = select(number, selector)[0];
        return found && of(options.numberOf(found));
      },
      selectAllComponents: (selector) => select(number, selector).map((element) => of(options.numberOf(element))),
      setStyle: (style) => change((element) => setStyle(element, style)),
      addClass: (names) => change((element) => changeClasses(element, names, true)),
      removeClass: (names) => change((element) => changeClasses(element, names, false)),
      hasClass(name) {
        const element = options.element(number);
        return element !== undefined && classNames(element, name).some((own) => element.classList.contains(own));
      },
      getDataset() {
        const element = options.element(number);
        return plain((element && factsOf(element)?.dataset) ?? {}) as Record<string, unknown>;
      },
      callMethod: (name, argument) => options.call(number, { method: name, value: plain(argument) }),
      triggerEvent: (name, detail) => options.call(number, { event: name, value: plain(detail) }),
      getState: () => state,
      getComputedStyle(names) {
        const element = options.element(number);
        if (!element) return {};
        const style = window.getComputedStyle(element);
        return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(dashed(name))]));
      },
      getBoundingClientRect() {
        const box = (options.element(number) ?? root).getBoundingClientRect();
        const { left, top, right, bottom, width, height } = box;
        return { left, top, right, bottom, width, height };
      },
      requestAnimationFrame: (callback) => void window.requestAnimationFrame(() => options.guard(callback)),
      setTimeout: (callback, milliseconds) => window.setTimeout(() => options.guard(callback), milliseconds),
      clearTimeout: (timer) => window.clearTimeout(timer),
    };
    return made;
  }
  function of(number: NodeId): ComponentDescriptor {
    const existing = known.get(number) ?? describe(number);
    known.set(number, existing);
    return existing;
  }

  return {
    of,
    ownerOf,
    setPrefixes: (component, own) => void prefixes.set(component, own),
    restore(element, what) {
      const facts = factsOf(element);
      if (what === 'class') for (const [name, on] of facts?.classes ?? []) element.classList.toggle(name, on);
      else if (facts?.scriptStyle !== undefined) {
        facts.style = element.style.cssText;
        element.style.cssText = `${facts.style};${facts.scriptStyle}`;
      }
    },
    forget(from, to) {
      for (const table of [known, prefixes])
        for (const number of table.keys()) if (number >= from && number <= to) table.delete(number);
    },
  };
}

/** The element around it in the tree: a portal keeps its children elsewhere. */
export function outer(element: Element): Element | null {
  return (element as Element & { portal?: Element }).portal ?? element.parentElement;
}

/** A copy that shares nothing with the module that gave it. */
export function plain(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value) ?? 'null') as unknown);
}

/** Parts of a selector as mini programs have them: `#id.class`, joined by white space, `>` or `>>>`. */
const PART = /^(#[_a-zA-Z][-\w:]*)?((?:\.-?[_a-zA-Z][-\w]*)*)$/;

/** The same for the DOM, where a class may have the prefix of its component. */
function domSelector(selector: string): string | undefined {
  const lists = String(selector)
    .split(',')
    .map((list) =>
      list
        .trim()
        .replace(/\s*>{3}\s*/g, ' ')
        .replace(/\s*>\s*/g, ' > ')
        .split(/\s+/)
        .map((part) => {
          if (part === '>') return part;
          const [, id = '', classes = ''] = PART.exec(part) ?? [];
          if (!id && !classes) return undefined;
          const named = classes.split('.').slice(1);
          return (
            (id && `#${CSS.escape(id.slice(1))}`) +
            named.map((name) => `:is(.${name},[class$="--${name}"],[class*="--${name} "])`).join('')
          );
        }),
    )
    .filter((parts) => parts.length > 0 && !parts.includes(undefined));
  return lists.length > 0 ? lists.map((parts) => parts.join(' ')).join(',') : undefined;
}

function cssText(style: Record<string, string | number>): string {
  return Object.entries(style)
    .map(([name, value]) => `${dashed(name)}:${value}`)
    .join(';');
}
const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
