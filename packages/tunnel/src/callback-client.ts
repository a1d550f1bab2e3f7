import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { backoff, Deadline, type Phrase } from '@sparrow/core';
import { createPatientAgents } from '@sparrow/core/read-on';
import type { TunnelCallbackData } from '@sparrow/protocol';
import type { TunnelApp, TunnelApps } from './apps.ts';
import { TunnelError } from './errors.ts';
import { phrase } from './phrase.ts';
import { callbackBody } from './wire.ts';

/** Answers of backends are read up to here and no further. */
const MAX_ANSWER_BYTES = 64 * 1024;

export interface CallbackClient {
  /**
   * POSTs one callback. At most once: it is tried again only while nobody accepts the connection, never after the request went out.
   *
   * @throws TunnelError CALLBACK_FAILED or CALLBACK_LATE.
   */
  post(app: TunnelApp, receiveUrl: string, data: TunnelCallbackData): Promise<{ code?: unknown; message?: unknown }>;
  close(): void;
}

export function createCallbackClient(options: {
  apps: TunnelApps;
  deadlineMs: number;
  maxSockets: number;
}): CallbackClient {
  const { http: agent } = createPatientAgents({ keepAlive: true, maxSockets: options.maxSockets, maxFreeSockets: 16 });
  const closing = new AbortController();

  return {
    async post(app, receiveUrl, data) {
      const deadline = new Deadline(`callback ${data.type} to ${receiveUrl}`, options.deadlineMs);
      const body = callbackBody(data, app.key);
      for (let attempt = 0; ; attempt++) {
        const target = options.apps.target(app, receiveUrl);
        const outcome = target
          ? await send(agent, target, body, deadline, closing.signal)
          : { retry: true as const, reason: phrase`the backend is not running` };
        if (!outcome.retry) return outcome.answer;
        const wait = backoff(attempt, { baseMs: 50, maxMs: 1000 });
        if (deadline.left <= wait)
          throw new TunnelError('CALLBACK_FAILED', phrase`${data.type} of ${data.tunnelId}: ${outcome.reason}`, {
            hint: phrase`check that the backend runs and answers POST ${new URL(receiveUrl).pathname}`,
          });
        await sleep(wait, undefined, { signal: closing.signal }).catch(() => {
          throw new TunnelError('CALLBACK_FAILED', phrase`the tunnel service is closing`, {
            hint: phrase`start it again`,
          });
        });
      }
    },
    close() {
      closing.abort();
      agent.destroy();
    },
  };
}

type Outcome = { retry: true; reason: Phrase } | { retry: false; answer: { code?: unknown; message?: unknown } };

function send(
  agent: http.Agent,
  target: { origin: string; path: string; headers?: Record<string, string> },
  body: string,
  deadline: Deadline,
  signal: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const url = new URL(target.origin);
    const request = http.request(
      {
        agent,
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port,
        method: 'POST',
        path: target.path,
        headers: {
          ...target.headers,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
        signal,
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size <= MAX_ANSWER_BYTES) chunks.push(chunk);
        });
        response.on('end', () => {
          clearTimeout(timer);
          const status = response.statusCode ?? 0;
          if (status >= 200 && status < 300) return resolve({ retry: false, answer: parseAnswer(chunks) });
          const text = Buffer.concat(chunks).toString('utf8').slice(0, 200);
          reject(
            new TunnelError('CALLBACK_FAILED', phrase`the backend answered ${status} to POST ${target.path}: ${text}`, {
              hint: phrase`the route of the tunnel must answer GET and POST with 200`,
            }),
          );
        });
        response.on('error', fail);
      },
    );
    const timer = setTimeout(() => {
      request.destroy();
      reject(
        new TunnelError('CALLBACK_LATE', phrase`the backend did not answer POST ${target.path} in ${deadline.ms} ms`, {
          hint: phrase`answer the callback first and do slow work after it`,
        }),
      );
    }, deadline.left);
    function fail(error: NodeJS.ErrnoException): void {
      clearTimeout(timer);
      if (error.code === 'ECONNREFUSED') {
        // Nobody accepted the connection: nothing was delivered, so trying again cannot deliver it twice.
        resolve({ retry: true, reason: phrase`the backend refused the connection` });
        return;
      }
      reject(
        new TunnelError('CALLBACK_FAILED', phrase`POST ${target.path} broke off: ${error.message}`, {
          hint: phrase`look at the backend log: it may have crashed while it answered`,
          cause: error,
        }),
      );
    }
    request.on('error', fail);
    request.end(body);
  });
}

function parseAnswer(chunks: Buffer[]): { code?: unknown; message?: unknown } {
  try {
    const json: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof json === 'object' && json !== null ? json : {};
  } catch {
    return {};
  }
}
