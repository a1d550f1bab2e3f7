/**
 * The component framework behind one interface: glass-easel and its mini-program adapter are named in this file and in
 * `tree-*.ts` only, so that they can be replaced.
 */
import {
  type ComponentConfig,
  type PackageManifest,
  rootOfFile,
  type ServiceBundle,
  type ViewEvent,
} from '@sparrow/protocol';
import * as glassEasel from 'glass-easel';
import { component as adapterComponent, MiniProgramEnv } from 'glass-easel-miniprogram-adapter';
import { builtinBehaviors, FORM_FIELD_BEHAVIOR } from './builtin-behaviors.ts';
import type { Caller } from './caller.ts';
import { createObserverGuard, type Definition, pageDefinition, prepareDefinition } from './definitions.ts';
import { createEvent, installEventShape } from './event-object.ts';
import { withFormFields } from './form-fields.ts';
import type { IntersectionOptions } from './intersection-observer.ts';
import { keyframeMethods } from './keyframes.ts';
import type { TreeBackend, TreeBackendOptions } from './tree-backend.ts';
import type { TreeNode } from './tree-node.ts';
import { createWxsInstances } from './wxs-instance.ts';

/** What `Page`, `Component` and `Behavior` are while a module of this path runs. */
export interface DefinitionEnv {
  Page(definition: Definition): void;
  Component(definition?: Definition): unknown;
  Behavior(definition?: Definition): unknown;
}

export interface PageRoot {
  readonly caller: Caller;
  /**
   * Gives the properties of these names their values, converted to their types; other names are none of its business.
   */
  setProperties(values: Record<string, unknown>): void;
  /** Attaches the page: created and attached lifetimes of everything in it run. */
  attach(): void;
  pageLifetime(name: 'show' | 'hide' | 'resize' | 'routeDone', args: unknown[]): void;
  /** Detaches and frees everything. */
  release(): void;
}

export interface Framework {
  addBundle(bundle: ServiceBundle): void;
  definitionEnv(path: string): DefinitionEnv;
  isDefined(path: string): boolean;
  /** Defines an empty page or component where the code did not. */
  defineEmpty(path: string): void;
  /** `tag` names the element it becomes: a page, or the tab bar that a program draws itself. */
  createPage(path: string, backend: TreeBackend, tag?: 'page' | 'custom-tab-bar'): PageRoot;
  dispatch(backend: TreeBackend, event: ViewEvent): void;
  /** Options for the tree backend of a new page. */
  backendOptions(): Pick<TreeBackendOptions, 'scopeName' | 'scopeMarker' | 'fileRoot' | 'hostAttributes'>;
  /** Live reload: takes over the settings of a newer package. */
  updateManifest(manifest: PackageManifest): void;
  /** Live reload: while it runs, definitions replace the methods of living instances, too. */
  redefine(roots: PageRoot[], run: () => void): void;
  /** Live reload: puts new templates under the living instances; their data stay. */
  updateTemplates(bundle: ServiceBundle, roots: PageRoot[]): void;
}

export interface FrameworkOptions {
  manifest: PackageManifest;
  onError(error: unknown, info: { method: string; is: string }): void;
  onWarning(message: string, info: { is: string }): void;
  /** A placeholder has been put where this component belongs; it takes its place when it is defined. */
  onPlaceholder(path: string): void;
}

type TemplateMap = Record<string, Parameters<ReturnType<MiniProgramEnv['createCodeSpace']>['addCompiledTemplate']>[1]>;
type EventWrapper = (
  caller: unknown,
  event: unknown,
  listener: (...args: unknown[]) => unknown,
  path?: unknown[] | null,
) => unknown;
/** An event as handlers get it; see `event-object.ts`. */
interface RaisedEvent {
  currentElement?: glassEasel.Element;
  detail?: { value?: unknown };
}
interface TemplateInstance {
  procGenWrapper?: { setEventListenerWrapper?(wrapper: EventWrapper): void };
}

export function createFramework(options: FrameworkOptions): Framework {
  let { manifest } = options;
  /** Living instances by path, while definitions are replaced. */
  let living: Map<string, glassEasel.GeneralComponent[]> | undefined;
  installEventShape();
  const glass = glassEasel.globalOptions as unknown as Record<string, unknown>;
  // Fields written to the node collide with properties named `dataset` and the like.
  glass.writeFieldsToNode = false;
  // Style sheets and scroll-into-view name ids.
  glass.writeIdToDOM = true;
  glass.throwGlobalError = false;
  glassEasel.addGlobalErrorListener((error, method, component) => {
    options.onError(error, { method: method ?? '', is: componentName(component) });
    return false;
  });
  glassEasel.addGlobalWarningListener((message, component) => {
    // `wx:key` without a value is common in real programs and means "no key".
    if (message === 'Some keys are not unique while list updates: "".') return false;
    options.onWarning(message, { is: componentName(component) });
    return false;
  });

  const env = new MiniProgramEnv();
  const space = env.createCodeSpace('', true);
  const scopes = space.getComponentSpace().styleScopeManager;
  space.getComponentSpace().setComponentWaitingListener((_public, path) => options.onPlaceholder(path));
  const behaviors = builtinBehaviors((definition) =>
    space
      .behavior()
      .definition(definition as never)
      .register(),
  );
  const markers = new Map<string, string>();
  /** Folders of plugins by the style scopes of their components. */
  const roots = new Map<string, string>();
  for (const [path, config] of Object.entries(manifest.components)) registerConfig(path, config);
  space.addStyleSheet('app', 'app', '');

  function registerConfig(path: string, config: ComponentConfig): void {
    space.addComponentStaticConfig(path, {
      // A page written with Component() still shares styles as a page does.
      component: config.component && !config.page,
      usingComponents: absolute(config.usingComponents),
      componentGenerics: Object.fromEntries(
        Object.entries(config.componentGenerics).map(([name, generic]) => [
          name,
          generic === true || !generic.default ? generic : { default: `/${generic.default}` },
        ]),
      ),
      componentPlaceholder: config.componentPlaceholder,
      ...(config.styleIsolation && { styleIsolation: config.styleIsolation }),
      ...(config.addGlobalClass !== undefined && { addGlobalClass: config.addGlobalClass }),
      ...(config.pureDataPattern && { pureDataPattern: config.pureDataPattern }),
    } as never);
    space.addStyleSheet(path, path, config.styleScope || undefined);
    if (config.styleMarker) markers.set(config.styleScope, config.styleScope);
    if (rootOfFile(path) !== '') roots.set(config.styleScope, `/${rootOfFile(path)}`);
  }

  const guard = createObserverGuard();
  const defined = new Set<string>();
  // The space wants the framework's own behavior, which the adapter's has inside.
  const { _$: everyComponent } = space
    .behavior()
    .init(({ self, lifetime }) => {
      const component = (self as unknown as Caller)._$;
      lifetime('created', () => hookEvents(component));
      lifetime('attached', () => {
        const context = component.getBackendContext();
        // A component that was defined after its page began brings its sheet along; the others are there, in their
        // order.
        if (Object.hasOwn(manifest.components, component.is))
          (context as unknown as TreeBackend | null)?.appendStyleSheetPath(component.is);
        context?.render(() => component.triggerLifetime('ready', []));
      });
    })
    .register() as unknown as { _$: never };
  space.setOverallBehavior(everyComponent);

  const wxsInstance = createWxsInstances((element, name, detail) =>
    glassEasel.Event.triggerEvent(element, name, detail, { bubbles: false, composed: false }),
  );

  function hookEvents(component: glassEasel.GeneralComponent): void {
    const template = (component as unknown as { _$tmplInst?: TemplateInstance })._$tmplInst;
    template?.procGenWrapper?.setEventListenerWrapper?.((caller, event, listener, path) => {
      // A function of a WXS module: it gets instances instead of `this`, and may stop the event by what it returns.
      if (Array.isArray(path) && typeof path[0] === 'number' && path[0] > 0) {
        const target = (event as { currentElement?: glassEasel.Element }).currentElement;
        if (target) Object.assign(event as object, { instance: wxsInstance(target) });
        return listener(event, wxsInstance((caller as Caller)._$)) === false ? false : undefined;
      }
      // A handler of the mini program cannot stop an event by what it returns, but one of `input` can replace the text.
      const result = listener.call(caller, event);
      if ((event as { type?: string }).type === 'input') replaceText(event as RaisedEvent, result);
      return undefined;
    });
  }

  /** The handler of `input` may return the text that is to be shown: itself or `{value, cursor}`. */
  function replaceText(event: RaisedEvent, result: unknown): void {
    const given = typeof result === 'string' ? { value: result } : result;
    if (typeof given !== 'object' || given === null || !('value' in given) || typeof given.value !== 'string') return;
    const node = event.currentElement?.getBackendElement() as TreeNode | null | undefined;
    const { cursor } = given as { cursor?: unknown };
    // What the answer is about goes along: to a text that has grown meanwhile the handler answers again.
    if (node?.id) void node.page.call(node.id, 'replaceValue', [event.detail?.value, given.value, cursor]);
  }

  /** What compiled templates ask of the runtime; `A` wraps the handlers of `change:property`. */
  const templateHooks = {
    A:
      (listener: unknown) =>
      (now: unknown, before: unknown, host: glassEasel.Element, element: glassEasel.Element): void => {
        if (typeof listener !== 'function') return;
        // As in the original the handler finds the whole tree of this change, not the part that is built so far.
        queueMicrotask(() => {
          try {
            listener(now, before, wxsInstance(host), wxsInstance(element));
          } catch (error) {
            options.onError(error, { method: 'a change handler in WXS', is: componentName(host) });
          }
        });
      },
    B: (value: unknown) => value,
  };

  function evaluateTemplates(bundle: ServiceBundle): TemplateMap {
    if (!bundle.templates) return {};
    // biome-ignore lint/security/noGlobalEval: templates are code made by our compiler; the realm is sandboxed
    const make = (0, eval)(`(function (sparrowHooks) { return ${bundle.templates}\n})`) as (
      hooks: object,
    ) => TemplateMap;
    return make(templateHooks);
  }

  function addTemplates(bundle: ServiceBundle): void {
    for (const [path, template] of Object.entries(evaluateTemplates(bundle))) space.addCompiledTemplate(path, template);
  }

  const framework: Framework = {
    addBundle: addTemplates,
    isDefined: (path) => defined.has(path),
    defineEmpty(path) {
      if (defined.has(path)) return;
      defined.add(path);
      space.component(path).definition({}).register();
    },
    definitionEnv: (path) => ({
      Page(definition) {
        defined.add(path);
        const { init, ...rest } = pageDefinition(definition);
        replaceMethods(path, rest.methods);
        space
          .component(path)
          .definition(prepareDefinition(rest, behaviors, guard) as never)
          .init(({ self }) => init(self as unknown as Record<string, unknown>))
          .register();
      },
      Component(definition) {
        defined.add(path);
        if (!definition) return space.component(path);
        applyScriptOptions(path, definition);
        replaceMethods(path, definition.methods);
        return space
          .component(path)
          .definition(prepareDefinition(definition, behaviors, guard) as never)
          .register();
      },
      Behavior(definition) {
        if (!definition) return space.behavior();
        return space
          .behavior()
          .definition(prepareDefinition(definition, behaviors, guard) as never)
          .register();
      },
    }),

    createPage(path, backend, tag = 'page') {
      const associated = env.associateBackend(backend as never);
      const root = associated.createRoot(tag, space, `/${path}`);
      const component = root.getComponent() as glassEasel.GeneralComponent;
      const placeholder = backend.createElement(tag, tag);
      return {
        caller: root.get() as unknown as Caller,
        setProperties(values) {
          const group = (
            component as unknown as { _$dataGroup: { replaceProperty(name: string, v: unknown): boolean } }
          )._$dataGroup;
          const given = Object.entries(values).filter(([name]) => glassEasel.Component.hasProperty(component, name));
          for (const [name, value] of given) group.replaceProperty(name, value);
          if (given.length > 0) component.applyDataUpdates();
        },
        attach() {
          backend.root.appendChild(placeholder);
          root.attach(backend.root as never, placeholder as never);
        },
        pageLifetime: (name, args) => component.triggerPageLifetime(name, args as never),
        release: () => root.release(),
      };
    },

    dispatch(backend, event) {
      const element = backend.elementOf(event);
      if (!element) return;
      const complete = withFormFields(element, event, behaviors.get(FORM_FIELD_BEHAVIOR));
      backend.handling(event, () => glassEasel.Event.dispatchEvent(element, createEvent(complete) as never));
    },

    backendOptions: () => ({
      scopeName: (scope) => scopes.queryName(scope) ?? '',
      scopeMarker: (scope) => markers.get(scopes.queryName(scope) ?? ''),
      fileRoot: (scope) => (roots.size === 0 ? '' : (roots.get(scopes.queryName(scope) ?? '') ?? '')),
      hostAttributes(element) {
        const config = manifest.components[(element as unknown as { is?: string }).is ?? ''];
        const host = config?.styleHost ?? config?.styleScope;
        return host ? [['wx-host', host]] : undefined;
      },
    }),

    updateManifest(next) {
      manifest = next;
      for (const [path, config] of Object.entries(manifest.components)) registerConfig(path, config);
    },

    redefine(roots, run) {
      living = new Map();
      for (const root of roots)
        forEachComponent(root.caller._$, (component) => {
          const instances = living?.get(component.is) ?? [];
          instances.push(component);
          living?.set(component.is, instances);
        });
      try {
        run();
      } finally {
        living = undefined;
      }
    },

    updateTemplates(bundle, roots) {
      const templates = evaluateTemplates(bundle);
      for (const [path, template] of Object.entries(templates)) {
        space.addCompiledTemplate(path, template);
        const definition = space.getComponentSpace().getComponentByUrlWithoutDefault(`/${path}`, '');
        // A component that has never been created takes the new template when it is.
        if (definition?.isPrepared()) definition.updateTemplate(template as never);
      }
      const components: glassEasel.GeneralComponent[] = [];
      for (const root of roots) forEachComponent(root.caller._$, (component) => components.push(component));
      for (const component of components) {
        const template = Object.hasOwn(templates, component.is) ? templates[component.is] : undefined;
        if (!template) continue;
        // A definition that was replaced lives on in its instances.
        component.getComponentDefinition().updateTemplate(template as never);
        component.applyTemplateUpdates();
        hookEvents(component);
      }
    },
  };

  /** Methods of the living instances become those of the new definition. */
  function replaceMethods(path: string, methods: Record<string, unknown> | undefined): void {
    for (const component of living?.get(path) ?? []) {
      const map = (component.getRootBehavior() as unknown as { _$methodMap: Record<string, unknown> })._$methodMap;
      const prototype = Object.getPrototypeOf(component.getMethodCaller()) as Record<string, unknown>;
      for (const [name, method] of Object.entries(methods ?? {})) {
        map[name] = method;
        prototype[name] = method;
      }
    }
  }

  /** Options written in the script count where the JSON says nothing. */
  function applyScriptOptions(path: string, definition: Definition): void {
    const config = manifest.components[path];
    const { styleIsolation, addGlobalClass, pureDataPattern } = definition.options ?? {};
    if (!config || config.styleIsolation) return;
    const current = space.getComponentStaticConfig(path);
    space.addComponentStaticConfig(path, {
      ...current,
      // Its sheet has been compiled with a prefix, so "shared" can only mean that outer styles reach in.
      ...(styleIsolation && {
        styleIsolation: styleIsolation === 'shared' && config.styleScope ? 'apply-shared' : styleIsolation,
      }),
      ...(addGlobalClass && { addGlobalClass }),
      ...(typeof pureDataPattern === 'string' && { pureDataPattern }),
    } as never);
  }

  return framework;
}

/** Methods of every page and component that are ours instead of the adapter's. */
export function installComponentMethods(methods: {
  createSelectorQuery(caller: Caller): unknown;
  createIntersectionObserver(caller: Caller, options?: IntersectionOptions): unknown;
  createMediaQueryObserver(caller: Caller): unknown;
  /** Number of the page a page or component stands in. */
  pageIdOf(caller: Caller): number | undefined;
  /** The tab bar the program draws itself, on the page this stands in. */
  tabBarOf(caller: Caller): Caller | null;
}): void {
  Object.assign(adapterComponent.ComponentCaller.prototype, {
    createSelectorQuery(this: Caller) {
      return methods.createSelectorQuery(this);
    },
    createIntersectionObserver(this: Caller, options?: IntersectionOptions) {
      return methods.createIntersectionObserver(this, options);
    },
    createMediaQueryObserver(this: Caller) {
      return methods.createMediaQueryObserver(this);
    },
    getPageId(this: Caller) {
      return methods.pageIdOf(this);
    },
    getTabBar(this: Caller) {
      return methods.tabBarOf(this);
    },
    // There is nothing to measure that a program could use.
    setUpdatePerformanceListener: () => {},
    ...keyframeMethods,
  });
}

/** Sees every setData of the program before it is done. Called once, and only when somebody wants to know. */
export function watchSetData(onData: (caller: Caller, component: string, data: unknown) => void): void {
  const { prototype } = adapterComponent.ComponentCaller as unknown as { prototype: Caller };
  const { setData } = prototype;
  prototype.setData = function (this: Caller, data, callback) {
    onData(this, this._$.is, data);
    setData.call(this, data, callback);
  };
}

/** The framework takes a path without a leading slash as relative to the component that names it. */
function absolute(paths: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, `/${path}`]));
}

function componentName(component: unknown): string {
  return typeof component === 'string' ? component : ((component as { is?: string } | undefined)?.is ?? '');
}

/** Walks over all components of a shadow tree, the inner ones last. */
function forEachComponent(
  component: glassEasel.GeneralComponent,
  visit: (component: glassEasel.GeneralComponent) => void,
): void {
  visit(component);
  const walk = (node: glassEasel.Node): void => {
    if (glassEasel.TextNode.isTextNode(node)) return;
    if (glassEasel.Component.isComponent(node)) forEachComponent(node, visit);
    for (const child of node.childNodes) walk(child);
  };
  const shadow = component.getShadowRoot();
  for (const child of shadow?.childNodes ?? []) walk(child);
}
