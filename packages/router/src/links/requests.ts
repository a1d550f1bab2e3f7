import { type Clock, PendingCalls, systemClock } from '@sparrow/core';
import { RouterError, type RouterErrorCode } from '../errors.ts';
import { type FrameView, jsonBytes } from '../frames/frame.ts';
import { HEADER_BYTES, KIND } from '../frames/layout.ts';
import type { Link } from './link.ts';

type Answer = { ok: true; value: unknown } | { ok: false; code: RouterErrorCode; message: string; hint: string };

interface Waiting {
  link: Link;
  op: string;
  timeoutMs: number;
  settle(answer: Answer): void;
}

/** Questions and answers in JSON between the two ends of links: for what is rare. */
export class Requests {
  readonly #open: PendingCalls<Waiting>;

  constructor(clock: Clock = systemClock) {
    this.#open = new PendingCalls({
      clock,
      onLate: ({ op, timeoutMs, settle }) => settle(failed('TIMEOUT', `${op}: no answer within ${timeoutMs} ms`)),
    });
  }

  /**
   * @throws RouterError what the other side threw; TIMEOUT after `timeoutMs` (default 5,000), UNREACHABLE when the link
   * falls, FRAME_INVALID when the question is too long for the link
   */
  ask<T>(link: Link, question: { op: string } & Record<string, unknown>, timeoutMs = 5_000): Promise<T> {
    const { op } = question;
    return new Promise<T>((resolve, reject) => {
      const settle = (answer: Answer): void => {
        if (answer.ok) resolve(answer.value as T);
        else reject(new RouterError(answer.code, answer.message, { hint: answer.hint }));
      };
      const payload = jsonBytes(question);
      if (HEADER_BYTES + payload.byteLength > link.frameBytes) {
        settle(failed('FRAME_INVALID', `${op}: a question of ${payload.byteLength} bytes`));
        return;
      }
      const call = this.#open.add({ link, op, timeoutMs, settle }, timeoutMs);
      if (!link.sendHeader({ kind: KIND.request, call }, payload))
        this.#open.take(call)?.settle(failed('UNREACHABLE', `${op}: the link is down`));
    });
  }

  onResponse(frame: FrameView): void {
    this.#open.take(frame.call)?.settle(frame.json<Answer>());
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
    if (link.isDown) return;
    let payload = jsonBytes(answer);
    if (HEADER_BYTES + payload.byteLength > link.frameBytes)
      payload = jsonBytes(failed('FRAME_INVALID', `an answer of ${payload.byteLength} bytes is too long for the link`));
    link.sendHeader({ kind: KIND.response, call }, payload);
  }

  onDown(link: Link): void {
    for (const { settle } of this.#open.takeWhere((waiting) => waiting.link === link))
      settle(failed('UNREACHABLE', 'the link fell'));
  }
}

const failed = (code: RouterErrorCode, message: string): Answer => ({ ok: false, code, message, hint: 'ask again' });
