import { type Clock, systemClock } from '@sparrow/core';
import { RouterError, type RouterErrorCode } from '../errors.ts';
import { type FrameView, jsonBytes } from '../frames/frame.ts';
import { KIND } from '../frames/layout.ts';
import type { Link } from './link.ts';

type Answer = { ok: true; value: unknown } | { ok: false; code: RouterErrorCode; message: string; hint: string };

/** Questions and answers in JSON between the two ends of links: for what is rare. */
export class Requests {
  readonly #open = new Map<number, { link: Link; settle: (answer: Answer) => void }>();
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** @throws RouterError what the other side threw; TIMEOUT after `timeoutMs` (default 5,000), UNREACHABLE when the link falls */
  ask<T>(link: Link, question: { op: string } & Record<string, unknown>, timeoutMs = 5_000): Promise<T> {
    const id = (this.#last = (this.#last + 1) >>> 0);
    return new Promise<T>((resolve, reject) => {
      const settle = (answer: Answer): void => {
        if (!this.#open.delete(id)) return;
        cancel();
        if (answer.ok) resolve(answer.value as T);
        else reject(new RouterError(answer.code, answer.message, { hint: answer.hint }));
      };
      const cancel = this.#clock.after(timeoutMs, () =>
        settle({
          ok: false,
          code: 'TIMEOUT',
          message: `${question.op}: no answer within ${timeoutMs} ms`,
          hint: 'ask again',
        }),
      );
      this.#open.set(id, { link, settle });
      if (!link.sendHeader({ kind: KIND.request, call: id }, jsonBytes(question)))
        settle({ ok: false, code: 'UNREACHABLE', message: `${question.op}: the link is down`, hint: 'ask again' });
    });
  }

  onResponse(frame: FrameView): void {
    this.#open.get(frame.call)?.settle(frame.json<Answer>());
  }

  /** Answers a question with what `handler` returns or throws. */
  async onRequest(
    frame: FrameView,
    link: Link,
    handler: (question: Record<string, unknown>) => unknown,
  ): Promise<void> {
    const { call } = frame;
    let answer: Answer;
    try {
      answer = { ok: true, value: (await handler(frame.json<Record<string, unknown>>())) ?? null };
    } catch (error) {
      const known = error instanceof RouterError ? error : undefined;
      answer = {
        ok: false,
        code: known?.code ?? 'FAILED',
        message: error instanceof Error ? error.message : String(error),
        hint: known?.hint ?? 'see the log of the router',
      };
    }
    if (!link.isDown) link.sendHeader({ kind: KIND.response, call }, jsonBytes(answer));
  }

  onDown(link: Link): void {
    for (const { link: its, settle } of [...this.#open.values()])
      if (its === link) settle({ ok: false, code: 'UNREACHABLE', message: 'the link fell', hint: 'ask again' });
  }
}
