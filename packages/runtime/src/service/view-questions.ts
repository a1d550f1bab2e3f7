import type { NodeId, NodeQuery, ObserveRequest, PublishEvents } from '@sparrow/protocol';
import { type Channel, publish } from '../bridge/index.ts';

/** Answers of a view that does not come are given up after this long, in milliseconds. */
const ANSWER_TIMEOUT_MS = 5_000;

/** What the logic layer asks the view of a page, and what it has it watch. */
export class ViewQuestions {
  readonly #channel: Channel;
  readonly #flush: () => void;
  #answers = new Map<number, (results: unknown[]) => void>();
  #observers = new Map<number, (entry: unknown) => void>();
  #lastRequest = 0;
  #closed = false;

  /** @param flush publishes everything that has changed: the view answers by what it shows */
  constructor(channel: Channel, flush: () => void) {
    this.#channel = channel;
    this.#flush = flush;
  }

  query(requests: NodeQuery[]): Promise<unknown[]> {
    return this.#ask('query', (id) => [id, requests]);
  }

  /** Calls a method of a built-in component in the view. */
  async call(node: NodeId, method: string, args: unknown[]): Promise<unknown> {
    const [result] = await this.#ask('call', (id) => [id, node, method, args]);
    return result;
  }

  #ask<K extends 'query' | 'call'>(event: K, args: (id: number) => PublishEvents[K]): Promise<unknown[]> {
    if (this.#closed) return Promise.resolve([]);
    this.#flush();
    const id = ++this.#lastRequest;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.answer(id, []), ANSWER_TIMEOUT_MS);
      this.#answers.set(id, (results) => {
        clearTimeout(timer);
        resolve(results);
      });
      publish(this.#channel, event, ...args(id));
    });
  }

  observe(request: ObserveRequest, listener: (entry: unknown) => void): { disconnect(): void } {
    this.#flush();
    const id = ++this.#lastRequest;
    this.#observers.set(id, listener);
    publish(this.#channel, 'observe', id, request);
    return {
      disconnect: () => {
        if (this.#observers.delete(id) && !this.#closed) publish(this.#channel, 'unobserve', id);
      },
    };
  }

  answer(id: number, results: unknown[]): void {
    const resolve = this.#answers.get(id);
    this.#answers.delete(id);
    resolve?.(results);
  }
  observed(id: number, entry: unknown): void {
    this.#observers.get(id)?.(entry);
  }
  close(): void {
    this.#closed = true;
    this.#observers.clear();
    for (const resolve of this.#answers.values()) resolve([]);
    this.#answers.clear();
  }
}
