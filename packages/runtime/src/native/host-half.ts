import type { CallSpec, Contract, ParamsOf, ProgressOf, ResultOf } from '../wx/contract.ts';

/** Who calls, and how to tell it of progress. */
export interface Call<S = unknown> {
  readonly id: number;
  /** Page of the calling view, 0 for the logic layer. */
  readonly pageId: number;
  readonly signal: AbortSignal;
  progress<E extends keyof ProgressOf<S> & string>(event: E, data: ProgressOf<S>[E]): void;
}

/** What answers a call; its params have been checked. A call without a result is answered by doing it. */
export type Handler<S extends CallSpec> = (
  params: ParamsOf<S>,
  call: Call<S>,
) => S extends { result: unknown } ? Promise<ResultOf<S>> | ResultOf<S> : Promise<void> | void;

/** The host half of a domain: a handler for every call of its contract; a missing one does not compile. */
export type HostHalf<C extends Contract> = { [K in keyof C['calls']]: Handler<C['calls'][K]> };
