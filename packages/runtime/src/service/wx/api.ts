import { InvokeFailure } from '../../bridge/index.ts';
import { checkFields, type Fields, kindOf } from '../../wx/schema.ts';
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

/** WeChat's text for a value of another type. Without a name it is the parameter itself. */
export const shouldBe = (kind: string, value: unknown, name = ''): ApiFailure =>
  new ApiFailure(`parameter error: parameter${name && `.${name}`} should be ${kind} instead of ${kindOf(value)};`);

/** @throws ApiFailure with WeChat's text when an option is missing or of another type. An optional one may be null, too. */
export function checkOptions(options: object, fields: Fields): void {
  const all = options as Record<string, unknown>;
  const looked = Object.entries(fields).filter(([name, { optional }]) => !optional || all[name] !== null);
  const wrong = checkFields(Object.fromEntries(looked), options);
  if (wrong) throw new ApiFailure(`parameter error: ${wrong}`);
}

export interface ApiHelper {
  /**
   * An asynchronous API. Without callbacks it returns a promise; with `success`, `fail` or `complete` it returns
   * undefined. Results get `errMsg: "<name>:ok"`.
   */
  async<O extends object>(
    name: string,
    fields: Fields,
    run: (options: O) => Promise<object | void> | object | void,
  ): (options?: object) => Promise<object> | undefined;
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
    async(name, fields, run) {
      return (given) => {
        const options = given ?? {};
        const work = (async () => {
          checkOptions(options, fields);
          return run(options as never);
        })();
        const { success, fail, complete } = options as Callbacks;
        if (success || fail || complete) {
          helper.settle(name, options, work);
          return undefined;
        }
        return work.then(
          (result) => ({ ...result, errMsg: `${name}:ok` }),
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
