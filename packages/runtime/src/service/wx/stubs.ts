import type { Callbacks } from './api.ts';
import type { LogicLayer } from './context.ts';
import { WX_FUNCTIONS } from './functions.generated.ts';

type Options = Record<string, ((value: unknown) => void) | undefined>;
type Fail = (name: string, options: unknown) => Promise<never> | undefined;

/**
 * Functions of the official typings that Sparrow does not have: they fail the way a real phone says it of an old version,
 * and are reported, so that nobody has to guess why nothing happens. Each is reported once a page.
 */
export function createStubs(context: LogicLayer, implemented: ReadonlySet<string>): Record<string, unknown> {
  const stubs: Record<string, unknown> = {};
  const reported = new Set<string>();
  const report = (name: string, once = false): void => {
    const key = `${once ? '' : (context.currentPage()?.id ?? 0)} ${name}`;
    if (reported.has(key)) return;
    reported.add(key);
    context.reporter.problem('api', 'API_NOT_SUPPORTED', `wx.${name} is not supported`);
  };
  /** Settles a call the usual two ways. */
  const fail: Fail = (name, given) => {
    report(name);
    const error = { errMsg: `${name}:fail not supported` };
    const { success, fail, complete } = (typeof given === 'object' && given ? given : {}) as Options & Callbacks;
    if (!success && !fail && !complete) return Promise.reject(error);
    queueMicrotask(() => {
      context.reporter.guard(`wx.${name} fail`, () => fail?.(error as never));
      context.reporter.guard(`wx.${name} complete`, () => complete?.(error as never));
    });
    return undefined;
  };

  for (const name of WX_FUNCTIONS) {
    if (implemented.has(name)) continue;
    if (/^o(n|ff)[A-Z]/.test(name)) stubs[name] = () => report(name, true);
    else if (isFactory(name))
      stubs[name] = () => {
        report(name);
        return deadObject(name, report);
      };
    else if (name.endsWith('Sync') || name === 'revokeBufferURL' || name === 'cancelIdleCallback')
      stubs[name] = () => {
        report(name);
        throw new Error(`${name}:fail not supported`);
      };
    else stubs[name] = (options?: unknown) => fail(name, options);
  }
  if (!implemented.has('cloud')) stubs.cloud = createCloud(report, fail);
  if (!implemented.has('router')) stubs.router = namespace('router', ROUTER, report);
  if (!implemented.has('worklet')) stubs.worklet = namespace('worklet', WORKLET, report);
  return stubs;
}

const ROUTER = ['addRouteBuilder', 'removeRouteBuilder', 'getRouteContext'];
const WORKLET = ['cancelAnimation', 'decay', 'delay', 'derived', 'repeat', 'sequence', 'shared', 'spring', 'timing'];

/** Functions that give an object: a program goes on to call its methods. */
function isFactory(name: string): boolean {
  return (
    /^create[A-Z]/.test(name) ||
    /^get[A-Z].*Manager$/.test(name) ||
    name === 'getNFCAdapter' ||
    name === 'getXrFrameSystem'
  );
}

/**
 * An object that lets a program live on: every method reports and does nothing, but tells a caller with callbacks that it
 * failed; properties keep what is written to them.
 */
function deadObject(name: string, report: (name: string) => void): object {
  return new Proxy<Record<string | symbol, unknown>>(
    {},
    {
      get(target, property) {
        // A promise asks every value it resolves with for `then`.
        if (property in target || typeof property === 'symbol' || property === 'then') return target[property];
        return function (options?: Options): void {
          report(`${name}().${property}`);
          // Programs extend what they take for a class. (Asking for it also keeps this from being made an arrow.)
          if (new.target) return;
          const error = { errMsg: `${property}:fail not supported` };
          if (typeof options !== 'object' || !options) return;
          for (const callback of [options.fail, options.complete])
            if (typeof callback === 'function') queueMicrotask(() => callback(error));
        };
      },
    },
  );
}

function namespace(name: string, methods: readonly string[], report: (name: string) => void): object {
  return Object.fromEntries(methods.map((method) => [method, () => report(`${name}.${method}`)]));
}

/** wx.cloud: the same failure for every call; a database query fails when it is carried out. */
function createCloud(report: (name: string) => void, fail: Fail): object {
  const calls = ['callFunction', 'callContainer', 'uploadFile', 'downloadFile', 'getTempFileURL', 'deleteFile'];
  const carriedOut = new Set(['get', 'add', 'set', 'update', 'remove', 'count', 'end']);
  const database = (): object =>
    new Proxy(
      {},
      {
        get: (_target, property) =>
          typeof property === 'symbol' || property === 'then'
            ? undefined
            : (options?: unknown) => (carriedOut.has(property) ? fail('cloud.database', options) : database()),
      },
    );
  return {
    // Only says which cloud is meant; what cannot be done is said by the calls that follow.
    init: () => {},
    database: () => {
      report('cloud.database');
      return database();
    },
    ...Object.fromEntries(calls.map((name) => [name, (options?: unknown) => fail(`cloud.${name}`, options)])),
  };
}
