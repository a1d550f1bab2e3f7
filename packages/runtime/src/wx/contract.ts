/** What the two halves of a domain have agreed on: the calls that logic layer and views make, the events they hear. */
import type { Fields, InferFields } from './schema.ts';

export interface CallSpec {
  /** What it takes; nothing when absent. */
  readonly params?: Fields;
  /** What it gives; nothing when absent. */
  readonly result?: Fields;
  /** What it tells while it runs, by event. */
  readonly progress?: Readonly<Record<string, Fields>>;
  /** A view may make the call by itself; all others belong to the logic layer. */
  readonly view?: boolean;
}

export interface Contract {
  readonly calls: Readonly<Record<string, CallSpec>>;
  /** What the host tells unasked, by the name of `wx.onX` without `on`. */
  readonly events?: Readonly<Record<string, Fields>>;
}

/** Declares a domain's calls and events; the types of both halves come from it. */
export const contract = <const C extends Contract>(declared: C): C => declared;

type Nothing = Record<string, never>;
type FieldsOf<F> = F extends Fields ? InferFields<F> : Nothing;

export type ParamsOf<S> = S extends { readonly params: infer F } ? FieldsOf<F> : Nothing;
export type ResultOf<S> = S extends { readonly result: infer F } ? FieldsOf<F> : Nothing;
export type ProgressOf<S> = S extends { readonly progress: infer P } ? { [E in keyof P]: FieldsOf<P[E]> } : Nothing;

/** The data of every event of a contract. */
export type EventsOf<C> = C extends { readonly events: infer E } ? { [K in keyof E]: FieldsOf<E[K]> } : never;
