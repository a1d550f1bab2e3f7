import { type Clock, PendingCalls, Phrase, phraseOf, systemClock } from '@sparrow/core';
import { RouterError, type RouterErrorCode } from '../errors.ts';
import { type FrameView, jsonBytes } from '../frames/frame.ts';
import { HEADER_BYTES, KIND } from '../frames/layout.ts';
import { phrase } from '../phrase.ts';
import type { Link } from './link.ts';

interface Refused {
  ok: false;
  code: RouterErrorCode;
  message: string;
  hint: string;
  /** Both in Chinese; an older router does not send them. */
  zh?: { message?: string; hint?: string };
}
type Answer = { ok: true; value: unknown } | Refused;

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
      onLate: ({ op, timeoutMs, settle }) => settle(failed('TIMEOUT', phrase`${op}: no answer within ${timeoutMs} ms`)),
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
        else reject(errorOf(answer));
      };
      const payload = jsonBytes(question);
      if (HEADER_BYTES + payload.byteLength > link.frameBytes) {
        settle(failed('FRAME_INVALID', phrase`${op}: a question of ${payload.byteLength} bytes`));
        return;
      }
      const call = this.#open.add({ link, op, timeoutMs, settle }, timeoutMs);
      if (!link.sendHeader({ kind: KIND.request, call }, payload))
        this.#open.take(call)?.settle(failed('UNREACHABLE', phrase`${op}: the link is down`));
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
      answer = refused(known?.code ?? 'FAILED', phraseOf(error), known?.advice ?? phrase`see the log of the router`);
    }
    if (link.isDown) return;
    let payload = jsonBytes(answer);
    if (HEADER_BYTES + payload.byteLength > link.frameBytes)
      payload = jsonBytes(
        failed('FRAME_INVALID', phrase`an answer of ${payload.byteLength} bytes is too long for the link`),
      );
    link.sendHeader({ kind: KIND.response, call }, payload);
  }

  onDown(link: Link): void {
    for (const { settle } of this.#open.takeWhere((waiting) => waiting.link === link))
      settle(failed('UNREACHABLE', phrase`the link fell`));
  }
}

function refused(code: RouterErrorCode, message: Phrase, hint: Phrase): Refused {
  const zh = {
    ...(message.zh !== undefined && { message: message.zh }),
    ...(hint.zh !== undefined && { hint: hint.zh }),
  };
  return { ok: false, code, message: message.en, hint: hint.en, zh };
}

const failed = (code: RouterErrorCode, message: Phrase): Refused => refused(code, message, phrase`ask again`);

const errorOf = ({ code, message, hint, zh }: Refused): RouterError =>
  new RouterError(code, new Phrase(message, zh?.message), { hint: new Phrase(hint, zh?.hint) });
