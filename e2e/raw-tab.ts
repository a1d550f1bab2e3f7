import type { Browser, CDPSession } from 'playwright-core';
import { expect } from 'vitest';

/** A tab that the driver does not know: it gives up a page as soon as one process behind it has ended. */
export interface RawTab {
  /** Value of an expression, or of the promise that it gives, in the page itself. */
  evaluate<T>(expression: string): Promise<T>;
  close(): Promise<void>;
}

interface Answer {
  id?: number;
  result?: { result?: { value?: unknown }; exceptionDetails?: { exception?: { description?: string } } };
  error?: { message: string };
}

/** Opens an address in a context of its own, which knows nothing of other tests. */
export async function openRawTab(browser: Browser, url: string): Promise<RawTab> {
  const cdp: CDPSession = await browser.newBrowserCDPSession();
  const { browserContextId } = await cdp.send('Target.createBrowserContext');
  const { targetId } = await cdp.send('Target.createTarget', { url, browserContextId });
  const { sessionId } = await cdp.send('Target.attachToTarget', { targetId, flatten: false });
  const waiting = new Map<number, (answer: Answer) => void>();
  let lastId = 0;
  cdp.on('Target.receivedMessageFromTarget', (event) => {
    if (event.sessionId !== sessionId) return;
    const answer = JSON.parse(event.message) as Answer;
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
  });
  async function send(method: string, params: object): Promise<NonNullable<Answer['result']>> {
    const id = ++lastId;
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    await cdp.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method, params }) });
    const { result, error } = await answered;
    waiting.delete(id);
    if (error || !result) throw new Error(`${method}: ${error?.message}`);
    return result;
  }
  async function evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? 'it threw');
    return result?.value as T;
  }
  // A tab begins empty, and the empty page has no storage.
  await expect.poll(() => evaluate('location.href').catch(() => ''), { timeout: 60_000 }).toBe(url);
  return {
    evaluate,
    async close() {
      await cdp.send('Target.disposeBrowserContext', { browserContextId });
      await cdp.detach();
    },
  };
}
