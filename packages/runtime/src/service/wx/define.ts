/** How a service half says what its functions are. Each is made when a program first reads it. */
import type { Contract, ParamsOf } from '../../wx/contract.ts';
import type { CallName } from '../../wx/contracts.ts';
import type { Fields, InferFields, Schema } from '../../wx/schema.ts';
import type { WxContext } from './context.ts';

/** Makes one function of `wx`; `state` is what the functions of its domain share. */
export type Definition<S> = (name: string, state: S, context: WxContext) => unknown;

/** The service half of a domain. */
export interface WxService {
  readonly names: readonly string[];
  /** Creates the domain; gives the function with one of its names. */
  open(context: WxContext): (name: string) => unknown;
}

/**
 * A domain whose functions share a state.
 *
 * @param create called once, when the first of the functions is read
 */
export function serviceWith<S>(
  create: (context: WxContext) => S,
  functions: Readonly<Record<string, Definition<S>>>,
): WxService {
  return {
    names: Object.keys(functions),
    open(context) {
      const state = create(context);
      return (name) => functions[name]?.(name, state, context);
    },
  };
}

/** A domain whose functions have nothing in common but the logic layer. */
export const service = (functions: Readonly<Record<string, Definition<WxContext>>>): WxService =>
  serviceWith((context) => context, functions);

/**
 * A function with `success`, `fail` and `complete`, or a promise without them.
 *
 * @param options what of its options is looked at; another type fails the call with WeChat's text
 */
export const asyncFunction =
  <const F extends Fields, S>(
    options: F,
    run: (state: S, options: InferFields<F>) => Promise<object | void> | object | void,
  ): Definition<S> =>
  (name, state, { api }) =>
    api.async<InferFields<F>>(name, options, (given) => run(state, given));

/** A function that answers at once; an ApiFailure is thrown as an Error with `<name>:fail …`. */
export const syncFunction =
  <S>(run: (state: S, ...args: never[]) => unknown): Definition<S> =>
  (name, state, { api }) =>
    api.sync(name, (...args: unknown[]) => run(state, ...(args as never[])));

/** A function of which nothing is checked, or a value that is no function: what `make` gives stands on `wx`. */
export const value =
  <S>(make: (state: S) => unknown): Definition<S> =>
  (_name, state) =>
    make(state);

/**
 * A function that hands its options to the host as they are declared in the contract. What has a default may be absent;
 * `pageId` is that of the page that is shown.
 */
export const forwarded =
  <C extends Contract, K extends keyof C['calls'] & CallName>(
    { calls }: C,
    call: K,
    defaults: Partial<ParamsOf<C['calls'][K]>> = {},
  ): Definition<unknown> =>
  (name, _state, context) => {
    const { pageId, ...fields } = (calls[call]?.params ?? {}) as Record<string, Schema>;
    const options = Object.fromEntries(
      Object.entries(fields).map(([field, schema]) => [
        field,
        Object.hasOwn(defaults, field) ? { ...schema, optional: true } : schema,
      ]),
    );
    return context.api.async<Record<string, unknown>>(name, options, (given) => {
      const params: Record<string, unknown> = { ...defaults, ...(pageId && { pageId: context.pageId() }) };
      for (const field of Object.keys(fields))
        if (given[field] !== undefined && given[field] !== null) params[field] = given[field];
      return context.invoke(call, params as never) as Promise<object>;
    });
  };

/** `onX` and `offX` of an event. */
export const eventPair = (event: string): Record<string, Definition<unknown>> => ({
  [`on${event}`]:
    (_name, _state, { events }) =>
    (listener?: (data: unknown) => void) =>
      listener && events.on(event, listener),
  [`off${event}`]:
    (_name, _state, { events }) =>
    (listener?: (data: unknown) => void) =>
      events.off(event, listener),
});
