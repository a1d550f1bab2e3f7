import { InvokeFailure } from '../../bridge/index.ts';
import type { Reporter } from '../reporter.ts';

/** Thrown inside an API: the call fails with `<name>:fail <message>`. */
export class ApiFailure extends Error {
  readonly extra: Record<string, unknown>;
  constructor(message: string, extra: Record<string, unknown> = {}) {
    super(message);
    this.extra = extra;
  }
}

export interface Callbacks {
  success?: (result: never) => void;
  fail?: (error: never) => void;
  complete?: (result: never) => void;
}

type Kind = 'String' | 'Number' | 'Boolean' | 'Object' | 'Array' | 'Function' | 'ArrayBuffer' | 'Uint8ClampedArray';
/** Parameter name → the kinds it may have; a name that ends with `?` may be absent. */
export type ParameterSpec = Record<string, Kind | readonly Kind[]>;

export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** @throws ApiFailure with WeChat's text when a parameter is missing or of another type. */
export function checkParameters(options: Record<string, unknown>, spec: ParameterSpec): void {
  for (const [key, kinds] of Object.entries(spec)) {
    const optional = key.endsWith('?');
    const name = optional ? key.slice(0, -1) : key;
    const value = options[name];
    if (optional && (value === undefined || value === null)) continue;
    const actual = kindOf(value);
    const allowed = typeof kinds === 'string' ? [kinds] : kinds;
    const matches = allowed.some((kind) => kind === actual || (kind === 'Function' && actual.endsWith('Function')));
    if (!matches)
      throw new ApiFailure(
        `parameter error: parameter.${name} should be ${allowed.join(' or ')} instead of ${actual};`,
      );
  }
}

export interface ApiHelper {
  /**
   * An asynchronous API. Without callbacks it returns a promise; with `success`, `fail` or `complete` it returns what
   * `task` gives (undefined for most). Results get `errMsg: "<name>:ok"`.
   */
  async<O extends object, R extends object>(
    name: string,
    spec: ParameterSpec,
    run: (options: O) => Promise<R | void> | R | void,
  ): (options?: O & Callbacks) => Promise<R & { errMsg: string }> | undefined;
  /** Settles one call whose work has been started elsewhere (tasks such as wx.request). */
  settle<R extends object>(name: string, options: Callbacks, work: Promise<R | void>): void;
  /** A synchronous API; a failure is thrown as an Error with `<name>:fail …`. */
  sync<A extends unknown[], R>(name: string, run: (...args: A) => R): (...args: A) => R;
}

export function createApiHelper(reporter: Reporter): ApiHelper {
  function failure(name: string, error: unknown): Record<string, unknown> {
    if (error instanceof ApiFailure) return { errMsg: `${name}:fail ${error.message}`, ...error.extra };
    if (error instanceof InvokeFailure) {
      const { message, errno, extra } = error.detail;
      return { errMsg: `${name}:fail ${message}`, ...(errno !== undefined && { errno }), ...extra };
    }
    reporter.problem('runtime', 'API_CRASHED', error);
    return { errMsg: `${name}:fail ${error instanceof Error ? error.message : String(error)}` };
  }

  function callback(name: string, which: string, run: ((value: never) => void) | undefined, value: unknown): void {
    if (typeof run === 'function') reporter.guard(`wx.${name} ${which}`, () => run(value as never));
  }

  const helper: ApiHelper = {
    async(name, spec, run) {
      return (given) => {
        const options = (given ?? {}) as NonNullable<typeof given>;
        const work = (async () => {
          checkParameters(options as Record<string, unknown>, spec);
          return run(options);
        })();
        const { success, fail, complete } = options as Callbacks;
        if (success || fail || complete) {
          helper.settle(name, options, work as Promise<object | void>);
          return undefined;
        }
        return work.then(
          (result) => ({ ...(result as object), errMsg: `${name}:ok` }) as never,
          (error: unknown) => {
            throw failure(name, error);
          },
        );
      };
    },
    settle(name, options, work) {
      work.then(
        (result) => {
          const value = { ...result, errMsg: `${name}:ok` };
          callback(name, 'success', options.success, value);
          callback(name, 'complete', options.complete, value);
        },
        (error: unknown) => {
          const value = failure(name, error);
          callback(name, 'fail', options.fail, value);
          callback(name, 'complete', options.complete, value);
        },
      );
    },
    sync:
      (name, run) =>
      (...args) => {
        try {
          return run(...args);
        } catch (error) {
          if (error instanceof ApiFailure) throw new Error(`${name}:fail ${error.message}`);
          throw error;
        }
      },
  };
  return helper;
}
